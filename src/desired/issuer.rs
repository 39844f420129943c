//! The ClusterIssuers of ACME servers, and the wildcard certificate where one is wanted.

use serde::Serialize;
use serde_json::{Value, json};

use crate::config::{AcmeServer, Certificates, Config, ExtraCertificate, Issuer, Service};
use crate::desired::authority::{USAGES, signer_of};
use crate::desired::meta::inventory_labels;
use crate::desired::object::{Component, Key, Object};
use crate::desired::{challenge_server, kind};
use crate::facts::authority;
use crate::facts::names::tls_secret;
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

/// Every ClusterIssuer of an ACME server that homelab can make: production, staging, any other.
pub const NAMES: [&str; 3] = ["letsencrypt", "letsencrypt-staging", "acme"];

/// The ClusterIssuer that Ingresses name which say nothing else.
pub fn issuer_name(config: &Config) -> &'static str {
    name_of(config, config.issuer)
}

/// The ClusterIssuer behind a word of the configuration.
pub fn name_of(config: &Config, issuer: Issuer) -> &'static str {
    match issuer {
        Issuer::Acme => acme_name(config),
        Issuer::Ca => authority::ISSUER,
    }
}

/// The ClusterIssuers that something is asked of: those that others wait for.
pub fn asked(config: &Config) -> Vec<&'static str> {
    let acme = config.uses(Issuer::Acme).then(|| acme_name(config));
    let own = [authority::SELF_SIGNED, authority::ROOT, authority::ISSUER];
    acme.into_iter().chain(own.into_iter().filter(|_| config.uses(Issuer::Ca))).collect()
}

/// The ClusterIssuer of what lies in a Secret: its service's, its own, or that by which a part of the authority is signed.
pub fn of_secret(config: &Config, secret: &Key) -> &'static str {
    let is_at =
        |namespace: &str, name: &str| secret.name == name && secret.namespace.as_deref() == Some(namespace);
    let is_its = |service: &&Service| is_at(service.namespace(), &tls_secret(&service.name));
    let is_extra = |extra: &&ExtraCertificate| is_at(&extra.namespace, &extra.secret);
    let extra = config.extra_certificates.iter().find(is_extra).map(|extra| extra.issuer);
    let of_service = || config.services.iter().find(is_its).map(|service| service.issuer);
    let issuer = extra.or_else(of_service).unwrap_or(config.issuer);
    signer_of(&secret.name).unwrap_or_else(|| name_of(config, issuer))
}

fn acme_name(config: &Config) -> &'static str {
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

/// The directories of every ACME server at which there is to be an account.
pub(super) fn servers(config: &Config) -> Vec<&str> {
    match (&config.acme.server, email(config)) {
        (_, None) => Vec::new(),
        (AcmeServer::Other(server), _) => vec![server],
        (AcmeServer::Production | AcmeServer::Staging, _) => vec![PRODUCTION, STAGING],
    }
}

/// Whose accounts they are. Names that only the nodes know are nothing for an ACME server; without an address there is no account.
fn email(config: &Config) -> Option<&String> {
    let can_ask = !config.dns.provider.is_on_nodes() || config.dns.challenge_server.is_some();
    config.email.as_ref().filter(|_| can_ask)
}

/// Whether the directory is one of Let's Encrypt's.
pub(super) fn is_lets_encrypts(directory: &str) -> bool {
    [PRODUCTION, STAGING].contains(&directory)
}

/// Where an issuer keeps its account's key: one for each server, since accounts are per server.
pub fn account_secret(issuer: &str) -> String {
    format!("{issuer}-account")
}

/// Whether the issuers of an ACME server have the zone's id in them, which only the provider knows.
#[must_use]
pub fn names_zone(config: &Config) -> bool {
    dns01(config, None) != dns01(config, Some("id"))
}

/// The `dns01` part of a solver.
fn dns01(config: &Config, zone: Option<&str>) -> Value {
    match config.dns.challenge_server {
        Some(_) => challenge_server::solver(),
        None => (provider::traits_of(config.dns.provider).solver)(config, zone),
    }
}

/// The namespaced Issuer of an ACME server in a namespace of an organisation: it reads the Secrets there and no others, its
/// account's key among them. None without an address; `zone` is the id of the organisation's zone.
pub(super) fn in_namespace(
    config: &Config,
    namespace: &str,
    authority: Option<&str>,
    zone: Option<&str>,
) -> Option<Object> {
    let (email, name) = (config.email.as_ref()?, acme_name(config));
    let authority = authority.filter(|_| matches!(config.acme.server, AcmeServer::Other(_)));
    issuer(config, (email, zone), (Some(namespace), name, server(config)), authority)
}

