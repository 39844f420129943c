//! The fence around the names of each organisation, tried on the API server without writing anything.

use serde_json::{Value, json};

use super::super::hands::{DOMAIN, Hands, expect};
use crate::error::Result;

/// An Issuer of the namespace.
const OWN: (&str, &str) = ("Issuer", "acme");
/// The lab's own authority, as it signs for services.
const SIGNS: (&str, &str) = ("ClusterIssuer", "homelab-ca");

pub(super) fn ingress(namespace: &str, name: &str, host: Option<&str>) -> Value {
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": { "service": { "name": "program", "port": { "number": 80 } } } });
    let mut rule = json!({ "http": { "paths": [path] } });
    if let Some(host) = host {
        rule["host"] = format!("{host}.{DOMAIN}").into();
    }
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": name, "namespace": namespace, "annotations": {} },
        "spec": { "ingressClassName": "nginx", "rules": [rule] } })
}

fn with(mut object: Value, key: &str, value: &str) -> Value {
    object["metadata"]["annotations"][key] = value.into();
    object
}

/// A Certificate, with more in its `spec`.
fn certificate(namespace: &str, (kind, issuer): (&str, &str), name: &str, more: Value) -> Value {
    let mut made = json!({ "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": { "name": "try", "namespace": namespace },
        "spec": { "secretName": "try", "dnsNames": [name], "issuerRef": { "name": issuer, "kind": kind } } });
    for (key, value) in more.as_object().into_iter().flatten() {
        made["spec"][key] = value.clone();
    }
    made
}

/// What would give an organisation more than a name of its own from the lab's authority, whose root all devices trust.
fn of_authorities() -> Vec<(&'static str, Value)> {
    let own = format!("web.acme.{DOMAIN}");
    let asks = |more: Value| certificate("shop", SIGNS, &own, more);
    let asked_of = |issuer: &str| certificate("shop", ("ClusterIssuer", issuer), &own, json!({}));
    vec![
        ("an authority below the lab's", asks(json!({ "isCA": true }))),
        ("a key that may sign", asks(json!({ "usages": ["cert sign", "server auth"] }))),
        ("a key that may revoke", asks(json!({ "usages": ["crl sign"] }))),
        ("another's name in the subject", asks(json!({ "literalSubject": format!("CN=whoami.{DOMAIN}") }))),
        ("an address", asks(json!({ "ipAddresses": ["192.168.1.5"] }))),
        ("a URI", asks(json!({ "uris": [format!("https://whoami.{DOMAIN}")] }))),
        ("a mailbox", asks(json!({ "emailAddresses": [format!("ada@{DOMAIN}")] }))),
        (
            "a name of another form",
            asks(
                json!({ "otherNames": [{ "oid": "1.3.6.1.4.1.311.20.2.3", "utf8Value": format!("ada@{DOMAIN}") }] }),
            ),
        ),
        ("the lab's root", asked_of("homelab-ca-root")),
        ("what signs the lab's root", asked_of("homelab-ca-selfsigned")),
        ("the lab's ACME account", asked_of("acme")),
    ]
}

/// Whoever may write anything in his own namespace takes no name of another's.
pub(super) fn holds(hands: &Hands) -> Result<()> {
    let hostname = "external-dns.alpha.kubernetes.io/hostname";
    let own = || ingress("shop", "try", Some("try.acme"));
    let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "try", "namespace": "shop",
        "annotations": { hostname: format!("db.acme.{DOMAIN}, db.{DOMAIN}") } }, "spec": { "ports": [{ "port": 1 }] } });
    let request = json!({ "apiVersion": "cert-manager.io/v1", "kind": "CertificateRequest", "metadata": { "name": "try", "namespace": "shop" },
        "spec": { "request": "LS0t", "issuerRef": { "name": "acme", "kind": "ClusterIssuer", "group": "cert-manager.io" } } });
    let mut by_tls = own();
    by_tls["spec"]["tls"] = json!([{ "hosts": [format!("whoami.{DOMAIN}")], "secretName": "try" }]);
    let mut by_default = own();
    by_default["spec"]["defaultBackend"] =
        json!({ "service": { "name": "program", "port": { "number": 80 } } });
    let cases = [
        ("a name of the lab", ingress("shop", "try", Some("whoami"))),
        ("a name of another organisation", ingress("shop", "try", Some("wiki.globex"))),
        ("a name that only ends alike", ingress("shop", "try", Some("notacme"))),
        ("every name", ingress("shop", "try", None)),
        ("every name, by a default backend", by_default),
        ("another's name, by an annotation", with(own(), hostname, &format!("a.{DOMAIN}"))),
        (
            "another's name, by an alias",
            with(own(), "nginx.ingress.kubernetes.io/server-alias", &format!("whoami.{DOMAIN}")),
        ),
        (
            "every name, by an expression",
            with(own(), "nginx.ingress.kubernetes.io/server-alias", &format!("~^.*|x.acme.{DOMAIN}")),
        ),
        ("a certificate for another's name", by_tls),
        ("a name of an organisation, from elsewhere", ingress("default", "try", Some("web.acme"))),
        ("the organisation's own name, from elsewhere", ingress("homelab", "try", Some("acme"))),
        ("a Service with a name of the lab", service),
        (
            "a Certificate for a name of the lab",
            certificate("shop", SIGNS, &format!("whoami.{DOMAIN}"), json!({})),
        ),
        (
            "a Certificate for a Service of another namespace",
            certificate("shop", OWN, "db.bench.svc.cluster.local", json!({})),
        ),
        (
            "the organisation's own name, from elsewhere, in capitals",
            certificate("default", SIGNS, &format!("web.acme.{DOMAIN}").to_uppercase(), json!({})),
        ),
        (
            "the organisation's own name, from elsewhere, with its last dot",
            certificate("default", SIGNS, &format!("web.acme.{DOMAIN}."), json!({})),
        ),
        ("a request that nobody looked at", request),
    ];
    for (what, object) in cases.into_iter().chain(of_authorities()) {
        let file = hands.config_file("try.json", &object.to_string())?;
        let words = ["apply", "--server-side", "--dry-run=server", "-f", &file.display().to_string()];
        let said = hands.node.output("kubectl", &words)?;
        let by_policy = said.stderr.contains("homelab-organisations-");
        expect(!said.status.success() && by_policy, format!("{what}: {}{}", said.stdout, said.stderr))?;
    }
    let allowed = [
        own(),
        ingress("shop", "try", Some("acme")),
        ingress("default", "try", Some("stranger")),
        certificate("shop", OWN, &format!("*.acme.{DOMAIN}"), json!({})),
        certificate(
            "shop",
            SIGNS,
            "db.shop.svc.cluster.local",
            json!({ "usages": ["digital signature", "server auth"] }),
        ),
        certificate("shop", SIGNS, &format!("DB.acme.{DOMAIN}"), json!({})),
        certificate(
            "shop",
            OWN,
            &format!("db.acme.{DOMAIN}"),
            json!({ "isCA": true, "ipAddresses": ["10.0.0.1"] }),
        ),
        certificate("default", SIGNS, &format!("stranger.{DOMAIN}"), json!({ "ipAddresses": ["10.0.0.1"] })),
    ];
    for object in allowed {
        let file = hands.config_file("try.json", &object.to_string())?;
        hands.kubectl(&["apply", "--server-side", "--dry-run=server", "-f", &file.display().to_string()])?;
    }
    Ok(())
}
