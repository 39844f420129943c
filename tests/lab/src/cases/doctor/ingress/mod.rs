//! Ports 80 and 443, the controller and the Ingresses.

mod controller;
pub(in crate::cases) mod reload;
mod rules;
mod stale;

use serde_json::{Value, json};

pub(super) use controller::INJURIES as CONTROLLER_INJURIES;
pub(super) use reload::INJURIES as RELOAD_INJURIES;
pub(super) use rules::INJURIES as RULES_INJURIES;

use super::{Ask, Injury};
use crate::cases::hands::{DOMAIN, Hands};
use crate::error::Result;

const NAMESPACE: &str = "ingress-nginx";
const CONTROLLER: &str = "daemonset/ingress-nginx-controller";

/// An Ingress of the lab's own class for `name` below the domain, in front of the demo service.
fn ingress(name: &str) -> Value {
    let backend = json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": name, "namespace": "homelab" },
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{ "host": format!("{name}.{DOMAIN}"), "http": { "paths": paths } }],
        },
    })
}

fn apply(hands: &Hands, object: &Value) -> Result<()> {
    hands.kubectl_apply("injury.json", &object.to_string()).map(drop)
}

fn remove_ingress(hands: &Hands, name: &str) -> Result<()> {
    hands.kubectl(&["-n", "homelab", "delete", "ingress", name, "--ignore-not-found"]).map(drop)
}

/// Changes the controller's DaemonSet as a person would, by hand.
fn patch_controller(hands: &Hands, patch: &Value) -> Result<()> {
    hands.kubectl(&["-n", NAMESPACE, "patch", CONTROLLER, "--type=json", "-p", &patch.to_string()]).map(drop)
}

/// The DaemonSet as homelab makes it, unless the cure has brought it back already.
fn controller_anew(hands: &Hands) -> Result<()> {
    let live = hands.kubectl(&["-n", NAMESPACE, "get", CONTROLLER, "-o", "yaml", "--ignore-not-found"])?;
    if live.contains("kind: DaemonSet") && !live.contains("--nonsense") && !live.contains("disk: ssd") {
        return Ok(());
    }
    hands.kubectl(&["-n", NAMESPACE, "delete", CONTROLLER, "--ignore-not-found", "--wait=false"])?;
    hands.kubectl(&["-n", NAMESPACE, "delete", "pods", "--all", "--grace-period=1"])?;
    hands.restore()
}
