//! Policies, by what they let through.

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

fn keeps(spec: Value, way: Way<'_>) -> bool {
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
fn another_pod_is_let_through_by_its_labels_and_its_namespace() {
    let with = |from: Value| json!({ "podSelector": {}, "ingress": [{ "from": [from] }] });
    let mut from = pod("gate", "nginx-1");
    from["metadata"]["labels"] = json!({ "app": "nginx" });
    from["status"]["podIP"] = "10.42.0.9".into();
    let way = Way::From(&from, 8080);
    assert!(keeps(with(json!({ "podSelector": {} })), way), "the pods of its own namespace alone");
    let anywhere = json!({ "namespaceSelector": {} });
    assert!(!keeps(with(anywhere.clone()), way));
    let chosen = |labels: Value| {
        let mut peer = anywhere.clone();
        peer["podSelector"]["matchLabels"] = labels;
        with(peer)
    };
    assert!(!keeps(chosen(json!({ "app": "nginx" })), way));
    assert!(keeps(chosen(json!({ "app": "traefik" })), way));
    assert!(!keeps(with(json!({ "ipBlock": { "cidr": "10.42.0.0/16" } })), way));
    assert!(keeps(with(json!({ "ipBlock": { "cidr": "192.168.1.0/24" } })), way));
    let mut of_node = from.clone();
    of_node["spec"]["hostNetwork"] = true.into();
    assert!(!keeps(json!({ "podSelector": {} }), Way::From(&of_node, 8080)), "perhaps its own node");
}

#[test]
fn a_namespace_is_chosen_by_its_labels() {
    let selector = json!({ "matchLabels": { "kubernetes.io/metadata.name": "gate" } });
    let mut seen =
        seen(json!({ "podSelector": {}, "ingress": [{ "from": [{ "namespaceSelector": selector }] }] }), &[]);
    let namespace = |name: &str| {
        let labels = json!({ "kubernetes.io/metadata.name": name });
        json!({ "metadata": { "name": name, "labels": labels } })
    };
    let listing = Listing::Items(vec![namespace("gate"), namespace("other")]);
    seen.cluster.as_mut().unwrap().objects.0.insert("namespaces".into(), listing);
    let kept =
        |from: &str| !in_the_way(&seen, &pod("shop", "web-1"), Way::From(&pod(from, "a"), 80)).is_empty();
    assert!(!kept("gate"));
    assert!(kept("other"));
}

#[test]
fn dns_is_asked_by_udp() {
    let ports = |protocol: &str| {
        let port = json!({ "port": 53, "protocol": protocol });
        json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [{ "ports": [port] }] })
    };
    assert!(!keeps(ports("UDP"), Way::Out(None, DNS)));
    assert!(keeps(ports("TCP"), Way::Out(None, DNS)));
}

#[test]
fn a_machine_of_the_lan_is_no_node() {
    let mut seen = seen(json!({ "podSelector": {} }), &["server"]);
    items(seen.cluster.as_mut().unwrap(), "nodes").truncate(1);
    assert!(in_the_way(&seen, &pod("shop", "web-1"), Way::In(80)).is_empty());
    assert_eq!(in_the_way(&seen, &pod("shop", "web-1"), Way::Lan(80)).len(), 1);
}

#[test]
fn only_k3s_is_known_to_enforce_policies() {
    let all = json!({ "podSelector": {} });
    let mut seen = seen(all, &["server"]);
    assert!(are_enforced(&seen));
    items(seen.cluster.as_mut().unwrap(), "nodes")[0]["metadata"]["annotations"] = json!({});
    assert!(!are_enforced(&seen));
}

#[test]
fn where_k3s_enforces_none_no_policy_is_named() {
    let all = json!({ "podSelector": {} });
    let named = |args: &[&str]| -> Vec<String> {
        let found = in_the_way(&seen(all.clone(), args), &pod("shop", "web-1"), Way::In(80));
        found.into_iter().map(|one| one.name).collect()
    };
    assert_eq!(named(&["server"]), ["shop/quiet"]);
    assert!(named(&["server", "--disable-network-policy"]).is_empty());
    assert_eq!(named(&["server", "--disable-network-policy", "--flannel-backend", "none"]).len(), 1);
}
