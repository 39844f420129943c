//! cert-manager, the authority and the certificates that are served.

pub(super) mod asked;
pub(in crate::cases) mod attempts;
pub(super) mod machinery;
pub(super) mod served;

use serde_json::{Value, json};

use crate::cases::hands::{DOMAIN, Hands};
use crate::error::Result;

/// An Ingress that homelab did not make, for `<name>.<domain>`, with the Secret `<name>-tls`; cert-manager is asked for a
/// certificate where an issuer is named.
pub(super) fn guest(hands: &Hands, name: &str, issuer: Option<&str>) -> Result<()> {
    let host = format!("{name}.{DOMAIN}");
    let backend = json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let mut ingress = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name, "namespace": "homelab" },
        "spec": { "ingressClassName": "nginx", "rules": [{ "host": host, "http": { "paths": [path] } }],
            "tls": [{ "hosts": [host], "secretName": format!("{name}-tls") }] } });
    if let Some(issuer) = issuer {
        ingress["metadata"]["annotations"] = json!({ "cert-manager.io/cluster-issuer": issuer });
    }
    hands.kubectl_apply(&format!("{name}.json"), &ingress.to_string()).map(drop)
}

/// Removes the Ingress; the Certificate goes with it, the Secret by hand.
pub(super) fn guest_leaves(hands: &Hands, name: &str) -> Result<()> {
    hands.kubectl(&["-n", "homelab", "delete", "ingress", name, "--ignore-not-found", "--wait=true"])?;
    let secret = format!("secret/{name}-tls");
    hands.kubectl(&["-n", "homelab", "delete", &secret, "--ignore-not-found", "--wait=true"]).map(drop)
}

/// The object without what the API server writes into it.
fn bare(mut object: Value) -> Value {
    if let Some(whole) = object.as_object_mut() {
        whole.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"] {
            metadata.remove(field);
        }
    }
    object
}
