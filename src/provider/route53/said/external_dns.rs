//! Why external-dns gets no answer.

use crate::provider::reading::{Reading, passes};
use crate::provider::route53::answers::plain;

/// After what keeps a pod from anybody.
pub(super) const OUTAGES: &[Reading] = &[
    passes(
        &[
            "i/o timeout",
            "deadline exceeded",
            "connection refused",
            "connection reset by peer",
            "no route to host",
            "network is unreachable",
            "EOF",
        ],
        "its pod cannot reach Route 53: a firewall, the route of the pods, or the internet connection",
        "check whether pods reach the internet: `homelab doctor --check net`",
    ),
    passes(
        &["StatusCode: 500", "StatusCode: 502", "StatusCode: 503", "StatusCode: 504"],
        "the fault is at Amazon, not here",
        "look at https://health.aws.amazon.com; external-dns tries again by itself",
    ),
];

/// A change that a line says is wanted, as the action with the kind, and the name (external-dns 0.22, provider/aws/aws.go: the
/// other providers have fields for them).
pub(super) fn desired(message: &str) -> Option<(String, String)> {
    let mut words = message.strip_prefix("Desired change: ")?.split_whitespace();
    let (action, name, kind) = (words.next()?, words.next()?, words.next()?);
    let action = if action == "UPSERT" { "UPDATE" } else { action };
    words.next().is_none().then(|| (format!("{action} {kind}"), plain(name)))
}
