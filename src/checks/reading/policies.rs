//! NetworkPolicies that keep a connection from a pod, or in it.
//!
//! k3s enforces them unless it is told `--disable-network-policy` (kube-router: k3s, pkg/agent/netpol/netpol.go). What no
//! policy allows is rejected, not dropped (kube-router, pkg/controllers/netpol/pod.go: `REJECT --reject-with
//! icmp-port-unreachable`), so that it reads as "connection refused". A pod's own node is always let in.

use std::net::IpAddr;

use serde_json::Value;

use crate::checks::reading::{selects, told};
use crate::evidence::{Cidr, Evidence, View, at, entries};

const RESOURCE: &str = "networkpolicies.networking.k8s.io";
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// A connection, from the pod's side.
#[derive(Debug, Clone, Copy)]
pub(in crate::checks) enum Way {
    /// Somebody who is no pod comes to this port of it.
    In(u16),
    /// It goes to this address and port.
    Out(Option<IpAddr>, u16),
}

/// The policies that leave the connection out, as `namespace/name`, where it is sure that none lets it through; empty
/// otherwise, and where nobody enforces policies.
pub(in crate::checks) fn in_the_way(evidence: &Evidence, pod: &Value, way: Way) -> Vec<String> {
    let all = evidence.objects(RESOURCE).unwrap_or_default();
    let (word, list) = match way {
        Way::In(_) => ("Ingress", "/spec/ingress"),
        Way::Out(..) => ("Egress", "/spec/egress"),
    };
    let counts = |policy: &&Value| {
        policy.namespace() == pod.namespace() && is_for(policy, pod) && types(policy).contains(&word)
    };
    let isolating: Vec<&Value> = all.iter().filter(counts).collect();
    let lets = |rule: &Value| may_let(rule, pod, way);
    if nobody_enforces(evidence)
        || (matches!(way, Way::In(_)) && is_beside_the_api_server(evidence, pod))
        || isolating.iter().any(|policy| entries(policy, list).iter().any(lets))
    {
        return Vec::new();
    }
    isolating.iter().map(|policy| policy.full_name()).collect()
}

/// Whether the pod may run on the API server's own node, which no policy of kube-router keeps out (pkg/controllers/netpol/
/// pod.go: `--src-type LOCAL`).
fn is_beside_the_api_server(evidence: &Evidence, pod: &Value) -> bool {
    let nodes = evidence.objects("nodes").unwrap_or_default();
    let serves = |node: &&Value| !node["metadata"]["labels"][CONTROL_PLANE].is_null();
    let on = at(pod, "/spec/nodeName");
    nodes.len() < 2 || nodes.iter().filter(serves).all(|node| node.name() == on)
}

/// Whether k3s was told not to enforce policies, and has its own network, so that nobody else does.
fn nobody_enforces(evidence: &Evidence) -> bool {
    let servers = told::servers(evidence);
    let off = |told: &told::Told| {
        told.has("--disable-network-policy")
            && told.value("--flannel-backend", "K3S_FLANNEL_BACKEND") != Some("none")
    };
    !servers.is_empty() && servers.iter().all(off)
}

/// `policyTypes`, else what Kubernetes takes in their place: Ingress always, Egress where there are rules for it.
fn types(policy: &Value) -> Vec<&str> {
    let named: Vec<&str> = entries(policy, "/spec/policyTypes").iter().filter_map(Value::as_str).collect();
    match (named.is_empty(), policy["spec"]["egress"].is_array()) {
        (false, _) => named,
        (true, true) => vec!["Ingress", "Egress"],
        (true, false) => vec!["Ingress"],
    }
}

/// Whether the policy selects the pod; one whose selector is not understood selects nothing.
fn is_for(policy: &Value, pod: &Value) -> bool {
    let selector = &policy["spec"]["podSelector"];
    let labels = &pod["metadata"]["labels"];
    let pairs = &selector["matchLabels"];
    let by_pairs = pairs.as_object().is_none_or(serde_json::Map::is_empty) || selects(pairs, labels);
    by_pairs && entries(selector, "/matchExpressions").iter().all(|expression| holds(expression, labels))
}

