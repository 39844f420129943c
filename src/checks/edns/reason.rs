//! What the words of external-dns and of the API server behind it mean.

/// A known cause of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reason {
    /// Why it happens.
    pub(super) cause: &'static str,
    /// What to do.
    pub(super) fix: &'static str,
    /// What brings it back.
    pub(super) cure: Cure,
}

/// What brings external-dns back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cure {
    /// Time: it tries again by itself.
    Waiting,
    /// `homelab up`: what lies in the cluster is not what homelab writes.
    Up,
    /// A person, elsewhere.
    Person,
}

const fn reason(cause: &'static str, fix: &'static str, cure: Cure) -> Reason {
    Reason { cause, fix, cure }
}

/// The first row counts of which one text is in the message.
const TABLE: &[(&[&str], Reason)] = &[
    (
        &["flag parsing error", "unknown long flag", "unknown flag"],
        reason(
            "its container has a flag that this version does not know: the Deployment was changed by hand, or `images.externalDns` names another version than homelab was made for",
            "let `homelab up` write the Deployment again, and leave `images.externalDns` out",
            Cure::Up,
        ),
    ),
    (
        &[
            "config validation failed",
            "--policy must be set",
            "no sources specified",
            "no provider specified",
        ],
        reason(
            "its container lacks a flag that this version requires: the Deployment was changed by hand, or `images.externalDns` names another version than homelab was made for",
            "let `homelab up` write the Deployment again, and leave `images.externalDns` out",
            Cure::Up,
        ),
    ),
    (
        &["credentials are not configured", "invalid credentials"],
        reason("its Secret has no token", "let `homelab up` write the Secret again", Cure::Up),
    ),
    (
        &["is forbidden", "cannot list resource", "failed to sync"],
        reason(
            "its ServiceAccount may not read the Ingresses, or the API server does not answer it",
            "let `homelab up` write its ClusterRole again",
            Cure::Up,
        ),
    ),
    (
        &["rate limit", "429 Too Many", "\"code\":971"],
        reason(
            "Cloudflare counts too many calls of this account and refuses them for five minutes",
            "wait; if it comes back, find the other program that uses the account",
            Cure::Waiting,
        ),
    ),
    (
        &["from location"],
        reason(
            "the token has a Client IP Address Filtering, and the pods reach Cloudflare from another address, perhaps by IPv6",
            "edit the token's Client IP Address Filtering in the dashboard; remember IPv6",
            Cure::Person,
        ),
    ),
    (
        &["\"code\":1038"],
        reason(
            "Cloudflare's API refuses changes under the endings that were once free of charge",
            "use a domain with another ending",
            Cure::Person,
        ),
    ),
    (
        &["\"code\":81045"],
        reason(
            "the zone has as many records as its plan allows",
            "remove records that nobody needs in the Cloudflare dashboard (DNS, Records), or take a larger plan",
            Cure::Person,
        ),
    ),
    (
        &["\"code\":81053", "\"code\":81054", "\"code\":81057", "\"code\":81058"],
        reason(
            "another record of that name is in the way; external-dns does not touch what it does not own",
            "delete the other record in the Cloudflare dashboard (DNS, Records), or give the service another name",
            Cure::Person,
        ),
    ),
    (
        &["\"code\":9003", "\"code\":9041", "\"code\":9004"],
        reason(
            "the record is to be proxied, and Cloudflare cannot reach a private address",
            "drop the annotation `external-dns.alpha.kubernetes.io/cloudflare-proxied` from the Ingress",
            Cure::Person,
        ),
    ),
    (
        &["\"code\":10000", "Authentication error"],
        reason(
            "the token in the cluster may not do this: it lacks Zone → DNS → Edit, or the zone",
            "edit the token in the Cloudflare dashboard and add Zone → DNS → Edit for your zone",
            Cure::Person,
        ),
    ),
    (
        &["\"code\":9109", "\"code\":1000,", "\"code\":6003", "Invalid access token"],
        reason(
            "Cloudflare does not know the token in the cluster: it was revoked, rolled, or has expired",
            "write a good token into the file that `dns.tokenFile` names, then run `homelab up`",
            Cure::Person,
        ),
    ),
    (
        &["no such host", "server misbehaving", "Temporary failure in name resolution"],
        reason(
            "its pod cannot resolve names: CoreDNS does not answer it, or knows no upstream",
            "look at the checks of the group `net`: what keeps pods from resolving names",
            Cure::Waiting,
        ),
    ),
    (
        &["x509", "certificate signed by unknown", "certificate has expired"],
        reason(
            "its pod does not trust the certificate that it is shown: the clock is wrong, or a proxy stands in between",
            "check the clock of the node with `timedatectl`",
            Cure::Waiting,
        ),
    ),
    (
        &[
            "i/o timeout",
            "deadline exceeded",
            "connection refused",
            "no route to host",
            "network is unreachable",
            "EOF",
        ],
        reason(
            "its pod cannot reach Cloudflare: a firewall, the route of the pods, or the line",
            "look at the checks of the group `net`: what keeps pods from the internet",
            Cure::Waiting,
        ),
    ),
    (
        &["500 Internal", "502 Bad", "503 Service", "504 Gateway", "520 ", "522 ", "524 "],
        reason(
            "the fault is at Cloudflare, not here",
            "look at https://www.cloudflarestatus.com; external-dns tries again by itself",
            Cure::Waiting,
        ),
    ),
];

/// What a message means; `None` when it is not known.
pub(super) fn of(message: &str) -> Option<&'static Reason> {
    TABLE.iter().find(|(texts, _)| texts.iter().any(|text| message.contains(text))).map(|(_, reason)| reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_messages_find_their_reason() {
        let cases = [
            ("flag parsing error: unknown long flag '--bogus'", "does not know"),
            ("config validation failed: --policy must be set explicitly (one of: sync)", "requires"),
            (
                "failed to do run once: GET \"https://x\": 403 Forbidden {\"errors\":[{\"code\":9109,\"message\":\"Invalid access token\"}]}",
                "revoked",
            ),
            (
                "403 {\"errors\":[{\"code\":9109,\"message\":\"Cannot use the access token from location: 1.2.3.4\"}]}",
                "Filtering",
            ),
            (
                "403 Forbidden {\"errors\":[{\"code\":10000,\"message\":\"Authentication error\"}]}",
                "DNS → Edit",
            ),
            ("400 {\"errors\":[{\"code\":1004,\"error_chain\":[{\"code\":9003}]}]}", "proxied"),
            ("400 {\"errors\":[{\"code\":81053,\"message\":\"An A, AAAA, or CNAME record\"}]}", "in the way"),
            ("dial tcp: lookup api.cloudflare.com on 10.43.0.10:53: server misbehaving", "resolve"),
            ("dial tcp 104.19.192.29:443: i/o timeout", "reach Cloudflare"),
            ("exceeded available rate limit retries", "too many calls"),
        ];
        for (message, part) in cases {
            assert!(of(message).unwrap().cause.contains(part), "{message}");
        }
        assert_eq!(of("something new"), None);
    }

    #[test]
    fn every_row_keeps_to_the_house_rules() {
        for (_, reason) in TABLE {
            assert!(!reason.cause.ends_with('.') && !reason.fix.ends_with('.'));
        }
    }
}
