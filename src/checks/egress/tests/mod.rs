//! Where pods may connect to: one failure at a time.

mod by_cilium;

use serde_json::{Value, json};

use crate::checks::k3s::tests::{items, pod, sound};
use crate::checks::tests::*;
use crate::evidence::engine::CILIUM_POLICIES;

const POLICIES: &str = "networkpolicies.networking.k8s.io";
const BY_NAME: &str = "ciliumnetworkpolicies.cilium.io";

/// A healthy lab with `egress`, with one change.
fn kept(names: &[&str], change: impl FnOnce(&mut Evidence)) -> Report {
    whole(|evidence| {
        evidence.cluster = Some(sound());
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        evidence.egress = Some(EgressSeen { keys: vec!["egress.immich".into()], names, trial: None });
        lists(evidence, "daemonsets.apps", Vec::new());
        change(evidence);
    })
}

fn lists(evidence: &mut Evidence, resource: &str, all: Vec<Value>) {
    evidence.cluster.as_mut().unwrap().objects.0.insert(resource.into(), Listing::Items(all));
}

fn told_k3s(evidence: &mut Evidence, args: &[&str]) {
    let node = &mut items(evidence.cluster.as_mut().unwrap(), "nodes")[0];
    node["metadata"]["annotations"]["k3s.io/node-args"] = json!(args).to_string().into();
}

fn cilium(evidence: &mut Evidence, ready: u64, config: &Value) {
    let agent = json!({ "metadata": { "namespace": "kube-system", "name": "cilium" },
        "spec": { "template": { "metadata": { "labels": { "k8s-app": "cilium" } } } }, "status": { "numberReady": ready } });
    lists(evidence, "daemonsets.apps", vec![agent]);
    lists(
        evidence,
        "customresourcedefinitions.apiextensions.k8s.io",
        vec![json!({ "metadata": { "name": CILIUM_POLICIES } })],
    );
    let config =
        json!({ "metadata": { "namespace": "kube-system", "name": "cilium-config" }, "data": config });
    lists(evidence, CILIUM_CONFIG, vec![config]);
}

fn tried(tried: Tried) -> Report {
    kept(&[], |evidence| {
        let nodes = vec![NodeTrial { node: "pi".into(), tried }];
        evidence.egress.as_mut().unwrap().trial = Some(TrialSeen { nodes, ..TrialSeen::default() });
    })
}

fn of_cilium(namespace: &str, rules: &Value) -> Value {
    json!({ "metadata": { "namespace": namespace, "name": "rules" }, "spec": { "endpointSelector": {}, "egress": rules } })
}

fn with_rules(rules: &[(&str, Value)]) -> Report {
    kept(&[], |evidence| {
        let all = rules.iter().map(|(namespace, rules)| of_cilium(namespace, rules)).collect();
        lists(evidence, BY_NAME, all);
    })
}

#[test]
fn k3s_that_enforces_policies_is_enough_and_a_lab_that_keeps_nobody_in_is_not_spoken_of() {
    let report = kept(&[], |_| ());
    assert!(matches!(outcome(&report, id::EGRESS_ENGINE), Outcome::Pass { .. }));
    let other = whole(|evidence| evidence.cluster = Some(sound()));
    assert!(!other.checks.iter().any(|check| check.id.as_str().starts_with("egress.")));
}

#[test]
fn an_engine_that_is_off_is_named_with_the_switch() {
    let report = kept(&[], |evidence| told_k3s(evidence, &["server", "--disable-network-policy"]));
    let finding = only(&report, id::EGRESS_ENGINE);
    assert!(finding.summary.contains("nothing enforces `egress.immich`"), "{finding:?}");
    assert!(finding.cause.contains("`--disable-network-policy` on pi"), "{finding:?}");
    let down = kept(&[], |evidence| {
        told_k3s(evidence, &["server", "--disable-network-policy", "--flannel-backend", "none"]);
        cilium(evidence, 0, &json!({ "kube-proxy-replacement": "true" }));
    });
    assert!(only(&down, id::EGRESS_ENGINE).cause.contains("none of its agents is ready"));
}

#[test]
fn a_rule_by_name_where_only_addresses_are_known_is_told() {
    let finding = only(&kept(&["a.example.org"], |_| ()), id::EGRESS_ENGINE);
    assert!(
        finding.summary.contains("k3s' kube-router cannot enforce the rule for `a.example.org`"),
        "{finding:?}"
    );
    let with = kept(&["a.example.org"], |evidence| {
        cilium(evidence, 1, &json!({ "kube-proxy-replacement": "true" }))
    });
    assert!(matches!(outcome(&with, id::EGRESS_ENGINE), Outcome::Pass { .. }));
}

