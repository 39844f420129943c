//! What external-dns and cert-manager quote of Cloudflare's API, and what that means.

use crate::provider::reading::{Reading, means, passes};

/// What external-dns is refused (its log).
pub const REFUSALS: &[Reading] = &[
    passes(
        &["rate limit", "429 Too Many", "\"code\":971"],
        "Cloudflare counts too many calls of this account and refuses them for five minutes",
        "wait; if it comes back, find the other program that uses the account",
    ),
    means(
        &["from location"],
        "the token has a Client IP Address Filtering, and the pods reach Cloudflare from another address, perhaps by IPv6",
        "edit the token's Client IP Address Filtering in the dashboard; remember IPv6",
    ),
    means(
        &["\"code\":1038"],
        "Cloudflare's API refuses changes under the endings that were once free of charge",
        "use a domain with another ending",
    ),
    means(
        &["\"code\":81045"],
        "the zone has as many records as its plan allows",
        "remove records that nobody needs in the Cloudflare dashboard (DNS, Records), or take a larger plan",
    ),
    means(
        &["\"code\":81053", "\"code\":81054", "\"code\":81057", "\"code\":81058"],
        "another record of that name is in the way; external-dns does not touch what it does not own",
        "delete the other record in the Cloudflare dashboard (DNS, Records), or give the service another name",
    ),
    means(
        &["\"code\":9003", "\"code\":9041", "\"code\":9004"],
        "the record is to be proxied, and Cloudflare cannot reach a private address",
        "drop the annotation `external-dns.alpha.kubernetes.io/cloudflare-proxied` from the Ingress",
    ),
    means(
        &["\"code\":10000", "Authentication error"],
        "the token in the cluster may not do this: it lacks Zone → DNS → Edit, or the zone",
        "edit the token in the Cloudflare dashboard and add Zone → DNS → Edit for your zone",
    ),
    means(
        &["\"code\":9109", "\"code\":1000,", "\"code\":6003", "Invalid access token"],
        "Cloudflare does not know the token in the cluster: it was revoked, rolled, or has expired",
        "write a good token into the file that `dns.tokenFile` names, then run `homelab up`",
    ),
];

/// Why external-dns gets no answer (its log), after what keeps a pod from anybody.
pub const OUTAGES: &[Reading] = &[
    passes(
        &[
            "i/o timeout",
            "deadline exceeded",
            "connection refused",
            "no route to host",
            "network is unreachable",
            "EOF",
        ],
        "its pod cannot reach Cloudflare: a firewall, the route of the pods, or the line",
        "look at the checks of the group `net`: what keeps pods from the internet",
    ),
    passes(
        &["500 Internal", "502 Bad", "503 Service", "504 Gateway", "520 ", "522 ", "524 "],
        "the fault is at Cloudflare, not here",
        "look at https://www.cloudflarestatus.com; external-dns tries again by itself",
    ),
];

const TOKEN: &str = "make a token with Zone: Zone: Read and Zone: DNS: Edit for this zone, write it to the token file, then run `homelab up`";

/// What cert-manager says when a challenge's record is to be written or removed (its status).
pub const CHALLENGES: &[Reading] = &[
    means(
        &["error: 6003", "error: 6111", "6103:", "contain a newline"],
        "Cloudflare cannot read the token: it has a line break, quotes, or is a Global API Key (6003)",
        TOKEN,
    ),
    means(
        &["cannot use the access token from location"],
        "the token allows only some addresses, and this one is not among them (9109)",
        "add the lab's public address to the token's client IP filter, IPv6 too, or remove the filter",
    ),
    means(
        &["error: 9109"],
        "Cloudflare does not accept the token: it was revoked, has expired, or is of another account (9109)",
        TOKEN,
    ),
    means(&["error: 9103"], "this is a Global API Key, not a token (9103)", TOKEN),
    means(
        &["requires permission", "error: 10000", "authentication error"],
        "the token that cert-manager has lacks a permission, was revoked, or is of another account (10000)",
        TOKEN,
    ),
    passes(
        &["error: 10429", "error: 971", "rate limit", "too many requests", "429"],
        "Cloudflare's rate limit: 1200 requests in five minutes, counted over everything that uses this token or account",
        "wait five minutes: cert-manager tries again by itself",
    ),
    means(
        &["found no zones"],
        "the token sees no zone for this name",
        "give the token the zone of this name; is the zone in another account?",
    ),
    means(
        &["error getting cloudflare secret", "not found in secret"],
        "the Secret with the API token is not where the issuer looks for it",
        "let homelab write it",
    ),
    passes(
        &["no such host", "server misbehaving"],
        "cert-manager's pod cannot resolve `api.cloudflare.com`",
        "look at CoreDNS and what it forwards to",
    ),
    passes(
        &[
            "i/o timeout",
            "deadline exceeded",
            "connection refused",
            "no route to host",
            "client.timeout",
            "unreachable",
        ],
        "cert-manager's pod does not reach what it has to: no way out to the internet, or a firewall in between",
        "let pods reach the internet (TCP 443), then wait: cert-manager tries again by itself",
    ),
    means(
        &["x509", "tls: "],
        "somebody between cert-manager and Cloudflare shows a certificate of his own: a proxy, or a search domain with a wildcard record",
        "take the lab's traffic out of that inspection; look at the search domains of the nodes",
    ),
];

/// The API's own words in a message of external-dns, with their code; `None` when it quotes none.
#[must_use]
pub fn quoted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("\"code\":")?;
    let code: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let (_, said) = rest.split_once("\"message\":\"")?;
    let (said, _) = said.split_once('"')?;
    Some(format!("{} (code {code})", said.trim_end_matches('.')))
}

/// Whether a message of external-dns says that the token may not edit.
#[must_use]
pub fn is_refused_edit(message: &str) -> bool {
    message.contains("\"code\":10000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_apis_own_words_are_taken_out_of_the_clients() {
        let message = "fallback: individual CREATE failed: POST \"https://api.cloudflare.com/x\": 400 Bad Request \
            {\"errors\":[{\"code\":9003,\"message\":\"Target is not allowed.\"}],\"success\":false}";
        assert_eq!(quoted(message).as_deref(), Some("Target is not allowed (code 9003)"));
        assert_eq!(quoted("oops"), None);
    }

    #[test]
    fn every_row_keeps_to_the_house_rules() {
        for reading in REFUSALS.iter().chain(OUTAGES).chain(CHALLENGES) {
            assert!(!reading.cause.ends_with('.') && !reading.fix.ends_with('.'));
        }
    }
}
