//! Cloudflare's error codes that external-dns and cert-manager can get in this work, each with where it was seen: the API's
//! documentation names none of them. Codes of what neither program does, such as making a zone (1061), are not here; a code
//! that is not here is quoted, as unknown.
//!
//! external-dns writes the API's answer as JSON (cloudflare-go v4, `"code":81053`), cert-manager `Error: 81053: text`, with
//! what lies below it as `<- 9003: text` (cert-manager 1.21, pkg/issuer/acme/dns/cloudflare/cloudflare.go, `makeRequest`).

use crate::provider::reading::{Cure, Reading};

const TOKEN: &str = "create a token with Zone: Zone: Read and Zone: DNS: Edit for this zone, write it into the file that `dns.tokenFile` names, then run `homelab up`";
const IN_THE_WAY: &str = "delete the other record in the Cloudflare dashboard (DNS, Records), once you know whose it is, or give the service another name";
const UNPROXIED: &str =
    "remove the annotation `external-dns.alpha.kubernetes.io/cloudflare-proxied` from the Ingress";
const WAIT: &str = "wait five minutes: the program tries again by itself; if this comes back, find the other program that uses the account";

/// A row for each code, in both programs' words.
macro_rules! rows {
    ($($code:literal $cure:ident: $cause:literal => $fix:expr,)*) => {
        &[$(Reading {
            words: &[
                concat!("\"code\":", $code, ","),
                concat!("\"code\":", $code, "}"),
                concat!("error: ", $code, ":"),
                concat!("<- ", $code, ":"),
            ],
            cause: concat!($cause, " (", $code, ")"),
            fix: $fix,
            cure: Cure::$cure,
        }),*]
    };
}

/// What each code means. A code that only wraps others stands behind them.
pub(super) const CODES: &[Reading] = rows![
    // Limits: external-dns#5971 (10429), external-dns#2135 (10300), workers-sdk#10025 (971).
    10429 Waiting: "this token or account made too many calls, and Cloudflare refuses them for five minutes" => WAIT,
    10300 Waiting: "this user made too many calls, and Cloudflare refuses them for five minutes" => WAIT,
    971 Waiting: "this account made too many calls, and Cloudflare refuses them for five minutes" => WAIT,
    // Credentials that are not read: cert-manager#3021 and #2384, external-dns#342 and #4263.
    6111 Person: "Cloudflare cannot read the token: it has a line break or quotes, or is a Global API Key, and not a token" => TOKEN,
    6103 Person: "this is not a Global API Key: it is a token instead of a key, or it is cut off" => TOKEN,
    6102 Person: "the e-mail address that goes with the Global API Key is not valid" => TOKEN,
    6003 Person: "Cloudflare cannot read the program's credentials: the token has a line break or quotes, or is a Global API Key" => TOKEN,
    9103 Person: "Cloudflare does not know this Global API Key, or not with that e-mail address; homelab uses a token" => TOKEN,
    // Credentials that are refused: cert-manager, "Troubleshooting" of DNS-01 with Cloudflare; lab's own tokens.
    9109 Person: "Cloudflare does not accept the token: it was revoked or rolled, has expired, or is of another account" => TOKEN,
    1000 Person: "Cloudflare does not know the token: it was revoked or rolled" => TOKEN,
    10000 Person: "the token in the cluster lacks a permission for this, Zone → DNS → Edit or the zone itself, was revoked, or is of another account" => "edit the token in the Cloudflare dashboard and add Zone → DNS → Edit for your zone; if it is not listed there, create a new one and run `homelab up`",
    // A path without a zone or with another text than its id: cert-manager#8081, cloudflare-go#118.
    7003 Person: "the program asked for a zone or record with an id that is not valid: an older cert-manager (from before the end of 2024) lost the id of the zone, or the Secret has another text instead of the zone's id" => "run `homelab up`, which writes the Secret and its own version of the program again",
    7000 Person: "the program asked for a zone or record with an id that is not valid, or without one" => "run `homelab up`, which writes the Secret and its own version of the program again",
    // cert-manager, docs/configuration/acme/dns01/cloudflare.md.
    1038 Person: "Cloudflare's API refuses changes to domains with an ending that was once free of charge (.cf, .ga, .gq, .ml, .tk)" => "use a domain with another ending",
    // cloudflare-docs#16600.
    81045 Person: "the zone has as many records as its plan allows" => "remove records that nobody needs in the Cloudflare dashboard (DNS, Records), or choose a larger plan",
    // A record is in the way: external-dns#2410 and #5898 (81053), favonia/cloudflare-ddns#990 (81054), acme-dns#258 (81056),
    // external-dns#2409 (81057), external-dns PR#6090 and cfdns PR#17 (81058, which took the place of 81057).
    81053 Person: "another A, AAAA or CNAME record of that name is in the way; external-dns does not touch what it does not own" => IN_THE_WAY,
    81054 Person: "a CNAME record of that name is in the way: a name with a CNAME can have no other record" => IN_THE_WAY,
    81056 Person: "NS records of that name are in the way: the name is delegated to other servers, so it can have no other record" => "delete the NS records in the Cloudflare dashboard (DNS, Records) if the delegation is over, or use a name outside of it",
    81057 Person: "a record with the same content is in the way already, and its TXT record does not have your `dns.owner`" => IN_THE_WAY,
    81058 Person: "a record with the same content is in the way already, and its TXT record does not have your `dns.owner`" => IN_THE_WAY,
    // zanjie1999/cloudflare-api-v4-ddns#5, terraform-provider-cloudflare#1621.
    81044 Waiting: "the record was gone when the program wanted to change it: somebody deleted it in between" => "wait: the program tries again by itself",
    // What the record holds: external-dns#1428 (9041), #1945 (9003); cfdns PR#17 (9005), external-dns#753 and #2409 (9007),
    // timothymiller/cloudflare-ddns#179 (9021), external-dns#3706 (9300), cloudflare-tunnel-ingress-controller#139 (9313).
    9003 Person: "the record should be proxied, but Cloudflare cannot reach a private address" => UNPROXIED,
    9004 Person: "the record should be proxied, but Cloudflare cannot reach a private address" => UNPROXIED,
    9041 Person: "the record should be proxied, but a record of this kind cannot be" => UNPROXIED,
    9005 Person: "the content of the record is not an IPv4 address" => "correct the annotation `external-dns.alpha.kubernetes.io/target` of the Ingress, or remove it",
    9007 Person: "the target of the CNAME is not a valid name, or is the name itself" => "correct the annotation `external-dns.alpha.kubernetes.io/target` of the Ingress, or remove it",
    9021 Person: "this plan does not allow the TTL of the record: 60 to 86400 seconds are allowed" => "set `dns.ttl` to 60 at least, and correct the annotation `external-dns.alpha.kubernetes.io/ttl` of the Ingress",
    9300 Person: "the record has more tags than this plan allows; a Free zone has none" => "remove the annotation `external-dns.alpha.kubernetes.io/cloudflare-tags` from the Ingress",
    9313 Person: "the record's comment is longer than this plan allows: 100 characters in a Free zone" => "shorten the annotation `external-dns.alpha.kubernetes.io/cloudflare-record-comment` of the Ingress, or remove it",
    // Around each of them; alone it does not say which (cloudflare-go of before 2024, external-dns#4207).
    1004 Person: "Cloudflare refuses the record, and does not say what is wrong with it" => "check the annotations of its Ingress that begin with `external-dns.alpha.kubernetes.io/`: `target`, `ttl`, `cloudflare-proxied`, `cloudflare-tags`",
];