#[test]
fn a_policy_that_is_there_and_not_enforced_is_an_error_with_the_cause() {
    let open = || Tried::Open(vec!["port 8181 of the pod `kube-system/coredns-1` (10.42.0.3)".to_owned()]);
    let finding = only(&tried(open()), id::EGRESS_ENFORCED);
    assert!(finding.summary.contains("nobody enforces policies on node `pi`"), "{finding:?}");
    assert!(finding.summary.contains("`kube-system/coredns-1`"), "{finding:?}");
    assert!(
        finding.cause.contains("`--disable-network-policy`") && finding.cause.contains("ipset"),
        "{finding:?}"
    );
    assert_eq!(tried(open()).exit_code(), 1);
    let shut = Tried::Shut(vec!["the cluster's DNS by its Service (10.43.0.10)".to_owned()]);
    let told = only(&tried(shut), id::EGRESS_ENFORCED).summary;
    assert!(told.contains("does not reach the cluster's DNS by its Service (10.43.0.10)"), "{told}");
    assert!(matches!(outcome(&tried(Tried::Enforced), id::EGRESS_ENFORCED), Outcome::Pass { .. }));
}

#[test]
fn what_could_not_be_tried_is_no_pass() {
    let report = tried(Tried::Untried("no image".into()));
    assert!(matches!(outcome(&report, id::EGRESS_ENFORCED), Outcome::Unknown { .. }));
    assert_eq!(report.exit_code(), 3);
    let nowhere = kept(&[], |evidence| evidence.egress.as_mut().unwrap().trial = Some(TrialSeen::default()));
    assert!(matches!(outcome(&nowhere, id::EGRESS_ENFORCED), Outcome::Unknown { .. }));
}

#[test]
fn what_a_trial_has_left_is_told_with_the_command_that_removes_it() {
    let report = kept(&[], |evidence| {
        let nodes = vec![NodeTrial { node: "pi".into(), tried: Tried::Enforced }];
        evidence.egress.as_mut().unwrap().trial =
            Some(TrialSeen { nodes, mark: "5eed".into(), left: Some("no answer".into()) });
    });
    // Another run's trial is none of its business.
    assert!(only(&report, id::EGRESS_ENFORCED).fix.commands[0].contains("homelab/trial=5eed"));
}

#[test]
fn a_policy_that_cuts_off_the_controller_cert_manager_or_external_dns_is_named() {
    let deny = |namespace: &str, spec: Value| {
        kept(&[], |evidence| {
            let seen = evidence.cluster.as_mut().unwrap();
            items(seen, "pods").push(pod("external-dns", "external-dns-1"));
            let mut controller = pod("cert-manager", "cert-manager-1");
            controller["metadata"]["labels"] = json!({ "app.kubernetes.io/component": "controller" });
            items(seen, "pods").push(controller);
            let mut nginx = pod("ingress-nginx", "ingress-nginx-controller-x");
            nginx["metadata"]["labels"] = json!({ "app.kubernetes.io/name": "ingress-nginx-controller" });
            items(seen, "pods").push(nginx);
            let policy = json!({ "metadata": { "namespace": namespace, "name": "deny" }, "spec": spec });
            lists(evidence, POLICIES, vec![policy]);
        })
    };
    let nothing = || json!({ "podSelector": {}, "policyTypes": ["Egress"] });
    for namespace in ["external-dns", "cert-manager", "ingress-nginx"] {
        let finding = only(&deny(namespace, nothing()), id::EGRESS_NEEDS);
        assert!(finding.summary.contains(&format!("`{namespace}/deny` keeps the pod")), "{finding:?}");
        assert!(finding.summary.contains("the API server"), "{finding:?}");
    }
    let api = json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [{ "ports": [{ "port": 443 }, { "port": 6443 }] }] });
    let finding = only(&deny("external-dns", api), id::EGRESS_NEEDS);
    assert!(finding.summary.contains("the cluster's DNS"), "{finding:?}");
    // The address of the server behind the Service counts, and it may have changed.
    let one = |address: &str| json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [{ "to": [{ "ipBlock": { "cidr": address } }] }, { "ports": [{ "port": 53, "protocol": "UDP" }, { "port": 443 }] }] });
    let moved = |address: &str| {
        kept(&[], |evidence| {
            items(evidence.cluster.as_mut().unwrap(), "pods").push(pod("external-dns", "external-dns-1"));
            let slice = json!({ "metadata": { "namespace": "default", "name": "kubernetes" },
                "endpoints": [{ "addresses": ["203.0.113.40"] }], "ports": [{ "name": "https", "port": 6443 }] });
            items(evidence.cluster.as_mut().unwrap(), "endpointslices.discovery.k8s.io").push(slice);
            let mut policy = one(address);
            policy["egress"][1]["to"] =
                json!([{ "ipBlock": { "cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"] } }]);
            lists(
                evidence,
                POLICIES,
                vec![json!({ "metadata": { "namespace": "external-dns", "name": "own" }, "spec": policy })],
            );
        })
    };
    assert!(only(&moved("203.0.113.41/32"), id::EGRESS_NEEDS).summary.contains("the API server"));
    assert!(matches!(outcome(&moved("203.0.113.40/32"), id::EGRESS_NEEDS), Outcome::Pass { .. }));
    let open = json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [{}] });
    assert!(matches!(outcome(&deny("cert-manager", open), id::EGRESS_NEEDS), Outcome::Pass { .. }));
    assert!(matches!(outcome(&deny("immich", nothing()), id::EGRESS_NEEDS), Outcome::Pass { .. }));
}