fn holds(expression: &Value, labels: &Value) -> bool {
    let value = labels.get(at(expression, "/key"));
    let among = value.is_some_and(|value| entries(expression, "/values").contains(value));
    match at(expression, "/operator") {
        "In" => among,
        "NotIn" => !among,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// Whether a rule may let the connection through. It lets through whatever it does not clearly leave out.
fn may_let(rule: &Value, pod: &Value, way: Way) -> bool {
    let (port, peers) = match way {
        Way::In(port) => (port, "/from"),
        Way::Out(_, port) => (port, "/to"),
    };
    let ports = entries(rule, "/ports");
    let peers = entries(rule, peers);
    (ports.is_empty() || ports.iter().any(|entry| may_be(entry, pod, port)))
        && (peers.is_empty() || peers.iter().any(|peer| may_be_peer(peer, way)))
}

fn may_be(entry: &Value, pod: &Value, port: u16) -> bool {
    if !["", "TCP"].contains(&at(entry, "/protocol")) {
        return false;
    }
    match (&entry["port"], entry["endPort"].as_u64()) {
        (Value::Null, _) => true,
        (Value::Number(first), last) => {
            let first = first.as_u64().unwrap_or_default();
            (first..=last.unwrap_or(first)).contains(&u64::from(port))
        }
        (Value::String(name), _) => {
            let ports = entries(pod, "/spec/containers").iter().flat_map(|one| entries(one, "/ports"));
            let named =
                ports.filter(|one| at(one, "/name") == name).filter_map(|one| one["containerPort"].as_u64());
            let named: Vec<u64> = named.collect();
            named.is_empty() || named.contains(&u64::from(port))
        }
        _ => true,
    }
}

/// A peer that is a choice of pods is no machine and no address of the internet; what is behind a Service's address may be one.
fn may_be_peer(peer: &Value, way: Way) -> bool {
    let block = &peer["ipBlock"];
    let (Some(cidr), false) = (block["cidr"].as_str(), block.is_null()) else {
        return matches!(way, Way::Out(None, _));
    };
    match way {
        // Which of its addresses a machine takes on the way is not known here.
        Way::In(_) | Way::Out(None, _) => true,
        Way::Out(Some(IpAddr::V4(to)), _) => {
            let holds = |text: &str| Cidr::parse(text).is_none_or(|cidr| cidr.holds(to));
            holds(cidr) && !entries(block, "/except").iter().filter_map(Value::as_str).any(holds)
        }
        Way::Out(Some(IpAddr::V6(_)), _) => true,
    }
}

/// The policies, as the words of a sentence.
pub(in crate::checks) fn named(policies: &[String]) -> String {
    let names: Vec<String> = policies.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [one] => format!("the NetworkPolicy {one}"),
        _ => format!("the NetworkPolicies {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::k3s::tests::{items, pod, sound};
    use crate::evidence::Listing;

    fn seen(spec: Value, args: &[&str]) -> Evidence {
        let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
        let mut cluster = sound();
        let nodes = items(&mut cluster, "nodes");
        nodes[0]["metadata"]["annotations"]["k3s.io/node-args"] = json!(args).to_string().into();
        let labels = json!({ CONTROL_PLANE: "true" });
        nodes.push(json!({ "metadata": { "name": "hub", "labels": labels } }));
        let policy = json!({ "metadata": { "namespace": "shop", "name": "quiet" }, "spec": spec });
        cluster.objects.0.insert(RESOURCE.into(), Listing::Items(vec![policy]));
        evidence.cluster = Some(cluster);
        evidence
    }

    fn keeps(spec: Value, way: Way) -> bool {
        !in_the_way(&seen(spec, &["server"]), &pod("shop", "web-1"), way).is_empty()
    }

    #[test]
    fn a_policy_without_rules_keeps_everybody_out_and_one_for_other_pods_nobody() {
        let way = Way::In(8080);
        assert!(keeps(json!({ "podSelector": {}, "policyTypes": ["Ingress"] }), way));
        assert!(keeps(json!({ "podSelector": { "matchLabels": { "app": "web" } } }), way));
        assert!(!keeps(json!({ "podSelector": { "matchLabels": { "app": "db" } } }), way));
        assert!(!keeps(json!({ "podSelector": {}, "policyTypes": ["Egress"] }), way));
        let absent = json!([{ "key": "app", "operator": "NotIn", "values": ["web"] }]);
        assert!(!keeps(json!({ "podSelector": { "matchExpressions": absent } }), way));
    }

    #[test]
    fn what_a_rule_may_let_through_is_never_blamed_on_the_policy() {
        let with = |rule: Value| json!({ "podSelector": {}, "ingress": [rule] });
        let way = Way::In(8080);
        assert!(!keeps(with(json!({})), way), "everybody");
        assert!(
            !keeps(with(json!({ "from": [{ "ipBlock": { "cidr": "192.168.1.0/24" } }] })), way),
            "perhaps that machine"
        );
        assert!(keeps(with(json!({ "from": [{ "podSelector": {} }] })), way), "pods alone");
        assert!(keeps(with(json!({ "ports": [{ "port": 443 }] })), way), "another port");
        assert!(!keeps(with(json!({ "ports": [{ "port": 8000, "endPort": 9000 }] })), way));
    }

    #[test]
    fn the_way_out_is_judged_by_its_address() {
        let out = |rule: Value| json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [rule] });
        let block = json!({ "to": [{ "ipBlock": { "cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"] } }] });
        assert!(!keeps(out(block.clone()), Way::Out(Some([104, 16, 0, 1].into()), 443)));
        assert!(keeps(out(block), Way::Out(Some([10, 43, 0, 1].into()), 443)));
        assert!(keeps(json!({ "podSelector": {}, "policyTypes": ["Egress"] }), Way::Out(None, 443)));
    }

    #[test]
    fn a_policy_does_not_keep_the_api_server_from_a_pod_of_its_own_node() {
        let seen = seen(json!({ "podSelector": {} }), &["server"]);
        let mut pod = pod("shop", "web-1");
        assert_eq!(in_the_way(&seen, &pod, Way::In(80)).len(), 1);
        pod["spec"]["nodeName"] = "hub".into();
        assert!(in_the_way(&seen, &pod, Way::In(80)).is_empty());
    }

    #[test]
    fn where_k3s_enforces_none_no_policy_is_named() {
        let all = json!({ "podSelector": {} });
        let named = |args: &[&str]| in_the_way(&seen(all.clone(), args), &pod("shop", "web-1"), Way::In(80));
        assert_eq!(named(&["server"]), ["shop/quiet"]);
        assert!(named(&["server", "--disable-network-policy"]).is_empty());
        assert_eq!(named(&["server", "--disable-network-policy", "--flannel-backend", "none"]).len(), 1);
    }
}
