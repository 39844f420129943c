//! The ClusterIssuers, and the wildcard certificate where one is wanted.

use serde::Serialize;
use serde_json::{Value, json};

use crate::config::{AcmeServer, Certificates, Config};
use crate::desired::meta::inventory_labels;
use crate::desired::object::{Component, Object};
use crate::ingress::traits_of;
use crate::provider;

/// Let's Encrypt's directory (letsencrypt.org, "ACME protocol").
const PRODUCTION: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Its staging environment's (letsencrypt.org, "Staging environment").
const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
/// The Certificate of `*.<domain>` and its Secret.
pub const WILDCARD_SECRET: &str = "wildcard-tls";
/// The keys of certificates: small, fast on a small machine, and known to every browser.
pub(super) const KEY: (&str, u32) = ("ECDSA", 256);
const COMPONENT: Component = Component::Issuer;

/// Every ClusterIssuer that homelab can make: production, staging, any other server.
pub const NAMES: [&str; 3] = ["letsencrypt", "letsencrypt-staging", "acme"];

/// The ClusterIssuer that Ingresses name.
pub fn issuer_name(config: &Config) -> &'static str {
    let [production, staging, other] = NAMES;
    match config.acme.server {
        AcmeServer::Production => production,
        AcmeServer::Staging => staging,
        AcmeServer::Other(_) => other,
    }
}

/// The directory of the ACME server that the services use.
pub fn server(config: &Config) -> &str {
    match &config.acme.server {
        AcmeServer::Production => PRODUCTION,
        AcmeServer::Staging => STAGING,
        AcmeServer::Other(server) => server,
    }
}

/// Where an issuer keeps its account's key: one for each server, since accounts are per server.
pub fn account_secret(issuer: &str) -> String {
    format!("{issuer}-account")
}

/// The issuers; `authority` is the PEM text of a private ACME server's signers.
pub(super) fn objects(config: &Config, authority: Option<&str>) -> Vec<Object> {
    let [production, staging, other] = NAMES;
    let mut issuers =
        vec![issuer(config, production, PRODUCTION, None), issuer(config, staging, STAGING, None)];
    if let AcmeServer::Other(server) = &config.acme.server {
        issuers = vec![issuer(config, other, server, authority)];
    }
    if config.certificates == Certificates::Wildcard {
        issuers.push(wildcard(config));
    }
    issuers.into_iter().flatten().collect()
}

fn issuer(config: &Config, name: &str, server: &str, authority: Option<&str>) -> Option<Object> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Acme<'a> {
        server: &'a str,
        email: &'a str,
        private_key_secret_ref: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        ca_bundle: Option<String>,
        solvers: Vec<Value>,
    }
    let mut solver = json!({ "dns01": (provider::traits_of(config.dns.provider).solver)(config) });
    if let Some(wait) = config.acme.propagation_wait {
        solver["waitInsteadOfSelfCheck"] = format!("{}s", wait.as_secs()).into();
    }
    let acme = Acme {
        server,
        email: &config.email,
        private_key_secret_ref: json!({ "name": account_secret(name) }),
        ca_bundle: authority.map(base64),
        solvers: vec![solver],
    };
    let body = json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": { "name": name },
        "spec": { "acme": acme },
    });
    Object::from_value(COMPONENT, body)
}

fn wildcard(config: &Config) -> Option<Object> {
    let names = [config.domain.to_string(), format!("*.{}", config.domain)];
    let body = json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": { "name": WILDCARD_SECRET, "namespace": traits_of(config.ingress.controller).namespace },
        "spec": {
            "secretName": WILDCARD_SECRET,
            "secretTemplate": { "labels": inventory_labels(&config.dns.owner) },
            "dnsNames": names,
            "issuerRef": { "name": issuer_name(config), "kind": "ClusterIssuer", "group": "cert-manager.io" },
            "privateKey": { "rotationPolicy": "Always", "algorithm": KEY.0, "size": KEY.1 },
        },
    });
    Object::from_value(COMPONENT, body)
}

/// Base64 as Kubernetes writes bytes: k8s-openapi has the encoder.
fn base64(text: &str) -> String {
    let bytes = k8s_openapi::ByteString(text.as_bytes().to_vec());
    serde_json::to_value(bytes).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
