//! Servers that keep the cluster's data in etcd. etcd knows its members by address, so k3s does not start under another one:
//! it stays `activating` for ever, with "not a member of the etcd cluster" (k3s-io/k3s#6524, #4296).

use crate::evidence::{Evidence, View, at};

/// What k3s says of itself after such a restart.
pub(in crate::checks) const LAST_WORDS: &str = "not a member of the etcd cluster";
/// What helps then.
pub(in crate::checks) const CURE: &str = "give the machine its old address back (a fixed lease in the router), and start k3s. If that is not possible: stop k3s (`sudo systemctl stop k3s`), run the `ExecStart` command that `systemctl cat k3s` shows once with `--cluster-reset` added, and start k3s (`sudo systemctl start k3s`); other servers then have to join again";

/// Whether k3s has marked the node as a member of its etcd.
pub(in crate::checks) fn has(evidence: &Evidence, node: &str) -> bool {
    let nodes = evidence.objects("nodes").unwrap_or_default();
    nodes.iter().any(|object| object.name() == node && is_member(object))
}

/// Whether any node is one.
pub(in crate::checks) fn is_anywhere(evidence: &Evidence) -> bool {
    evidence.objects("nodes").unwrap_or_default().iter().any(is_member)
}

fn is_member(node: &serde_json::Value) -> bool {
    at(node, "/metadata/labels/node-role.kubernetes.io~1etcd") == "true"
}

/// How k3s on the node comes to use another address, as the end of a sentence that says which.
pub(in crate::checks) fn take_another_address(evidence: &Evidence, node: &str) -> &'static str {
    match has(evidence, node) {
        true => {
            "stop k3s (`sudo systemctl stop k3s`), run the `ExecStart` command that `systemctl cat k3s` shows once with `--cluster-reset` added, and start k3s (`sudo systemctl start k3s`): this server is a member of etcd, and does not start with a different address otherwise. Other servers then have to join again"
        }
        false => "restart k3s there (`sudo systemctl restart k3s`)",
    }
}
