//! What the words of external-dns and of the API server behind it mean.

use crate::config::Provider;
use crate::provider::reading::{Reading, passes, read, written_by_up};
use crate::provider::traits_of;

/// What is wrong with what homelab wrote.
const OF_HOMELAB: &[Reading] = &[
    written_by_up(
        &["flag parsing error", "unknown long flag", "unknown flag"],
        "its container has a flag that this version does not know: the Deployment was changed by hand, or `images.externalDns` names another version than the one that homelab supports",
        "remove `images.externalDns`, and run `homelab up`, which restores the Deployment",
    ),
    written_by_up(
        &[
            "config validation failed",
            "--policy must be set",
            "no sources specified",
            "no provider specified",
        ],
        "its container lacks a flag that this version requires: the Deployment was changed by hand, or `images.externalDns` names another version than the one that homelab supports",
        "remove `images.externalDns`, and run `homelab up`, which restores the Deployment",
    ),
    written_by_up(
        &["credentials are not configured", "invalid credentials"],
        "its Secret has no token",
        "run `homelab up`, which writes the Secret again",
    ),
    written_by_up(
        &["is forbidden", "cannot list resource", "failed to sync"],
        "its ServiceAccount may not read the Ingresses, or the API server does not answer it",
        "run `homelab up`, which writes its ClusterRole again",
    ),
];

/// What keeps a pod from anybody.
const NETWORK: &[Reading] = &[
    passes(
        &["no such host", "server misbehaving", "Temporary failure in name resolution"],
        "its pod cannot resolve names: CoreDNS does not answer it, or has no working server to forward to",
        "check why pods cannot resolve names: `homelab doctor --check net`",
    ),
    // What is left of a name that was not found out: a time limit.
    passes(
        &["dial tcp: lookup "],
        "the cluster's DNS did not answer its pod in time: CoreDNS is busy or not reached, or its own server is slow",
        "check why pods cannot resolve names: `homelab doctor --check net`",
    ),
    passes(
        &["TLS handshake timeout"],
        "its pod connects, but large packets get lost on the way: the MTU of the line or of a VPN is smaller than the one of the pods",
        "lower the MTU of the pods' network, or let the router clamp the segment size (MSS)",
    ),
    passes(
        &["tls: handshake failure", "server gave HTTP response to HTTPS client"],
        "another server answers instead of the provider's: a proxy, or a search domain with a wildcard record",
        "exclude the nodes' traffic from the proxy, and check the search domains of the nodes",
    ),
    passes(
        &["x509", "certificate signed by unknown", "certificate has expired"],
        "its pod does not trust the certificate that the server sends: the clock is wrong, or a proxy is in between",
        "check the clock of the node with `timedatectl`",
    ),
];

/// What a message means; `None` when it is not known. The first row counts.
pub(in crate::checks) fn reading_of(provider: Provider, message: &str) -> Option<&'static Reading> {
    let traits = traits_of(provider);
    let refusals = traits.refusals.iter().copied().flatten();
    let rows = OF_HOMELAB.iter().chain(refusals).chain(NETWORK).chain(traits.outages);
    read(message, rows)
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
            // kubernetes-sigs/external-dns#1945.
            (
                "400: content \"{\"result\":null,\"success\":false,\"errors\":[{\"code\":1004,\"message\":\"DNS Validation Error\",\"error_chain\":[{\"code\":9004,\"message\":\"This record type cannot be proxied.\"}]}],\"messages\":[]}\"",
                "cannot reach a private address",
            ),
            ("400 {\"errors\":[{\"code\":81053,\"message\":\"An A, AAAA, or CNAME record\"}]}", "in the way"),
            ("dial tcp: lookup api.cloudflare.com on 10.43.0.10:53: server misbehaving", "resolve"),
            (
                "400 {\"errors\":[{\"code\":81058,\"message\":\"An identical record already exists.\"}]}",
                "same content",
            ),
            (
                "429 Too Many Requests {\"success\":false,\"errors\":[{\"code\":10429,\"message\":\"Rate limited.\"}]}",
                "too many calls",
            ),
            ("dial tcp 104.19.192.29:443: i/o timeout", "reach Cloudflare"),
            (
                "dial tcp: lookup api.cloudflare.com on 10.43.0.10:53: read udp 10.42.0.9:40000->10.43.0.10:53: i/o timeout",
                "cluster's DNS did not answer",
            ),
            ("net/http: TLS handshake timeout", "large packets"),
            ("remote error: tls: handshake failure", "another server"),
            ("http: server gave HTTP response to HTTPS client", "another server"),
            ("exceeded available rate limit retries", "too many calls"),
        ];
        for (message, part) in cases {
            assert!(reading_of(Provider::Cloudflare, message).unwrap().cause.contains(part), "{message}");
        }
        assert_eq!(reading_of(Provider::Cloudflare, "something new").map(|row| row.cause), None);
    }

    #[test]
    fn every_row_keeps_to_the_house_rules() {
        for reason in OF_HOMELAB.iter().chain(NETWORK) {
            assert!(!reason.cause.ends_with('.') && !reason.fix.ends_with('.'));
        }
    }
}
