//! The services of the house: an Ingress each, and what stands behind it if that is no Service of somebody else's.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use crate::config::{Backend, Config, Issuer, Protect, Service};
use crate::desired::authority::USAGES;
use crate::desired::issuer::{KEY, name_of, own_namespace};
use crate::desired::meta::{inventory_labels, named};
use crate::desired::object::{Component, Key, Object};
use crate::desired::{image, kind, outside};
use crate::evidence::local::NodeAddress;
use crate::facts::controllers::HSTS;
use crate::facts::names::{Host, hsts_map, tls_secret, users_secret};
use crate::facts::namespaces;
use crate::ingress::{class_of, traits_of};

/// Where homelab's own services live.
pub const NAMESPACE: &str = namespaces::HOMELAB;
const COMPONENT: Component = Component::Services;
/// How long a browser keeps to HTTPS after a visit, in seconds: 30 days. Whoever loses the certificate or the domain is locked out
/// that long, since browsers offer no way past a bad certificate then (RFC 6797, 12.1).
const MAX_AGE: u32 = 30 * 24 * 3600;

/// The Secret with those who may open `service`. `homelab protect` writes it: who they are stands nowhere else.
pub fn users(service: &Service) -> Key {
    let namespace = Some(service.namespace().to_owned());
    Key { kind: &kind::SECRET, namespace, name: users_secret(&service.name) }
}

/// Everything that `service` needs; `nodes` are those of the cluster, where they are known.
pub(super) fn objects(config: &Config, service: &Service, nodes: Option<&[NodeAddress]>) -> Vec<Object> {
    let namespace = service.namespace();
    let of_controller = traits_of(config.ingress.dialect).annotations_of_service;
    let mut annotations: BTreeMap<_, _> = of_controller(service).into_iter().collect();
    annotations.extend(service.annotations.clone());
    // What protects the service is not taken away by an annotation that stands there since before.
    annotations.extend((traits_of(config.ingress.dialect).annotations_of_protect)(
        (namespace, &service.name),
        &service.protect,
    ));
    let (backend, port) = match &service.backend {
        Backend::Cluster { service, port, .. } => (service.as_str(), *port),
        Backend::Address { port, .. }
        | Backend::Image { port, .. }
        | Backend::Local { port, .. }
        | Backend::Name { port, .. } => (service.name.as_str(), *port),
    };
    let mut objects: Vec<_> = ingress(
        config,
        namespace,
        &service.name,
        (&service.hosts, Some(service.issuer)),
        (backend, port),
        Path::All,
        annotations,
    )
    .into_iter()
    .collect();
    objects.extend(hsts(service));
    objects.extend(image::objects(service));
    objects.extend(outside::objects(service, nodes));
    objects
}

/// The header for browsers. It is there before the Ingress that names it: ConfigMaps are of an earlier stage.
fn hsts(service: &Service) -> Option<Object> {
    let keeps = service.protect.hsts?;
    let value = format!("max-age={}", if keeps { MAX_AGE } else { 0 });
    let map = ConfigMap {
        metadata: named(service.namespace(), &hsts_map(&service.name, keeps)),
        data: Some([(HSTS.to_owned(), value)].into()),
        ..ConfigMap::default()
    };
    Object::typed(COMPONENT, &map)
}

/// What keeps a page of homelab's own in the house, where anything of the lab leaves it.
pub(super) fn of_own_page(config: &Config, name: &str) -> BTreeMap<String, String> {
    let protect = Protect { from: config.own_pages_from().to_vec(), ..Protect::default() };
    (traits_of(config.ingress.dialect).annotations_of_protect)((NAMESPACE, name), &protect)
        .into_iter()
        .collect()
}

/// Which paths of a host lead to its backend.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path {
    /// Every one.
    All,
    /// `/` alone; the controller answers 404 to the others.
    Root,
}

/// An Ingress for `hosts`, whose certificate `issuer` signs, in front of `backend` (a Service's name and port). Without an issuer
/// it has no certificate, and the hosts are served without TLS.
pub(super) fn ingress(
    config: &Config,
    namespace: &str,
    name: &str,
    (hosts, issuer): (&[Host], Option<Issuer>),
    backend: (&str, u16),
    path: Path,
    mut annotations: BTreeMap<String, String>,
) -> Option<Object> {
    let tls = issuer.map(|issuer| {
        let secret_name = (!config.has_wildcard_for(hosts, issuer)).then(|| tls_secret(name));
        if secret_name.is_some() {
            annotations.extend(asking(config, namespace, issuer));
        }
        IngressTLS { hosts: Some(hosts.iter().map(Host::to_string).collect()), secret_name }
    });
    if tls.is_none() {
        annotations.extend(traits_of(config.ingress.dialect).annotations_without_redirect());
    }
    let path = HTTPIngressPath {
        path: Some("/".to_owned()),
        path_type: match path {
            Path::All => "Prefix",
            Path::Root => "Exact",
        }
        .to_owned(),
        backend: IngressBackend {
            service: Some(IngressServiceBackend {
                name: backend.0.to_owned(),
                port: Some(ServiceBackendPort { number: Some(i32::from(backend.1)), name: None }),
            }),
            resource: None,
        },
    };
    let rules = hosts.iter().map(|host| IngressRule {
        host: Some(host.to_string()),
        http: Some(HTTPIngressRuleValue { paths: vec![path.clone()] }),
    });
    let ingress = Ingress {
        metadata: ObjectMeta { annotations: Some(annotations), ..named(namespace, name) },
        spec: Some(IngressSpec {
            ingress_class_name: Some(class_of(config).to_owned()),
            tls: tls.map(|tls| vec![tls]),
            rules: Some(rules.collect()),
            ..IngressSpec::default()
        }),
        status: None,
    };
    Object::typed(COMPONENT, &ingress)
}
/// The annotations that ask cert-manager for a certificate of the Ingress' own.
fn asking(config: &Config, namespace: &str, issuer: Issuer) -> impl Iterator<Item = (String, String)> {
    // The labels by which prune finds the Secret when the service is gone.
    let template = json!({ "labels": inventory_labels(&config.dns.owner) });
    let usages = (issuer == Issuer::Ca).then(|| ("usages", USAGES.join(",")));
    let asked = match own_namespace(config, namespace, issuer) {
        Some(_) => "issuer",
        None => "cluster-issuer",
    };
    let all = [
        (asked, name_of(config, issuer).to_owned()),
        ("private-key-algorithm", KEY.0.to_owned()),
        ("private-key-size", KEY.1.to_string()),
        ("secret-template", template.to_string()),
    ];
    all.into_iter().chain(usages).map(|(key, value)| (format!("cert-manager.io/{key}"), value))
}
