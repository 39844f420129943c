//! The services of the house: an Ingress each, and what stands behind it if that lies outside the cluster.

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Service as CoreService, ServicePort, ServiceSpec};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::json;

use crate::config::{Backend, Certificates, Config, Service};
use crate::desired::issuer::{KEY, issuer_name};
use crate::desired::meta::{inventory_labels, named};
use crate::desired::object::{Component, Object};
use crate::facts::names::Host;
use crate::facts::namespaces;
use crate::ingress::traits_of;

/// Where homelab's own services live.
pub const NAMESPACE: &str = namespaces::HOMELAB;
const COMPONENT: Component = Component::Services;

/// The Secret that holds the certificate of the Ingress `name`.
pub fn tls_secret(name: &str) -> String {
    format!("{name}-tls")
}

/// The namespace of a service's Ingress: that of its backend, since an Ingress names Services of its own namespace only.
pub fn namespace(service: &Service) -> &str {
    match &service.backend {
        Backend::Cluster { namespace, .. } => namespace,
        Backend::Address { .. } | Backend::Name { .. } => NAMESPACE,
    }
}

/// Everything that `service` needs.
pub(super) fn objects(config: &Config, service: &Service) -> Vec<Object> {
    let namespace = namespace(service);
    let of_controller = traits_of(config.ingress.controller).annotations_of_service;
    let mut annotations: BTreeMap<_, _> = of_controller(service).into_iter().collect();
    annotations.extend(service.annotations.clone());
    let (backend, port) = match &service.backend {
        Backend::Cluster { service, port, .. } => (service.as_str(), *port),
        Backend::Address { port, .. } | Backend::Name { port, .. } => (service.name.as_str(), *port),
    };
    let mut objects: Vec<_> =
        ingress(config, namespace, &service.name, &service.hosts, (backend, port), Path::All, annotations)
            .into_iter()
            .collect();
    objects.extend(outside(service));
    objects
}

/// Which paths of a host lead to its backend.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path {
    /// Every one.
    All,
    /// `/` alone; the controller answers 404 to the others.
    Root,
}

/// An Ingress for `hosts` in front of `backend` (a Service's name and port).
pub(super) fn ingress(
    config: &Config,
    namespace: &str,
    name: &str,
    hosts: &[Host],
    backend: (&str, u16),
    path: Path,
    mut annotations: BTreeMap<String, String>,
) -> Option<Object> {
    let covered = |host: &Host| host.is_within(&config.domain) && dots(host) <= dots(&config.domain) + 1;
    let wildcard = config.certificates == Certificates::Wildcard && hosts.iter().all(covered);
    let secret_name = (!wildcard).then(|| tls_secret(name));
    if !wildcard {
        annotations.insert("cert-manager.io/cluster-issuer".to_owned(), issuer_name(config).to_owned());
        annotations.insert("cert-manager.io/private-key-algorithm".to_owned(), KEY.0.to_owned());
        annotations.insert("cert-manager.io/private-key-size".to_owned(), KEY.1.to_string());
        // The labels by which prune finds the Secret when the service is gone.
        let template = json!({ "labels": inventory_labels(&config.dns.owner) });
        annotations.insert("cert-manager.io/secret-template".to_owned(), template.to_string());
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
            ingress_class_name: Some(traits_of(config.ingress.controller).class.to_owned()),
            tls: Some(vec![IngressTLS {
                hosts: Some(hosts.iter().map(Host::to_string).collect()),
                secret_name,
            }]),
            rules: Some(rules.collect()),
            ..IngressSpec::default()
        }),
        status: None,
    };
    Object::typed(COMPONENT, &ingress)
}

/// The Service of something outside the cluster: without selector, with the address beside it, or the name itself.
fn outside(service: &Service) -> Vec<Object> {
    let name = service.name.as_str();
    let spec = |port: u16| ServiceSpec {
        ports: Some(vec![ServicePort {
            name: Some("http".to_owned()),
            port: i32::from(port),
            target_port: Some(IntOrString::Int(i32::from(port))),
            protocol: Some("TCP".to_owned()),
            ..ServicePort::default()
        }]),
        ..ServiceSpec::default()
    };
    let with_spec = |spec| CoreService { metadata: named(NAMESPACE, name), spec: Some(spec), status: None };
    let objects = match &service.backend {
        Backend::Cluster { .. } => Vec::new(),
        Backend::Address { address, port } => {
            vec![
                Object::typed(COMPONENT, &with_spec(spec(*port))),
                Object::typed(COMPONENT, &slice(name, *address, *port)),
            ]
        }
        Backend::Name { name, port } => {
            let external = ServiceSpec {
                type_: Some("ExternalName".to_owned()),
                external_name: Some(name.to_string()),
                ..spec(*port)
            };
            vec![Object::typed(COMPONENT, &with_spec(external))]
        }
    };
    objects.into_iter().flatten().collect()
}

fn slice(name: &str, address: IpAddr, port: u16) -> EndpointSlice {
    let labels =
        [("kubernetes.io/service-name", name), ("endpointslice.kubernetes.io/managed-by", "homelab")];
    EndpointSlice {
        metadata: ObjectMeta {
            labels: Some(labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
            ..named(NAMESPACE, name)
        },
        address_type: if address.is_ipv4() { "IPv4" } else { "IPv6" }.to_owned(),
        endpoints: Some(vec![Endpoint {
            addresses: vec![address.to_string()],
            conditions: Some(EndpointConditions { ready: Some(true), ..EndpointConditions::default() }),
            ..Endpoint::default()
        }]),
        ports: Some(vec![EndpointPort {
            name: Some("http".to_owned()),
            port: Some(i32::from(port)),
            protocol: Some("TCP".to_owned()),
            ..EndpointPort::default()
        }]),
    }
}

fn dots(host: &Host) -> usize {
    host.as_str().matches('.').count()
}
