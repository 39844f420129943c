//! A Service that stands for records alone: it has neither pods nor an address in the cluster, and names and target are external-dns'
//! own annotations (external-dns 0.22, source/service.go, `generateEndpoints`).

use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::config::Config;
use crate::desired::external_dns::Label;
use crate::desired::meta::named;

/// The annotation of external-dns that says where a record leads, without its prefix.
pub(super) const TARGET: &str = "target";

/// The Service `name` for the records of `hosts`, which lead to `target`; nobody makes a record of it as long as that is not known.
/// By `label`, an external-dns passes over it; `more` are further annotations, without their prefix.
pub(super) fn standing_for(
    config: &Config,
    (namespace, name): (&str, &str),
    label: Option<Label>,
    (hosts, target): (&str, Option<&str>),
    more: &[(&str, &str)],
) -> Service {
    let own = [("hostname", hosts)].into_iter().chain(target.map(|target| (TARGET, target)));
    let annotation = |(key, value): (&str, &str)| (annotation_key(config, key), value.to_owned());
    let labels = label.map(|(label, value)| [(label.to_owned(), value.to_owned())].into());
    Service {
        metadata: ObjectMeta {
            labels,
            annotations: Some(own.chain(more.iter().copied()).map(annotation).collect()),
            ..named(namespace, name)
        },
        spec: Some(ServiceSpec { cluster_ip: Some("None".to_owned()), ..ServiceSpec::default() }),
        status: None,
    }
}

/// An annotation of external-dns, with the prefix that the lab's reads.
pub(super) fn annotation_key(config: &Config, key: &str) -> String {
    format!("{}{key}", config.dns.annotation_prefix)
}
