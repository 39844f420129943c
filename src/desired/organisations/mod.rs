//! Groups that share the cluster: for each an external-dns that reads its namespaces and writes into its zone, an Issuer in
//! each of these namespaces, and what keeps the names of one out of the reach of the others.

mod certificates;
mod guard;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec};

use crate::config::{Config, Issuer, Organisation};
use crate::desired::external_dns::{
    METRICS, NAMESPACE, Reads, arguments, container, deployment_of, measured, rule_of_nodes,
    rules_of_namespace,
};
use crate::desired::object::{Component, Object};
use crate::desired::secret::secret;
use crate::desired::{issuer, rbac};
use crate::facts::organisations as facts;
use crate::provider::{self, Credentials, traits_of};

/// The Secret of an organisation's external-dns, beside that of the lab's own.
#[must_use]
pub fn secret_name(organisation: &str) -> String {
    format!("{}-for-{organisation}", provider::SECRET)
}

/// The organisation whose external-dns has the Secret of this name.
#[must_use]
pub fn of_secret(name: &str) -> Option<&str> {
    name.strip_prefix(provider::SECRET)?.strip_prefix("-for-")
}

/// Every object of every organisation; their namespaces are those of `extra`. `credentials` are theirs, by their names,
/// `authority` the PEM text of a private ACME server's signers.
pub(super) fn objects(
    config: &Config,
    credentials: Option<&BTreeMap<String, Credentials>>,
    authority: Option<&str>,
    cluster_domain: &str,
) -> Vec<Object> {
    let mut objects = guard::objects(config, cluster_domain);
    for organisation in &config.organisations {
        let credentials = credentials.and_then(|all| all.get(&organisation.name));
        objects.extend(external_dns(config, organisation, credentials));
        for namespace in &organisation.namespaces {
            objects.extend(issuer_in(config, namespace, authority, credentials));
        }
    }
    objects
}

/// Its external-dns: one container for each namespace, since it reads one or all (external-dns 0.22, `--namespace`), with the
/// right to read these namespaces alone.
fn external_dns(
    config: &Config,
    organisation: &Organisation,
    credentials: Option<&Credentials>,
) -> Vec<Object> {
    let component = Component::ExternalDns;
    let (name, secret_name) = (facts::external_dns(&organisation.name), secret_name(&organisation.name));
    let containers = organisation.namespaces.iter().zip(METRICS..);
    let pod = PodSpec {
        service_account_name: Some(name.clone()),
        containers: containers
            .map(|(namespace, port)| reading(config, organisation, (namespace, &secret_name), port))
            .collect(),
        ..PodSpec::default()
    };
    let mut objects = rbac::account(component, NAMESPACE, &name, vec![rule_of_nodes()], Vec::new());
    for namespace in &organisation.namespaces {
        objects.extend(rbac::inside(component, namespace, NAMESPACE, &name, rules_of_namespace().to_vec()));
    }
    objects.extend(Object::typed(component, &deployment_of(&name, pod)));
    let data = credentials.map(Credentials::of_external_dns);
    objects.extend(secret(component, (NAMESPACE, &secret_name), data));
    objects
}

/// The container that reads one namespace; its metrics and its health are at `port`.
fn reading(
    config: &Config,
    organisation: &Organisation,
    (namespace, secret): (&str, &str),
    port: i32,
) -> Container {
    let provider = config.dns.provider;
    let own = (traits_of(provider).external_dns_arguments)(config);
    let owner = facts::owner(&config.dns.owner, &organisation.name, namespace);
    let mut arguments = arguments(config, &owner, (Reads::All, own), &format!(":{port}"));
    arguments.extend([format!("--namespace={namespace}"), format!("--domain-filter={}", organisation.zone)]);
    measured(container(config, namespace, (provider, secret), arguments), port)
}

/// The Issuer in a namespace, and what it meets the challenges with: an Issuer reads the Secrets of its own namespace.
fn issuer_in(
    config: &Config,
    namespace: &str,
    authority: Option<&str>,
    credentials: Option<&Credentials>,
) -> Vec<Object> {
    let zone = credentials.and_then(Credentials::zone_id);
    let issuer = issuer::in_namespace(config, namespace, authority, zone);
    let needs_secret = issuer.is_some() && config.dns.provider.facts().credential.is_some();
    let data = credentials.map(Credentials::of_cert_manager);
    let secret =
        needs_secret.then(|| secret(Component::Issuer, (namespace, provider::SECRET), data)).flatten();
    issuer.into_iter().chain(secret).collect()
}

/// The namespaces in which a certificate is asked of the organisation's own Issuer.
#[must_use]
pub fn asked(config: &Config) -> Vec<&str> {
    let services = config.services.iter().map(|one| (one.namespace(), one.issuer));
    let extra = config.extra_certificates.iter().map(|one| (one.namespace.as_str(), one.issuer));
    let mut asked: Vec<&str> = services
        .chain(extra)
        .filter(|(namespace, issuer)| *issuer == Issuer::Acme && config.organisation_in(namespace).is_some())
        .map(|(namespace, _)| namespace)
        .collect();
    asked.sort_unstable();
    asked.dedup();
    asked
}

#[cfg(test)]
mod tests;
