//! Definitions, programs, webhooks and issuers.

use serde_json::Value;

use super::super::injury;
use super::bare;
use crate::cases::doctor::{Ask, Injury};
use crate::cases::hands::Hands;
use crate::error::Result;
use crate::network::PODS;

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    injury(
        "a definition of cert-manager was deleted",
        "cm.crds",
        &["issuers.cert-manager.io", "missing"],
        |hands| hands.kubectl(&["delete", "crd", "issuers.cert-manager.io"]).map(drop),
        Hands::restore,
    ),
    Injury {
        name: "cert-manager's webhook is scaled to 0",
        id: "cm.pods",
        says: &["cert-manager-webhook", "scaled to 0"],
        ask: Ask::NODE,
        always: true,
        make: |hands| scale(hands, "cert-manager-webhook", 0),
        undo: |hands| scale(hands, "cert-manager-webhook", 1),
    },
    injury(
        "cert-manager's webhook is told to the API server without its authority",
        "cm.webhook",
        &["caBundle", "annotation"],
        |hands| {
            for kind in CONFIGURATIONS {
                hands.kubectl(&["annotate", kind, WEBHOOK, "cert-manager.io/inject-ca-from-secret-"])?;
                empty(hands, kind)?;
            }
            Ok(())
        },
        Hands::restore,
    ),
    injury(
        "cert-manager's cainjector hangs while the webhook's authority is emptied",
        "cm.webhook",
        &["caBundle", "cainjector"],
        |hands| {
            signal(hands, "cert-manager-cainjector", "STOP")?;
            CONFIGURATIONS.into_iter().try_for_each(|kind| empty(hands, kind))
        },
        |hands| {
            let words = [
                "-n",
                "cert-manager",
                "rollout",
                "status",
                "deployment/cert-manager-cainjector",
                "--timeout=120s",
            ];
            signal(hands, "cert-manager-cainjector", "CONT")?;
            hands.kubectl(&words).map(drop)
        },
    ),
    injury(
        "a firewall rejects the API server's calls to cert-manager's webhook",
        "cm.webhook",
        &["while dialing", "502", "a firewall rejects"],
        |hands| calls(hands, "-I"),
        |hands| calls(hands, "-D"),
    ),
    injury(
        "the ACME server refuses the issuer's e-mail address",
        "cm.issuer",
        &["e-mail address", "nobody at all"],
        |hands| change_issuer(hands, "email", "nobody at all"),
        Hands::restore,
    ),
    injury(
        "the issuer's server is no ACME server",
        "cm.issuer",
        &["404", "not an ACME directory", "github.com"],
        |hands| change_issuer(hands, "server", "https://github.com/no-acme-here"),
        Hands::restore,
    ),
];

const CONFIGURATIONS: [&str; 2] = ["mutatingwebhookconfiguration", "validatingwebhookconfiguration"];
const WEBHOOK: &str = "cert-manager-webhook";

fn scale(hands: &Hands, name: &str, replicas: u32) -> Result<()> {
    let deployment = format!("deployment/{name}");
    hands.kubectl(&["-n", "cert-manager", "scale", &deployment, &format!("--replicas={replicas}")])?;
    hands.kubectl(&["-n", "cert-manager", "rollout", "status", &deployment, "--timeout=60s"]).map(drop)
}

/// A rule in the way from the API server to the webhook's pod, which answers at once.
fn calls(hands: &Hands, how: &str) -> Result<()> {
    let rule =
        ["OUTPUT", "-d", PODS, "-p", "tcp", "--dport", "10250", "-j", "REJECT", "--reject-with=tcp-reset"];
    hands.node.run("iptables", &[&["-w", how][..], &rule].concat()).map(drop)
}

fn empty(hands: &Hands, kind: &str) -> Result<()> {
    let patch = r#"[{ "op": "remove", "path": "/webhooks/0/clientConfig/caBundle" }]"#;
    hands.kubectl(&["patch", kind, WEBHOOK, "--type=json", "-p", patch]).map(drop)
}

/// Sends a signal to the program in the pods of a Deployment, found by the pods' cgroups.
fn signal(hands: &Hands, name: &str, signal: &str) -> Result<()> {
    let pods = hands.get(&["pods", "-n", "cert-manager"])?;
    let pods = pods["items"].as_array().cloned().unwrap_or_default();
    let ours = |pod: &&Value| pod["metadata"]["name"].as_str().is_some_and(|pod| pod.starts_with(name));
    for pod in pods.iter().filter(ours) {
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        let script = r#"for found in $(grep -ls "$1" /proc/[0-9]*/cgroup); do
            pid=$(basename "$(dirname "$found")")
            if tr '\0' ' ' < "/proc/$pid/cmdline" | grep -q cainjector; then kill -"$2" "$pid"; fi
        done"#;
        hands.node.run("bash", &["-c", script, "bash", uid, signal])?;
    }
    Ok(())
}

/// Changes a field of the lab's issuer as its owner would, so that `homelab up` meets no conflict.
fn change_issuer(hands: &Hands, field: &str, value: &str) -> Result<()> {
    let mut issuer = bare(hands.get(&["clusterissuer", "acme"])?);
    issuer["spec"]["acme"][field] = value.into();
    let path = hands.config_file("issuer.json", &issuer.to_string())?.display().to_string();
    let words = ["apply", "--server-side", "--field-manager=homelab", "--force-conflicts", "-f", &path];
    hands.kubectl(&words).map(drop)
}
