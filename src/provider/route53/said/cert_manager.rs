//! What cert-manager says of its own when a challenge's record is to be written or removed.

use crate::provider::reading::{Reading, means, passes, written_by_up};

/// Before it asks, and where it gets no answer.
pub(super) const OF_ITS_OWN: &[Reading] = &[
    passes(
        &["Time limit exceeded. Last error: "],
        "the change was still `PENDING` after two minutes: Route 53 has not brought it to all of its name servers yet",
        "wait: cert-manager tries again by itself; if it stays so, look at https://health.aws.amazon.com",
    ),
    written_by_up(
        &[
            "error getting route53 secret access key",
            "no data found in Secret",
            "only one of access and secret key was provided",
            "empty credentials",
        ],
        "the issuer does not find the Secret with the access key, or a part of it",
        "run `homelab up`, which writes it",
    ),
    means(
        &["not found in Route 53 for domain"],
        "the account has no public zone for this name",
        "create the hosted zone, or use an access key of the account that has it",
    ),
    passes(
        &["no such host", "server misbehaving"],
        "cert-manager's pod cannot resolve `route53.amazonaws.com`",
        "check CoreDNS and the resolvers that it forwards to",
    ),
    // The rest of a name that was not found out is a time limit.
    passes(
        &["dial tcp: lookup "],
        "the cluster's DNS did not answer cert-manager in time, so it does not know where Route 53 is",
        "check CoreDNS and whether pods reach it: `homelab doctor --check net`",
    ),
    passes(
        &["TLS handshake timeout"],
        "cert-manager's pod connects, but large packets get lost on the way: the MTU of the line or of a VPN is smaller than the one of the pods",
        "lower the MTU of the pods' network, or let the router clamp the segment size (MSS)",
    ),
    means(
        &["tls: handshake failure", "server gave HTTP response to HTTPS client"],
        "another server answers instead of Route 53: a proxy, or a search domain with a wildcard record",
        "exclude the nodes' traffic from the proxy, and check the search domains of the nodes",
    ),
    passes(
        &[
            "i/o timeout",
            "deadline exceeded",
            "connection refused",
            "connection reset by peer",
            "no route to host",
            "network is unreachable",
        ],
        "cert-manager's pod cannot connect: it has no way to the internet, or a firewall is in between",
        "let pods reach the internet (TCP 443), then wait: cert-manager tries again by itself",
    ),
    means(
        &["<redacted AWS SDK error"],
        "the call to Route 53 failed; cert-manager shows why in its events and its log alone, and the events are gone after an hour",
        "look for the text behind `RequestID` in the log of cert-manager; most often the policy of the IAM user lacks a right: docs/route53.md has the whole policy",
    ),
    means(
        &["x509", "tls: "],
        "another server answers instead of Route 53, with its own certificate: a proxy that inspects TLS, or a search domain with a wildcard record",
        "exclude the nodes' traffic from that inspection, and check the search domains of the nodes",
    ),
];
