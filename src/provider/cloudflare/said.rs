//! What external-dns and cert-manager quote of Cloudflare's API, and what that means.

use super::codes::CODES;
use crate::provider::reading::{Reading, means, passes, read, written_by_up};

/// What either is refused, in words that tell more than the code; before [`CODES`](super::codes::CODES).
const SPOKEN: &[Reading] = &[
    means(
        &["from location"],
        "the token has Client IP Address Filtering, and the address from which pods reach Cloudflare, perhaps an IPv6 one, is not in it (9109)",
        "add your home network's public address to the token's Client IP Address Filtering in the dashboard, the IPv6 address too",
    ),
    // cert-manager#3083: the code is 0.
    means(
        &["requires permission", "unauthorized to access"],
        "the token in the cluster lacks a permission for this, Zone → Zone → Read, Zone → DNS → Edit, or the zone itself",
        "edit the token in the Cloudflare dashboard and add what is missing for your zone; the token itself stays the same",
    ),
];

/// The same, in words that are less than a code; after [`CODES`](super::codes::CODES).
const UNCODED: &[Reading] = &[
    passes(
        &["rate limit", "429 too many", "too many requests", "status 429"],
        "Cloudflare counts too many calls: 1200 in five minutes, over everything that uses this token or account",
        "wait five minutes: the program tries again by itself; if it comes back, find the other program that uses the account",
    ),
    means(
        &["authentication error"],
        "the token in the cluster lacks a permission for this, Zone → DNS → Edit or the zone itself, or was revoked",
        "edit the token in the Cloudflare dashboard and add Zone → DNS → Edit for your zone",
    ),
    means(
        &["invalid access token"],
        "Cloudflare does not know the token in the cluster: it was revoked, rolled, or has expired",
        "write a valid token into the file that `dns.tokenFile` names, then run `homelab up`",
    ),
];

/// What external-dns or cert-manager is refused.
pub(super) const REFUSALS: &[&[Reading]] = &[SPOKEN, CODES, UNCODED];

/// Why external-dns gets no answer (its log), after what keeps a pod from anybody.
pub(super) const OUTAGES: &[Reading] = &[
    passes(
        &[
            "i/o timeout",
            "deadline exceeded",
            "connection refused",
            "no route to host",
            "network is unreachable",
            "EOF",
        ],
        "its pod cannot reach Cloudflare: a firewall, the route of the pods, or the internet connection",
        "check whether pods reach the internet: `homelab doctor --check net`",
    ),
    passes(
        &["500 Internal", "502 Bad", "503 Service", "504 Gateway", "520 ", "522 ", "524 "],
        "the fault is at Cloudflare, not here",
        "look at https://www.cloudflarestatus.com; external-dns tries again by itself",
    ),
];

/// What cert-manager says of its own when a challenge's record is to be written or removed (its status).
const OF_CERT_MANAGER: &[Reading] = &[
    means(
        &["contain a newline"],
        "the token in the Secret has a line break, so that it cannot be sent",
        "write the token alone into the file that `dns.tokenFile` names, then run `homelab up`",
    ),
    means(
        &["found no zones"],
        "the token sees no zone for this name",
        "give the token the zone of this name; is the zone in another account?",
    ),
    written_by_up(
        &["error getting cloudflare secret", "not found in secret"],
        "the issuer does not find the Secret with the API token",
        "run `homelab up`, which writes it",
    ),
    passes(
        &["no such host", "server misbehaving"],
        "cert-manager's pod cannot resolve `api.cloudflare.com`",
        "check CoreDNS and the resolvers that it forwards to",
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
        "cert-manager's pod cannot connect: it has no way to the internet, or a firewall is in between",
        "let pods reach the internet (TCP 443), then wait: cert-manager tries again by itself",
    ),
    means(
        &["x509", "tls: "],
        "another server answers instead of Cloudflare, with its own certificate: a proxy that inspects TLS, or a search domain with a wildcard record",
        "exclude the nodes' traffic from that inspection, and check the search domains of the nodes",
    ),
];

