//! The policies of the pods.

use serde_json::{Value, json};

use super::from_pods::NAMESPACE;
use crate::cases::hands::Hands;
use crate::error::Result;
use crate::network::FILES;

/// Writes them.
pub(super) fn apply(hands: &Hands) -> Result<()> {
    let names = json!({ "to": [{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "kube-system" } },
        "podSelector": { "matchLabels": { "k8s-app": "kube-dns" } } }],
        "ports": [{ "port": 53, "protocol": "UDP" }, { "port": 53, "protocol": "TCP" }] });
    let pods = json!({ "to": [{ "namespaceSelector": {} }] });
    let house = json!({ "to": [{ "ipBlock": { "cidr": "10.99.0.0/24" } }] });
    let one = json!({ "to": [{ "ipBlock": { "cidr": format!("{FILES}/32") } }], "ports": [{ "port": 443 }] });
    let items = [
        policy("any", &json!([{}])),
        policy("none", &json!([])),
        policy("cluster", &json!([names, pods])),
        policy("lan", &json!([names, house])),
        policy("address", &json!([names, one])),
    ];
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    hands.kubectl_apply("egress-policies.json", &list.to_string()).map(drop)
}

/// Takes one away.
pub(super) fn delete(hands: &Hands, name: &str) -> Result<()> {
    hands.kubectl(&["delete", "networkpolicy", "-n", NAMESPACE, name]).map(drop)
}

fn policy(program: &str, egress: &Value) -> Value {
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "name": program, "namespace": NAMESPACE },
        "spec": { "podSelector": { "matchLabels": { "app": program } }, "policyTypes": ["Egress"], "egress": egress } })
}