#[test]
fn a_rule_by_name_without_a_rule_for_dns_is_told_with_the_rule_to_add() {
    let name = json!([{ "toFQDNs": [{ "matchName": "a.example.org" }] }]);
    let finding = only(&with_rules(&[("immich", name.clone())]), id::EGRESS_DNS_RULE);
    assert!(
        finding.summary.contains("`immich/rules`") && finding.fix.text.contains("matchPattern"),
        "{finding:?}"
    );
    let dns = json!([{ "toPorts": [{ "ports": [{ "port": "53" }], "rules": { "dns": [{ "matchPattern": "*" }] } }] }]);
    let with = with_rules(&[("immich", name.clone()), ("immich", dns.clone())]);
    assert!(matches!(outcome(&with, id::EGRESS_DNS_RULE), Outcome::Pass { .. }));
    let elsewhere = with_rules(&[("immich", name), ("other", dns)]);
    assert_eq!(
        only(&elsewhere, id::EGRESS_DNS_RULE).summary,
        finding.summary,
        "one of another namespace is of no use"
    );
}

#[test]
fn a_rule_for_the_port_of_dns_that_does_not_look_at_names_is_none() {
    let rules = json!([{ "toFQDNs": [{ "matchName": "a.example.org" }] }, { "toPorts": [{ "ports": [{ "port": "53" }] }] }]);
    assert!(
        only(&with_rules(&[("immich", rules)]), id::EGRESS_DNS_RULE).cause.contains("no name has an address")
    );
}

#[test]
fn a_wildcard_that_is_for_less_than_it_looks_like_is_told_without_being_an_error() {
    let pattern = |more: &[Value]| {
        let mut goals = vec![json!({ "matchPattern": "*.example.org" })];
        goals.extend_from_slice(more);
        with_rules(&[(
            "immich",
            json!([{ "toFQDNs": goals }, { "toPorts": [{ "rules": { "dns": [{ "matchPattern": "*" }] } }] }]),
        )])
    };
    let finding = only(&pattern(&[]), id::EGRESS_WILDCARD);
    assert!(finding.cause.contains("neither for `example.org` nor for `a.b.example.org`"), "{finding:?}");
    assert_eq!(pattern(&[]).exit_code(), 0);
    for more in [json!({ "matchName": "example.org" }), json!({ "matchPattern": "**.example.org" })] {
        assert!(matches!(outcome(&pattern(&[more]), id::EGRESS_WILDCARD), Outcome::Pass { .. }));
    }
}

#[test]
fn a_cilium_that_serves_no_host_ports_is_told_before_anybody_looks_for_a_firewall() {
    let with = |config: Value| kept(&[], |evidence| cilium(evidence, 1, &config));
    let finding = only(
        &with(json!({ "kube-proxy-replacement": "false", "cni-chaining-mode": "none" })),
        id::EGRESS_HOSTPORT,
    );
    assert!(
        finding.cause.contains("`kubeProxyReplacement`") && finding.cause.contains("portmap"),
        "{finding:?}"
    );
    for config in [json!({ "kube-proxy-replacement": "true" }), json!({ "cni-chaining-mode": "portmap" })] {
        assert!(matches!(outcome(&with(config), id::EGRESS_HOSTPORT), Outcome::Pass { .. }));
    }
    let without = kept(&[], |_| ());
    assert!(!without.checks.iter().any(|check| check.id == id::EGRESS_HOSTPORT));
}
