//! As Cilium's own kind has it: names, pods by their labels, and what it knows by a name of its own (cilium 1.20.2, pkg/policy/api).

use serde_json::{Value, json};

use super::kubernetes::{alone, api_ports};
use super::needs::{Need, Peer, Program};
use crate::config::Port;
use crate::desired::egress::{CILIUM_NAMESPACE, Placed, ciliums, dns_of_cilium};
use crate::desired::kind;
use crate::desired::meta::NAME;

/// To Cilium, a node is no address, whatever address it has (its option `policy-cidr-match-mode`).
const NODES: [&str; 2] = ["host", "remote-node"];

pub(super) fn policy(name: &str, program: &Program, placed: &Placed) -> Value {
    let rules: Vec<Value> = program.needs.iter().flat_map(|need| rules(need, placed)).collect();
    let kind = &kind::CILIUM_POLICY;
    json!({ "apiVersion": kind.api_version(), "kind": kind.kind,
        "metadata": { "namespace": program.namespace, "name": name },
        "spec": { "endpointSelector": { "matchLabels": program.labels }, "egress": rules } })
}

/// Each rule has one kind of goal alone (cilium 1.20.2, pkg/policy/api/rule_validation.go).
fn rules(need: &Need, placed: &Placed) -> Vec<Value> {
    let nodes = ("toEntities", json!(NODES));
    let (to, ports): (Vec<(&str, Value)>, Vec<Port>) = match &need.to {
        Peer::Dns => return vec![dns_of_cilium()],
        // Whichever addresses it has: Cilium follows them (Documentation/security/policy/layer3.rst, "Entities Based").
        Peer::ApiServer => (vec![("toEntities", json!(["kube-apiserver"]))], api_ports(Some(placed))),
        Peer::Cluster => {
            let everywhere = json!({ "key": CILIUM_NAMESPACE, "operator": "Exists" });
            (vec![("toEndpoints", json!([{ "matchExpressions": [everywhere] }]))], need.ports.clone())
        }
        Peer::Pods(namespace, program) => {
            let mut labels = json!({ CILIUM_NAMESPACE: namespace });
            if let Some(program) = program {
                labels[format!("k8s:{NAME}")] = (*program).into();
            }
            (vec![("toEndpoints", json!([{ "matchLabels": labels }]))], need.ports.clone())
        }
        Peer::Nodes => (vec![nodes], need.ports.clone()),
        Peer::Address(address) if placed.nodes.contains(address) => (vec![nodes], need.ports.clone()),
        Peer::Address(address) => (vec![("toCIDR", json!([alone(*address)]))], need.ports.clone()),
        // A server of one's own may run on a node.
        Peer::Named(name) => (vec![("toFQDNs", json!([{ "matchName": name }])), nodes], need.ports.clone()),
        Peer::Internet(name) => (vec![("toFQDNs", json!([{ "matchName": name }]))], need.ports.clone()),
    };
    let rule = |(key, to): (&str, Value)| {
        let mut rule = json!({ key: to });
        if !ports.is_empty() {
            rule["toPorts"] = json!([{ "ports": ports.iter().copied().map(ciliums).collect::<Vec<_>>() }]);
        }
        rule
    };
    to.into_iter().map(rule).collect()
}