/// What cert-manager says when a challenge's record is to be written or removed: what the API refused comes first.
pub(super) const CHALLENGES: &[&[Reading]] = &[SPOKEN, CODES, UNCODED, OF_CERT_MANAGER];

fn refusals() -> impl Iterator<Item = &'static Reading> {
    REFUSALS.iter().copied().flatten()
}

/// The API's own words in a message of either program, with their code; `None` when it quotes none. A code that only wraps
/// another gives way to it.
#[must_use]
pub(super) fn quoted(message: &str) -> Option<String> {
    let (code, said) = of_json(message).or_else(|| of_text(message))?;
    Some(format!("{} (code {code})", said.trim().trim_end_matches('.')))
}

/// The code in a message of either program that homelab does not know; `None` when it quotes none, or a known one.
#[must_use]
pub(super) fn unknown_code(message: &str) -> Option<&str> {
    let (code, _) = of_json(message).or_else(|| of_text(message))?;
    read(message, refusals()).is_none().then_some(code)
}

/// As external-dns writes it.
fn of_json(message: &str) -> Option<(&str, &str)> {
    let inner = message.split_once("\"error_chain\":[{").map_or(message, |(_, inner)| inner);
    let (_, rest) = inner.split_once("\"code\":")?;
    let (_, said) = rest.split_once("\"message\":\"")?;
    Some((digits(rest)?, said.split('"').next().unwrap_or_default()))
}

/// As cert-manager writes it.
fn of_text(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once(" Error: ")?;
    let rest = rest.split_once("<- ").map_or(rest, |(_, inner)| inner);
    let code = digits(rest)?;
    let said = rest.strip_prefix(code)?.strip_prefix(':')?;
    Some((code, said.split(['\n', '\t']).next().unwrap_or_default()))
}

/// The digits that a text begins with.
fn digits(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).filter(|digits| !digits.is_empty())
}

/// Whether a message of external-dns says that the token may not edit.
#[must_use]
pub(super) fn is_refused_edit(message: &str) -> bool {
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
        let wrapped = "400 {\"errors\":[{\"code\":1004,\"message\":\"DNS Validation Error\",\
            \"error_chain\":[{\"code\":9300,\"message\":\"DNS record has 1 tags, exceeding the quota of 0.\"}]}]}";
        assert_eq!(
            quoted(wrapped).as_deref(),
            Some("DNS record has 1 tags, exceeding the quota of 0 (code 9300)")
        );
        let text = "while querying the Cloudflare API for GET \"/zones?name=x\" \n\t Error: 6003: Invalid request headers<- 6111: Invalid format for Authorization header";
        assert_eq!(quoted(text).as_deref(), Some("Invalid format for Authorization header (code 6111)"));
        assert_eq!(quoted("oops"), None);
    }

    #[test]
    fn each_code_is_read_in_both_programs_words_and_only_where_it_stands_whole() {
        for row in CODES {
            let code = row.words[2].trim_start_matches("error: ").trim_end_matches(':');
            let json = format!("400 Bad Request {{\"errors\":[{{\"code\":{code},\"message\":\"No.\"}}]}}");
            let text = format!(
                "while querying the Cloudflare API for POST \"/zones/x/dns_records\" \n\t Error: {code}: No."
            );
            for message in [json, text] {
                assert_eq!(read(&message, refusals()).map(|row| row.cause), Some(row.cause), "{message}");
                assert_eq!(unknown_code(&message), None);
            }
        }
        let unknown = "403 {\"errors\":[{\"code\":10001,\"message\":\"Unable to authenticate request\"}]}";
        assert_eq!(unknown_code(unknown), Some("10001"));
    }

    #[test]
    fn every_row_keeps_to_the_house_rules() {
        for reading in CHALLENGES.iter().copied().flatten().chain(OUTAGES) {
            assert!(!reading.cause.ends_with('.') && !reading.fix.ends_with('.'));
        }
    }
}
