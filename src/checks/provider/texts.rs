//! The API token and the zone at Cloudflare.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

const NAMES_STAY: &str =
    "Names that are published stay; new ones do not come, and certificates are not renewed.";

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(TOKEN_SOURCE, "an API token is found, readable and well shaped")
        .before_up()
        .about(
            "The token on this machine: systemd's credential `dns-token`, else the variable `CLOUDFLARE_API_TOKEN`, else \
             the file that `dns.tokenFile` names. Its value is looked at here and shown nowhere.",
            "`homelab up` ends before it writes anything.",
        )
        .causes(&[
            cause("the file is not there", "write the token to it, or correct `dns.tokenFile`"),
            cause("the file belongs to root, and `homelab` runs as somebody else", "run it with `sudo`"),
            cause("quotes, `Bearer `, `NAME=` or a second line were copied too", "keep the token alone: `printf %s TOKEN > FILE`"),
            cause(
                "it is the Global API Key (37 hexadecimal digits, or `cfk_…`), which opens the whole account",
                "create an API token: My Profile, API Tokens, Create Token, with Zone → Zone → Read and Zone → DNS → Edit for your zone",
            ),
        ])
        .sources(&["developers.cloudflare.com, fundamentals/api/get-started/token-formats", "cert-manager#3021, external-dns#4263"]),
    Def::warning(TOKEN_PRIVATE, "the file with the token is closed to other users")
        .before_up()
        .about(
            "The mode of the file that `dns.tokenFile` names, and of the folders above it.",
            "Nothing; but every program on this machine could change the records of the zone.",
        )
        .causes(&[cause("the file was made with the usual mode 0644", "`chmod 600 FILE`")]),
    Def::error(CF_RATE, "there are calls to Cloudflare left")
        .before_up()
        .in_up()
        .about(
            "The answers of Cloudflare's API: the status 429 with its `retry-after`, and the header `Ratelimit`.",
            "external-dns and cert-manager are refused as well; for five minutes nothing is written.",
        )
        .causes(&[cause(
            "another program uses a token of the same user; all of them and the dashboard share 1200 calls in five minutes",
            "wait, and let that program ask less often",
        )])
        .sources(&["developers.cloudflare.com, fundamentals/api/reference/limits"]),
    Def::error(TOKEN, "the DNS provider lets the API token in")
        .needs(&[TOKEN_SOURCE, CF_RATE])
        .before_up()
        .in_up()
        .about(
            "`GET /user/tokens/verify` and `GET /zones` with this machine's token. Tokens that an account owns are unknown \
             to the first; seeing the zone proves as much.",
            NAMES_STAY,
        )
        .causes(&[
            cause("the token was revoked or rolled", "copy the new one into the file, then `homelab up`"),
            cause("it has expired, was disabled, or is not valid yet", "change its dates or its switch in the dashboard"),
            cause("its Client IP Address Filtering shuts this address out", "edit the filter; remember IPv6"),
            cause("Cloudflare cannot read it: something was copied with it (codes 6003, 6111)", "copy it again, alone"),
            cause("Cloudflare's API is down", "look at https://www.cloudflarestatus.com and wait"),
        ])
        .sources(&["developers.cloudflare.com/api: user/tokens/verify", "ddns-go#1341 (9109, location)", "cert-manager#3021 (6003)"]),
    Def::error(CF_PERMISSIONS, "the token may find the zone and read its records")
        .needs(&[TOKEN])
        .before_up()
        .in_up()
        .about("`GET /zones` and `GET /zones/ID/dns_records` with this machine's token.", NAMES_STAY)
        .causes(&[
            cause("the token lacks Zone → Zone → Read", "add it to the token in the dashboard"),
            cause("the token lacks Zone → DNS → Edit (which includes reading)", "add it to the token in the dashboard"),
        ])
        .sources(&["external-dns, docs/tutorials/cloudflare.md", "origin-ca-issuer#107 (10000)", "external-dns#1719"]),
    Def::error(CF_ZONE, "the token sees the zone, and Cloudflare serves it")
        .needs(&[TOKEN, CF_PERMISSIONS])
        .before_up()
        .in_up()
        .about(
            "The zone that the longest ending of `domain` names, and its status at Cloudflare.",
            "Names do not resolve anywhere, though the records are right at Cloudflare.",
        )
        .causes(&[
            cause("the token is for another zone", "edit the token's Zone Resources"),
            cause("`domain` is misspelt, or not yours", "correct `domain`"),
            cause(
                "the zone is `pending`: the registrar does not name Cloudflare's servers yet",
                "set the two name servers that Cloudflare gives at your registrar; it takes hours at most",
            ),
            cause("the name servers were moved away again", "set them back at your registrar"),
        ])
        .sources(&["developers.cloudflare.com, dns/zone-setups/full-setup/setup"]),
    Def::warning(FREE_DOMAIN, "the API may change records under the zone's ending")
        .needs(&[CF_ZONE])
        .before_up()
        .about("The ending of the zone's name.", "No record is ever written, and the dashboard works all the same.")
        .causes(&[cause(
            "Cloudflare refuses API changes (code 1038) under .tk, .ml, .ga, .cf and .gq, which were free of charge",
            "use a domain with another ending",
        )])
        .sources(&["cert-manager, docs/configuration/acme/dns01/cloudflare.md", "acme.sh#2901"]),
    Def::error(DNS_EDIT, "the token may change records")
        .needs(&[TOKEN, CF_PERMISSIONS, CF_ZONE])
        .before_up()
        .about(
            "With `--active`: a TXT record `_homelab-check` is made and removed. Without: what Cloudflare said to \
             external-dns when its last run failed. A permission to edit cannot be seen in any other way.",
            NAMES_STAY,
        )
        .causes(&[
            cause("the token was made with DNS → Read", "edit the token and give it Zone → DNS → Edit"),
            cause("the zone's quota of records is used up (code 81045)", "remove records, or take a larger plan"),
        ])
        .sources(&["origin-ca-issuer#107, cloudflare-docs#20396 (10000)"]),
    Def::warning(RECORDS_LIMIT, "the zone has room for more records")
        .needs(&[CF_ZONE])
        .before_up()
        .about(
            "The number of records in the zone against the quota of its plan: 200 in a Free zone, 1000 in one from before \
             September 2024, 3500 in a paid one.",
            "New names and certificates do not come: Cloudflare refuses further records (code 81045).",
        )
        .causes(&[cause("many services, nodes, or old records that nobody removed", "remove records that nobody needs")])
        .sources(&["developers.cloudflare.com, dns/manage-dns-records", "cloudflare-docs#16600"]),
    Def::error(TOKEN_COPIES, "external-dns and cert-manager have the same token")
        .needs(&[id::CONFLICT, TOKEN_SOURCE, TOKEN, CF_PERMISSIONS, CF_ZONE, DNS_EDIT])
        .about(
            "The Secrets `homelab-dns-provider` in the namespaces of external-dns and cert-manager. They are compared with \
             the token of this machine; only whether they are equal is kept.",
            "This machine's token is good, and yet no record and no certificate comes.",
        )
        .causes(&[
            cause("the token was renewed in its file, and `homelab up` has not run since", "`homelab up`"),
            cause("a Secret was deleted or changed by hand", "`homelab up`"),
        ]),
];
