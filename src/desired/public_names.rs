//! The records by which the internet finds what is reached from there: a Service that stands for their names alone, with the names
//! and the target in external-dns' own annotations, as those of `dns.hosts` (external-dns 0.22, source/service.go,
//! `generateEndpoints`). Only the external-dns at the provider reads it. What external-dns would make of the Ingress, a record of
//! the address in the house, it makes in the house alone: there the name keeps that address.

use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::config::Config;
use crate::desired::external_dns::{PROVIDER_ONLY, PUBLIC};
use crate::desired::meta::named;
use crate::desired::object::{Component, Object};
use crate::facts::names::Host;

/// The Service of `names`, whose records lead to `target`; nobody makes a record of it as long as that is not known. `more` are
/// further annotations for external-dns, without their prefix.
pub(super) fn service(
    config: &Config,
    (component, namespace, name): (Component, &str, &str),
    names: &[&Host],
    target: Option<&str>,
    more: &[(&str, &str)],
) -> Option<Object> {
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    let names = names.join(",");
    let own = [("hostname", Some(names.as_str())), ("target", target)];
    let all = own.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let annotations = all
        .chain(more.iter().copied())
        .map(|(key, value)| (format!("{}{key}", config.dns.annotation_prefix), value.to_owned()));
    let (label, value) = PROVIDER_ONLY;
    let service = Service {
        metadata: ObjectMeta {
            labels: Some([(label.to_owned(), value.to_owned())].into()),
            annotations: Some(annotations.collect()),
            ..named(namespace, name)
        },
        spec: Some(ServiceSpec { cluster_ip: Some("None".to_owned()), ..ServiceSpec::default() }),
        status: None,
    };
    Object::typed(component, &service)
}

/// Leaves the address of an Ingress to the house.
pub(super) fn mark(ingress: &mut Object) {
    let (label, value) = PUBLIC;
    ingress.map_at(&["metadata", "labels"]).insert(label.to_owned(), value.into());
}