/// The issuers; `authority` is the PEM text of a private ACME server's signers, `zone` the id of the provider's zone.
pub(super) fn objects(config: &Config, authority: Option<&str>, zone: Option<&str>) -> Vec<Object> {
    let [production, staging, other] = NAMES;
    let mut issuers = match (email(config), &config.acme.server) {
        (None, _) => Vec::new(),
        (Some(email), AcmeServer::Other(server)) => {
            vec![issuer(config, (email, zone), (None, other, server), authority)]
        }
        (Some(email), _) => vec![
            issuer(config, (email, zone), (None, production, PRODUCTION), None),
            issuer(config, (email, zone), (None, staging, STAGING), None),
        ],
    };
    if config.certificates == Certificates::Wildcard {
        issuers.push(wildcard(config));
    }
    issuers.into_iter().flatten().collect()
}

/// A ClusterIssuer, or an Issuer in a namespace.
fn issuer(
    config: &Config,
    (email, zone): (&str, Option<&str>),
    (namespace, name, server): (Option<&str>, &str, &str),
    authority: Option<&str>,
) -> Option<Object> {
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
    let mut solver = json!({ "dns01": dns01(config, zone) });
    if config.dns.challenge_zone.is_some() {
        // By default, cert-manager writes beside the name, whatever stands there (cert-manager v1.21: pkg/issuer/acme/dns/dns.go).
        solver["dns01"]["cnameStrategy"] = "Follow".into();
    }
    if let Some(wait) = config.acme.propagation_wait {
        solver["waitInsteadOfSelfCheck"] = format!("{}s", wait.as_secs()).into();
    }
    let acme = Acme {
        server,
        email,
        private_key_secret_ref: json!({ "name": account_secret(name) }),
        ca_bundle: authority.map(base64),
        solvers: vec![solver],
    };
    let mut body = json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": kind_in(namespace),
        "metadata": { "name": name },
        "spec": { "acme": acme },
    });
    if let Some(namespace) = namespace {
        body["metadata"]["namespace"] = namespace.into();
    }
    Object::from_value(COMPONENT, body)
}

fn wildcard(config: &Config) -> Option<Object> {
    let names = [config.domain.to_string(), format!("*.{}", config.domain)];
    let namespace = traits_of(config.ingress.controller).namespace;
    certificate(config, (namespace, WILDCARD_SECRET), &names, config.issuer)
}

/// A Certificate for programs, which has the name of its Secret.
pub(super) fn certificate(
    config: &Config,
    (namespace, name): (&str, &str),
    names: &[String],
    issuer: Issuer,
) -> Option<Object> {
    let mut body = json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "secretName": name,
            "secretTemplate": { "labels": inventory_labels(&config.dns.owner) },
            "dnsNames": names,
            "issuerRef": reference((own_namespace(config, namespace, issuer), name_of(config, issuer))),
            "privateKey": { "rotationPolicy": "Always", "algorithm": KEY.0, "size": KEY.1 },
        },
    });
    if issuer == Issuer::Ca {
        body["spec"]["usages"] = json!(USAGES);
    }
    Object::from_value(COMPONENT, body)
}

/// How a Certificate names an issuer: that of a namespace, or one of the cluster.
pub(super) fn reference((namespace, name): (Option<&str>, &str)) -> Value {
    json!({ "name": name, "kind": kind_in(namespace), "group": "cert-manager.io" })
}

fn kind_in(namespace: Option<&str>) -> &'static str {
    if namespace.is_some() { kind::ISSUER.kind } else { kind::CLUSTER_ISSUER.kind }
}

/// The namespace, where `issuer` is one of its own: an organisation's challenges are met by its own credential.
pub(super) fn own_namespace<'n>(config: &Config, namespace: &'n str, issuer: Issuer) -> Option<&'n str> {
    (issuer == Issuer::Acme && config.organisation_in(namespace).is_some()).then_some(namespace)
}

/// Base64 as Kubernetes writes bytes: k8s-openapi has the encoder.
fn base64(text: &str) -> String {
    let bytes = k8s_openapi::ByteString(text.as_bytes().to_vec());
    serde_json::to_value(bytes).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
