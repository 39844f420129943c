//! Policies of Cilium's own kinds that keep the lab's own programs from what they need.

use serde_json::{Value, json};

use super::*;
use crate::evidence::engine::CILIUM_CLUSTER_POLICIES;

const NAMESPACED: &str = "external-dns/own";

/// A lab whose network is Cilium, with an external-dns and these policies: of its namespace, of the whole cluster, of Kubernetes' kind.
fn lab(of_namespace: &[Value], of_cluster: &[Value], of_kubernetes: &[Value]) -> Report {
    lab_with(of_namespace, of_cluster, of_kubernetes, |_| ())
}

fn lab_with(
    of_namespace: &[Value],
    of_cluster: &[Value],
    of_kubernetes: &[Value],
    change: impl FnOnce(&mut Evidence),
) -> Report {
    kept(&[], |evidence| {
        told_k3s(evidence, &["server", "--disable-network-policy", "--flannel-backend", "none"]);
        cilium(evidence, 1, &json!({ "kube-proxy-replacement": "true" }));
        items(evidence.cluster.as_mut().unwrap(), "pods").push(pod("external-dns", "external-dns-1"));
        let named = |name: &str, spec: &Value| json!({ "metadata": { "namespace": "external-dns", "name": name }, "spec": spec });
        lists(evidence, BY_NAME, of_namespace.iter().map(|spec| named("own", spec)).collect());
        let of_cluster = of_cluster.iter().map(|spec| json!({ "metadata": { "name": "all" }, "spec": spec }));
        lists(evidence, CILIUM_CLUSTER_POLICIES, of_cluster.collect());
        lists(evidence, POLICIES, of_kubernetes.iter().map(|spec| named("plain", spec)).collect());
        change(evidence);
    })
}

fn spec(egress: &Value) -> Value {
    json!({ "endpointSelector": {}, "egress": egress })
}

fn told(report: &Report) -> String {
    match outcome(report, id::EGRESS_NEEDS) {
        Outcome::Fail(finding) => format!("{} {}", finding.summary, finding.fix.text),
        other => panic!("{other:?}"),
    }
}

fn is_well(report: &Report) -> bool {
    matches!(outcome(report, id::EGRESS_NEEDS), Outcome::Pass { .. })
}

