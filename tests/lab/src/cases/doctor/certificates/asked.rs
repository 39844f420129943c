//! How certificates are asked for: by HTTP-01, of an issuer that is not there, or in a way that cert-manager does not take.

use serde_json::{Value, json};

use super::super::injury;
use super::{bare, guest, guest_leaves};
use crate::cases::doctor::Injury;
use crate::cases::doctor::names::clean_router;
use crate::cases::hands::{DOMAIN, Hands, eventually};
use crate::error::Result;

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    // cert-manager#3238, #5752, #2517.
    injury(
        "an Ingress uses an issuer of HTTP-01",
        "cm.challenge",
        &["HTTP-01 challenge of ClusterIssuer `http01`", "the internet cannot reach"],
        by_http,
        |hands| {
            guest_leaves(hands, "web")?;
            hands.kubectl(&["delete", "clusterissuer", "http01", "--ignore-not-found"])?;
            hands
                .kubectl(&["-n", "cert-manager", "delete", "secret", "http01-account", "--ignore-not-found"])
                .map(drop)
        },
    ),
    // cert-manager.io, Troubleshooting: "Referenced issuer not found".
    injury(
        "a ClusterIssuer is named as an Issuer",
        "cm.certificate",
        &["Issuer `homelab/acme`, which does not exist", "is a ClusterIssuer"],
        |hands| asks(hands, "local", &json!({ "cert-manager.io/issuer": "acme" })),
        |hands| guest_leaves(hands, "local"),
    ),
    injury(
        "the name of an issuer is mistyped",
        "cm.certificate",
        &["ClusterIssuer `amce`, which does not exist", "mistyped"],
        |hands| asks(hands, "typo", &json!({ "cert-manager.io/cluster-issuer": "amce" })),
        |hands| guest_leaves(hands, "typo"),
    ),
    // cert-manager, pkg/controller/certificate-shim/sync.go: "both ... may not be set".
    injury(
        "an Ingress names two issuers",
        "cm.certificate",
        &["ignores an Ingress with both"],
        |hands| {
            let both = json!({ "cert-manager.io/cluster-issuer": "acme", "cert-manager.io/issuer": "old" });
            asks(hands, "twice", &both)
        },
        |hands| guest_leaves(hands, "twice"),
    ),
];

/// A guest with these annotations.
fn asks(hands: &Hands, name: &str, annotations: &Value) -> Result<()> {
    let host = format!("{name}.{DOMAIN}");
    let backend = json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let ingress = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name, "namespace": "homelab", "annotations": annotations },
        "spec": { "ingressClassName": "nginx", "rules": [{ "host": host, "http": { "paths": [path] } }],
            "tls": [{ "hosts": [host], "secretName": format!("{name}-tls") }] } });
    hands.kubectl_apply(&format!("{name}.json"), &ingress.to_string()).map(drop)
}

/// The lab has no image of the solver: its pod stays without, which other checks tell of, too.
fn by_http(hands: &Hands) -> Result<()> {
    let mut issuer = bare(hands.get(&["clusterissuer", "acme"])?);
    issuer["metadata"] = json!({ "name": "http01" });
    issuer["spec"]["acme"]["privateKeySecretRef"]["name"] = "http01-account".into();
    issuer["spec"]["acme"]["solvers"] = json!([{ "http01": { "ingress": { "ingressClassName": "nginx" } } }]);
    hands.kubectl_apply("http01.json", &issuer.to_string())?;
    hands.kubectl(&["wait", "--for=condition=Ready", "clusterissuer/http01", "--timeout=60s"])?;
    // The name is there for a while already: cert-manager would ask for it at once, and the router remember its absence.
    guest(hands, "web", None)?;
    eventually("the record of the new name", 90, || {
        let found = hands.contents("A", &format!("web.{DOMAIN}"))?;
        Ok(if found.is_empty() { Err("there is none".to_owned()) } else { Ok(()) })
    })?;
    clean_router(hands)?;
    guest(hands, "web", Some("http01"))
}
