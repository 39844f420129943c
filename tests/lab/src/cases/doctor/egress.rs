//! What keeps pods in too little, or too much. No engine runs: all but one are read from the cluster.

use serde_json::{Value, json};

use super::{Ask, Injury, injury};
use crate::cases::egress::cilium;
use crate::cases::hands::{Hands, eventually};
use crate::cluster::Node;
use crate::error::Result;
use crate::image::PAUSE;

/// The configuration of the failures that need one.
const FILE: &str = "egress-doctor.yaml";
const NAMESPACE: &str = "default";
const ACTIVE: &[&str] = &["--active"];

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        ask: Ask { config: Some(FILE), ..Ask::NODE },
        ..injury(
            "k3s was told to enforce no policies, and the configuration keeps pods in",
            "egress.engine",
            &["`egress.default`", "--disable-network-policy", "node"],
            |hands| kept_in(hands, "lan").and_then(|()| switched_off(hands)),
            told_as_before,
        )
    },
    Injury {
        ask: Ask { config: Some(FILE), ..Ask::NODE },
        ..injury(
            "a rule is a name, and kube-router knows addresses alone",
            "egress.engine",
            &["api.example.org", "make Cilium the cluster's network"],
            |hands| kept_in(hands, "api.example.org"),
            |_| Ok(()),
        )
    },
    Injury {
        ask: Ask { config: Some(FILE), ..Ask::NODE },
        ..injury(
            "none of Cilium's agents is ready, and the configuration keeps pods in",
            "egress.engine",
            &["Cilium is installed, but none of its agents is ready"],
            |hands| kept_in(hands, "lan").and_then(|()| agents(hands, false)),
            no_agents,
        )
    },
    Injury {
        ask: Ask { config: Some(FILE), flags: ACTIVE, ..Ask::NODE },
        ..injury(
            "k3s' policy controller did not start, and the configuration keeps pods in",
            "egress.enforced",
            &["nobody enforces policies on node", "ipset"],
            |hands| kept_in(hands, "lan"),
            |_| Ok(()),
        )
    },
    injury(
        "a policy that denies everything keeps the ingress controller from the API server",
        "egress.needs",
        &["NetworkPolicy `ingress-nginx/deny`", "the API server"],
        |hands| deny(hands, "ingress-nginx"),
        |hands| allow(hands, "ingress-nginx"),
    ),
    injury(
        "a policy that denies everything keeps cert-manager from the API server",
        "egress.needs",
        &["NetworkPolicy `cert-manager/deny`", "the API server"],
        |hands| deny(hands, "cert-manager"),
        |hands| allow(hands, "cert-manager"),
    ),
    injury(
        "a policy that denies everything keeps external-dns from the API server",
        "egress.needs",
        &["NetworkPolicy `external-dns/deny`", "the API server"],
        |hands| deny(hands, "external-dns"),
        |hands| allow(hands, "external-dns"),
    ),
    injury(
        "a policy of Cilium's has a rule by name, and none lets it see what pods look up",
        "egress.dns-rule",
        &["CiliumNetworkPolicy `default/names`", "rules: { dns: [{ matchPattern"],
        |hands| by_name(hands, &json!([names("matchName", "api.example.org")])),
        cilium::forget,
    ),
    injury(
        "a pattern in a policy of Cilium's is for less than it looks like",
        "egress.wildcard",
        &["`*.example.org`", "`**.example.org`"],
        |hands| by_name(hands, &json!([dns(), names("matchPattern", "*.example.org")])),
        cilium::forget,
    ),
    injury(
        "Cilium serves no host ports",
        "egress.hostport",
        &["kubeProxyReplacement", "80 and 443"],
        |hands| agents(hands, true),
        no_agents,
    ),
];

/// A configuration that keeps a namespace in, as somebody has it before the next `up`.
fn kept_in(hands: &Hands, egress: &str) -> Result<()> {
    hands.config_with(FILE, &format!("egress: {{ {NAMESPACE}: [{egress}] }}\n")).map(drop)
}

fn switched_off(hands: &Hands) -> Result<()> {
    let told = "k3s.io/node-args=[\"server\",\"--disable-network-policy\"]";
    hands.kubectl(&["annotate", "--overwrite", "node", "node", told]).map(drop)
}

fn told_as_before(hands: &Hands) -> Result<()> {
    Node::all(&hands.run)?.iter().try_for_each(Node::annotate)
}

fn deny(hands: &Hands, namespace: &str) -> Result<()> {
    let policy = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "namespace": namespace, "name": "deny" },
        "spec": { "podSelector": {}, "policyTypes": ["Egress"] } });
    hands.kubectl_apply("deny.json", &policy.to_string()).map(drop)
}

fn allow(hands: &Hands, namespace: &str) -> Result<()> {
    hands.kubectl(&["delete", "networkpolicy", "deny", "-n", namespace, "--ignore-not-found"]).map(drop)
}

fn names(key: &str, name: &str) -> Value {
    json!({ "toFQDNs": [{ key: name }] })
}

fn dns() -> Value {
    json!({
        "toEndpoints": [{ "matchLabels": { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns" } }],
        "toPorts": [{ "ports": [{ "port": "53", "protocol": "ANY" }], "rules": { "dns": [{ "matchPattern": "*" }] } }],
    })
}

/// With Cilium's own definition; it goes with it.
fn by_name(hands: &Hands, egress: &Value) -> Result<()> {
    cilium::define(hands)?;
    let policy = json!({ "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
        "metadata": { "namespace": NAMESPACE, "name": "names" },
        "spec": { "endpointSelector": { "matchLabels": { "app": "nobody" } }, "egress": egress } });
    hands.kubectl_apply("names.json", &policy.to_string()).map(drop)
}

/// What stands for Cilium's agents: pods that have its label and do nothing, or none at all, and its configuration.
fn agents(hands: &Hands, ready: bool) -> Result<()> {
    let labels = json!({ "k8s-app": "cilium" });
    let nowhere = if ready { json!({}) } else { json!({ "lab/nowhere": "true" }) };
    let set = json!({ "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": "cilium", "namespace": "kube-system" },
        "spec": { "selector": { "matchLabels": labels }, "template": { "metadata": { "labels": labels },
            "spec": { "nodeSelector": nowhere, "terminationGracePeriodSeconds": 0,
                "containers": [{ "name": "agent", "image": PAUSE }] } } } });
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "cilium-config", "namespace": "kube-system" },
        "data": { "kube-proxy-replacement": "false" } });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [set, map] });
    hands.kubectl_apply("agents.json", &list.to_string())?;
    eventually("the agents to be counted", 60, || {
        let set = hands.get(&["daemonset", "-n", "kube-system", "cilium"])?;
        let (wanted, there) = (&set["status"]["desiredNumberScheduled"], &set["status"]["numberReady"]);
        Ok(if ready == (*there == 2) && wanted == there {
            Ok(())
        } else {
            Err(format!("{there} of {wanted}"))
        })
    })
    .map(drop)
}

fn no_agents(hands: &Hands) -> Result<()> {
    let words =
        ["delete", "-n", "kube-system", "--ignore-not-found", "daemonset/cilium", "configmap/cilium-config"];
    hands.kubectl(&words).map(drop)
}
