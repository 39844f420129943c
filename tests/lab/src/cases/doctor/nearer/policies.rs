//! NetworkPolicies that kube-router enforces: what they keep out reads as refused, and the doctor names them before a firewall.

use serde_json::{Value, json};

use super::super::{Injury, injury};
use crate::cases::hands::{Hands, WHOAMI, eventually};
use crate::cluster::Policies;
use crate::command::output;
use crate::error::{Context, Result};
use crate::vantage::{Place, Vantage};

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    injury(
        "a NetworkPolicy keeps the ingress controller from a program",
        "apps.answer",
        &["NetworkPolicy `homelab/quiet`", "from the namespace `ingress-nginx`"],
        program,
        |hands| loud(hands, "homelab"),
    ),
    injury(
        "a NetworkPolicy keeps the API server from cert-manager's webhook",
        "cm.webhook",
        &["NetworkPolicy `cert-manager/quiet`", "10250"],
        webhook,
        |hands| loud(hands, "cert-manager"),
    ),
    injury(
        "a NetworkPolicy keeps the LAN from the ingress controller",
        "ingress.hostport",
        &["NetworkPolicy `ingress-nginx/quiet`", "a rule without `from`"],
        lan,
        |hands| loud(hands, "ingress-nginx"),
    ),
    injury(
        "a NetworkPolicy keeps pods from CoreDNS",
        "net.pod-dns",
        &["NetworkPolicy `kube-system/quiet`", "port 53"],
        names,
        |hands| loud(hands, "kube-system"),
    ),
    injury(
        "a NetworkPolicy keeps CoreDNS from its resolver",
        "net.pod-dns",
        &["NetworkPolicy `kube-system/quiet`", "forwards"],
        coredns,
        |hands| loud(hands, "kube-system"),
    ),
    injury(
        "a NetworkPolicy keeps external-dns in",
        "egress.needs",
        &["NetworkPolicy `external-dns/quiet`", "the API server"],
        external_dns,
        |hands| loud(hands, "external-dns").and_then(|()| begin(hands, "external-dns")),
    ),
];

const NAME: &str = "quiet";

/// As hardening guides have it (k3s documentation, "CIS Hardening Guide": NetworkPolicies), without its exceptions.
fn of_its_namespace() -> Value {
    json!({ "podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{ "from": [{ "podSelector": {} }] }] })
}

/// The engine, and a policy in a namespace.
fn quiet(hands: &Hands, namespace: &str, spec: &Value) -> Result<()> {
    Policies(&hands.run).start()?;
    let policy = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "namespace": namespace, "name": NAME }, "spec": spec });
    hands.kubectl_apply("quiet.json", &policy.to_string())?;
    eventually("kube-router to enforce the policy", 30, || {
        let on = |place| Vantage::find(&hands.run, place)?.run("iptables-save", &["-t", "filter"]);
        let rules = Place::NODES.map(on).into_iter().collect::<Result<String>>()?;
        let chain = format!("nw policy {NAME}");
        Ok(if rules.contains(&chain) { Ok(()) } else { Err(format!("no rule says `{chain}`")) })
    })
    .map(drop)
}

fn loud(hands: &Hands, namespace: &str) -> Result<()> {
    let deleted = hands.kubectl(&["delete", "networkpolicy", NAME, "-n", namespace, "--ignore-not-found"]);
    Policies(&hands.run).end()?;
    deleted.map(drop)
}

/// Connections that are open stay open, so the program begins anew.
fn program(hands: &Hands) -> Result<()> {
    quiet(hands, "homelab", &json!({ "podSelector": {}, "policyTypes": ["Ingress"] }))?;
    anew(hands, "homelab")
}

fn anew(hands: &Hands, namespace: &str) -> Result<()> {
    begin(hands, namespace)?;
    hands
        .kubectl(&["wait", "pod", "-n", namespace, "--all", "--for=condition=Ready", "--timeout=60s"])
        .map(drop)
}

/// The webhook moves to the other node: its own node always reaches it, and the API server may be there.
fn webhook(hands: &Hands) -> Result<()> {
    let namespace = ["-n", "cert-manager"];
    hands.kubectl(&["cordon", "node"])?;
    let moved = hands
        .kubectl(&[&["rollout", "restart", "deployment/cert-manager-webhook"][..], &namespace].concat())
        .and_then(|_| {
            let words = ["rollout", "status", "deployment/cert-manager-webhook", "--timeout=90s"];
            hands.kubectl(&[&words[..], &namespace].concat())
        });
    hands.kubectl(&["uncordon", "node"])?;
    moved?;
    let from = json!([{ "namespaceSelector": {} }]);
    let spec = json!({ "podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{ "from": from }] });
    quiet(hands, "cert-manager", &spec)
}

/// The client on the LAN reads it as refused.
fn lan(hands: &Hands) -> Result<()> {
    quiet(hands, "ingress-nginx", &of_its_namespace())?;
    eventually("the LAN to be refused", 30, || {
        let mut curl = hands.client.command("curl");
        curl.args(["--silent", "--verbose", "--max-time", "5", &format!("https://{WHOAMI}/")]);
        let said = output(&mut curl)?;
        let refused = said.status.code() == Some(7) && said.stderr.contains("Connection refused");
        Ok(if refused { Ok(()) } else { Err(format!("{}: {}{}", said.status, said.stdout, said.stderr)) })
    })
    .map(drop)
}

/// What has its answer asks no more, so a pod begins anew.
fn names(hands: &Hands) -> Result<()> {
    quiet(hands, "kube-system", &of_its_namespace())?;
    begin(hands, "external-dns")
}

fn begin(hands: &Hands, namespace: &str) -> Result<()> {
    hands.kubectl(&["delete", "pod", "-n", namespace, "--all", "--grace-period=1"]).map(drop)
}

fn coredns(hands: &Hands) -> Result<()> {
    let api = json!([{ "ports": [{ "port": 443 }, { "port": 6443 }] }]);
    let chosen = json!({ "matchLabels": { "k8s-app": "kube-dns" } });
    let spec = json!({ "podSelector": chosen, "policyTypes": ["Egress"], "egress": api });
    quiet(hands, "kube-system", &spec)
}

/// What it has open stays open, so it begins anew: in the same pod, since a new one connects before its rules are there.
fn external_dns(hands: &Hands) -> Result<()> {
    let namespace = "external-dns";
    quiet(hands, namespace, &json!({ "podSelector": {}, "policyTypes": ["Egress"] }))?;
    let pods = hands.get(&["pods", "-n", namespace])?;
    let pod = &pods["items"][0];
    let on = Place::NODES.into_iter().find(|place| pod["spec"]["nodeName"] == place.name());
    let container = pod["status"]["containerStatuses"][0]["containerID"].as_str().unwrap_or_default();
    let (on, container) = (on.context("a pod on a node")?, container.trim_start_matches("containerd://"));
    let words = ["-n", "k8s.io", "tasks", "kill", "--signal", "KILL", container];
    Vantage::find(&hands.run, on)?.run("ctr", &words).map(drop)
}