/// What external-dns needs, as homelab itself writes it.
fn needs() -> Value {
    json!([
        { "toEntities": ["kube-apiserver"], "toPorts": [{ "ports": [{ "port": "6443", "protocol": "TCP" }] }] },
        { "toEndpoints": [{ "matchLabels": { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns" } }],
          "toPorts": [{ "ports": [{ "port": "53", "protocol": "ANY" }], "rules": { "dns": [{ "matchPattern": "*" }] } }] },
        { "toFQDNs": [{ "matchName": "api.cloudflare.com" }], "toPorts": [{ "ports": [{ "port": "443", "protocol": "TCP" }] }] },
    ])
}

/// The same without one of the rules.
fn without(at: usize) -> Value {
    let mut all = needs();
    all.as_array_mut().unwrap().remove(at);
    all
}

#[test]
fn a_policy_of_either_kind_that_leaves_a_need_out_is_named_with_its_kind() {
    let wants = ["the API server", "the cluster's DNS", "port 443 of the internet"];
    for (at, what) in wants.into_iter().enumerate() {
        let own = told(&lab(&[spec(&without(at))], &[], &[]));
        assert!(own.contains(&format!("the CiliumNetworkPolicy `{NAMESPACED}` keeps the pod")), "{own}");
        assert!(own.contains(what), "{own}");
        let all = told(&lab(&[], &[spec(&without(at))], &[]));
        assert!(
            all.contains("the CiliumClusterwideNetworkPolicy `all` keeps the pod") && all.contains(what),
            "{all}"
        );
    }
    assert!(is_well(&lab(&[spec(&needs())], &[], &[])) && is_well(&lab(&[], &[spec(&needs())], &[])));
}

#[test]
fn what_policies_of_all_kinds_allow_adds_up() {
    let nothing = || json!({ "podSelector": {}, "policyTypes": ["Egress"] });
    assert!(told(&lab(&[], &[], &[nothing()])).contains("the NetworkPolicy `external-dns/plain`"));
    assert!(is_well(&lab(&[spec(&needs())], &[], &[nothing()])), "Cilium's kind lets it through");
    let both = told(&lab(&[spec(&json!([{}]))], &[spec(&json!([{}]))], &[nothing()]));
    assert!(both.contains("the CiliumClusterwideNetworkPolicy `all` and the CiliumNetworkPolicy `external-dns/own` and the NetworkPolicy `external-dns/plain`"), "{both}");
    let open = json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [{}] });
    assert!(
        is_well(&lab(&[spec(&json!([{}]))], &[], &[open])),
        "an empty rule of Cilium's allows nothing, and forbids nothing either"
    );
}

#[test]
fn a_policy_is_about_the_pods_that_it_chooses_and_about_ways_out_alone() {
    let of = |selector: Value| json!({ "endpointSelector": selector, "egress": [{}] });
    let app = |key: &str, app: &str| of(json!({ "matchLabels": { key: app } }));
    assert!(!is_well(&lab(&[app("k8s:app", "external")], &[], &[])));
    assert!(!is_well(&lab(&[app("app", "external")], &[], &[])));
    assert!(is_well(&lab(&[app("app", "photos")], &[], &[])));
    let namespace = "k8s:io.kubernetes.pod.namespace";
    assert!(!is_well(&lab(&[], &[app(namespace, "external-dns")], &[])));
    assert!(is_well(&lab(&[], &[app(namespace, "immich")], &[])));
    assert!(is_well(&lab(&[], &[app("io.cilium.k8s.policy.serviceaccount", "x")], &[])), "not known here");
    assert!(is_well(&lab(&[], &[json!({ "nodeSelector": {}, "egress": [{}] })], &[])), "about nodes");
    assert!(is_well(&lab(&[json!({ "endpointSelector": {}, "ingress": [{}] })], &[], &[])), "about ways in");
    let mut soft = spec(&json!([{}]));
    soft["enableDefaultDeny"] = json!({ "egress": false });
    assert!(is_well(&lab(&[soft], &[], &[])), "it denies nothing by itself");
}

#[test]
fn what_is_denied_nobody_else_allows() {
    let deny = json!({ "endpointSelector": {}, "enableDefaultDeny": { "egress": false }, "egressDeny": [{ "toEntities": ["world"] }] });
    let report = told(&lab(&[spec(&needs())], &[deny], &[]));
    assert!(
        report.contains("the CiliumClusterwideNetworkPolicy `all`")
            && report.contains("port 443 of the internet"),
        "{report}"
    );
    let port = json!({ "endpointSelector": {}, "enableDefaultDeny": { "egress": false },
        "egressDeny": [{ "toEntities": ["world"], "toPorts": [{ "ports": [{ "port": "25", "protocol": "TCP" }] }] }] });
    assert!(is_well(&lab(&[spec(&needs())], &[port], &[])));
}

#[test]
fn an_address_is_no_way_to_an_api_server_on_a_node_unless_cilium_is_told_so() {
    let mut by_address = needs();
    by_address[0] = json!({ "toCIDR": ["192.168.1.10/32"] });
    assert!(told(&lab(&[spec(&by_address)], &[], &[])).contains("the API server"));
    let nodes = |evidence: &mut Evidence| {
        cilium(evidence, 1, &json!({ "kube-proxy-replacement": "true", "policy-cidr-match-mode": "nodes" }))
    };
    assert!(is_well(&lab_with(&[spec(&by_address)], &[], &[], nodes)));
    let mut own = needs();
    own[1]["toEndpoints"] = json!([{}]);
    assert!(
        told(&lab(&[spec(&own)], &[], &[])).contains("the cluster's DNS"),
        "the pods of its own namespace alone"
    );
}

#[test]
fn what_cilium_left_behind_keeps_nobody_in() {
    let gone = |evidence: &mut Evidence| {
        told_k3s(evidence, &["server"]);
        lists(evidence, "daemonsets.apps", Vec::new());
    };
    assert!(is_well(&lab_with(&[spec(&json!([{}]))], &[], &[], gone)));
}

#[test]
fn a_policy_of_the_whole_cluster_may_have_the_rule_for_dns_and_may_lack_it() {
    let of_photos = |egress: Value| json!({ "endpointSelector": { "matchLabels": { "app": "photos" } }, "egress": egress });
    let name = of_photos(json!([{ "toFQDNs": [{ "matchName": "a.example.org" }] }]));
    let dns = spec(
        &json!([{ "toPorts": [{ "ports": [{ "port": "53" }], "rules": { "dns": [{ "matchPattern": "*" }] } }] }]),
    );
    let with = lab(std::slice::from_ref(&name), &[dns], &[]);
    assert!(matches!(outcome(&with, id::EGRESS_DNS_RULE), Outcome::Pass { .. }));
    let lacks = only(&lab(&[], &[name], &[]), id::EGRESS_DNS_RULE).summary;
    assert!(lacks.contains("the CiliumClusterwideNetworkPolicy `all` has rules by name"), "{lacks}");
}

#[test]
fn what_only_the_agent_of_the_node_knows_is_told_to_be_unknown_with_the_pod_to_ask() {
    let agent = |evidence: &mut Evidence| {
        let mut agent = pod("kube-system", "cilium-x7k2p");
        agent["metadata"]["labels"] = json!({ "k8s-app": "cilium" });
        items(evidence.cluster.as_mut().unwrap(), "pods").push(agent);
    };
    let report = lab_with(&[spec(&needs())], &[], &[], agent);
    let Outcome::Unknown { why } = outcome(&report, id::EGRESS_CACHE) else { panic!("{report:?}") };
    for words in [
        "could not look",
        "`api.cloudflare.com`",
        "node `pi`",
        "`kube-system/cilium-x7k2p`",
        "cilium-dbg fqdn cache list",
    ] {
        assert!(why.contains(words), "{words}: {why}");
    }
    assert_eq!(report.exit_code(), 0, "it is no fault of the lab");
    let is_told = |report: &Report| report.checks.iter().any(|check| check.id == id::EGRESS_CACHE);
    assert!(
        !is_told(&lab_with(&[spec(&json!([{ "toEntities": ["all"] }]))], &[], &[], agent)),
        "no rule is by name"
    );
    assert!(!is_told(&lab_with(&[], &[], &[], agent)));
}
