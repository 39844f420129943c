//! external-dns: a record for each host of each Ingress, owned by a TXT record.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{Container, ContainerPort, EnvVar, Namespace, PodSpec, PodTemplateSpec};
use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::config::{Config, Policy};
use crate::desired::meta::{named, pods, secured};
use crate::desired::object::{Component, Object};
use crate::desired::pod::{
    absolute_names, env_secret, probe, requests, tolerations_of_one, unprivileged, unprivileged_pod,
};
use crate::desired::rbac::{READ, account, rule};
use crate::facts::namespaces;
use crate::facts::ownership::{Ownership, WILDCARD};
use crate::facts::pins::pins;
use crate::facts::providers::Provider;
use crate::ingress;
use crate::provider::{self, traits_of};

/// Where external-dns runs.
pub const NAMESPACE: &str = namespaces::EXTERNAL_DNS;
/// Its Deployment.
pub const NAME: &str = "external-dns";
/// In front of the host, so that a name at the zone's apex has its TXT record inside the zone too (external-dns,
/// docs/registry/txt.md: the record's type takes the place of the template).
pub const TXT_PREFIX: &str = "%{record_type}-homelab.";
/// The port of its metrics and its health.
pub const METRICS: i32 = 7979;
const COMPONENT: Component = Component::ExternalDns;
/// A label and its value.
pub(super) type Label = (&'static str, &'static str);
/// That of what is served in the house alone.
pub(super) const HOUSE_ONLY: Label = ("homelab/house-only", "true");
/// That of what the wildcard record answers for.
pub(super) const BY_WILDCARD: Label = ("homelab/by-wildcard", "true");
/// That of what has a record at the provider alone.
pub(super) const PROVIDER_ONLY: Label = ("homelab/provider-only", "true");

/// That of what another object has the public record of: see `public_record`.
pub(super) const BY_PUBLIC: Label = ("homelab/by-public-record", "true");

/// What an external-dns makes records of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reads {
    /// Every Ingress and Service.
    All,
    /// Those that have none of these labels.
    Without(Vec<Label>),
    /// Nothing: it deletes the records that it owns, and makes none (external-dns 0.22, source/empty.go).
    Nothing,
}

/// By what external-dns knows the records of this lab.
#[must_use]
pub fn ownership(config: &Config) -> Ownership {
    Ownership {
        id: config.dns.owner.clone(),
        txt_prefix: TXT_PREFIX.to_owned(),
        wildcard_replacement: WILDCARD.to_owned(),
    }
}

/// What the client of a provider reads: from its keys of the Secret of this name, and what is no secret.
fn environment(provider: Provider, secret: &str) -> Vec<EnvVar> {
    let traits = traits_of(provider);
    let of_secret = |(name, key): &(&str, &str)| env_secret(name, secret, key);
    let plain = |(name, value): &(&str, &str)| EnvVar {
        name: (*name).to_owned(),
        value: Some((*value).to_owned()),
        ..EnvVar::default()
    };
    let settings = traits.external_dns_settings.iter().map(plain);
    traits.external_dns_env.iter().map(of_secret).chain(settings).collect()
}

/// Every object of external-dns.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let namespace = Namespace { metadata: secured(NAMESPACE, "restricted"), ..Namespace::default() };
    let mut objects = account(COMPONENT, NAMESPACE, NAME, rules(), Vec::new());
    objects.extend(Object::typed(COMPONENT, &namespace));
    objects.extend(Object::typed(COMPONENT, &deployment(config)));
    objects
}

/// What it may read in the whole cluster.
pub(super) fn rules() -> Vec<PolicyRule> {
    let [ingresses, services, slices] = rules_of_namespace();
    vec![ingresses, services, rule_of_nodes(), slices]
}

/// What it reads of a namespace.
pub(super) fn rules_of_namespace() -> [PolicyRule; 3] {
    [
        rule("networking.k8s.io", &["ingresses"], READ),
        rule("", &["services", "pods"], READ),
        rule("discovery.k8s.io", &["endpointslices"], READ),
    ]
}

/// What lies in no namespace: for Services of type NodePort (external-dns 0.22, source/service.go).
pub(super) fn rule_of_nodes() -> PolicyRule {
    rule("", &["nodes"], &["list", "watch"])
}

fn deployment(config: &Config) -> Deployment {
    let provider = config.dns.provider;
    let own = (traits_of(provider).external_dns_arguments)(config);
    let mut arguments =
        arguments(config, &config.dns.owner, (published(config), own), &format!(":{METRICS}"));
    // What lies in the zone of an organisation is its own external-dns' alone.
    arguments.extend(config.organisations.iter().map(|one| format!("--exclude-domains={}", one.zone)));
    let container = measured(container(config, NAME, (provider, provider::SECRET), arguments), METRICS);
    let pod = PodSpec {
        service_account_name: Some(NAME.to_owned()),
        containers: vec![container],
        ..PodSpec::default()
    };
    deployment_of(NAME, pod)
}

/// A container of external-dns that writes at a provider, by the credential in the Secret of this name.
pub(super) fn container(
    config: &Config,
    name: &str,
    (provider, secret): (Provider, &str),
    arguments: Vec<String>,
) -> Container {
    Container {
        name: name.to_owned(),
        image: Some(pins().image("externalDns", &config.images)),
        args: Some(arguments),
        env: Some(environment(provider, secret)),
        resources: Some(requests("10m", "50Mi")),
        security_context: Some(unprivileged(65_532)),
        ..Container::default()
    }
}

/// The same container with its metrics and its health at a port.
pub(super) fn measured(container: Container, port: i32) -> Container {
    Container {
        ports: Some(vec![ContainerPort {
            name: Some("metrics".to_owned()),
            container_port: port,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        liveness_probe: Some(probe("/healthz", port, 10, 2)),
        readiness_probe: Some(probe("/healthz", port, 1, 6)),
        ..container
    }
}

/// One pod with such containers.
pub(super) fn deployment_of(name: &str, pod: PodSpec) -> Deployment {
    let (metadata, selector) = pods(name);
    let pod = PodSpec {
        security_context: Some(unprivileged_pod()),
        tolerations: Some(tolerations_of_one()),
        dns_config: Some(absolute_names()),
        ..pod
    };
    Deployment {
        metadata: named(NAMESPACE, name),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            selector,
            // It has no leader election: two at once would write over each other.
            strategy: Some(DeploymentStrategy {
                type_: Some("Recreate".to_owned()),
                ..DeploymentStrategy::default()
            }),
            template: PodTemplateSpec { metadata: Some(metadata), spec: Some(pod) },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// What of the lab has records at the provider.
fn published(config: &Config) -> Reads {
    match config.dns.publish {
        false => Reads::Nothing,
        true => {
            let hides_hosts = config.house_hosts().next().is_some() && !config.dns.publish_hosts;
            Reads::without([
                (hides_hosts, HOUSE_ONLY),
                (config.wildcard_record().is_some(), BY_WILDCARD),
                (config.has_public(), BY_PUBLIC),
            ])
        }
    }
}

impl Reads {
    /// Everything but what bears one of the labels that count.
    pub(super) fn without(labels: impl IntoIterator<Item = (bool, Label)>) -> Self {
        let labels: Vec<Label> =
            labels.into_iter().filter_map(|(counts, label)| counts.then_some(label)).collect();
        if labels.is_empty() { Self::All } else { Self::Without(labels) }
    }
}

/// Its arguments: what it reads, and those of the provider, are `reads` and `own`; what it writes is marked with `owner`, and its
/// metrics are at `metrics`.
pub(super) fn arguments(
    config: &Config,
    owner: &str,
    (reads, own): (Reads, Vec<String>),
    metrics: &str,
) -> Vec<String> {
    let policy = match (config.dns.policy, &reads) {
        // What is not to be published goes, whatever becomes of other records.
        (Policy::Sync, _) | (_, Reads::Nothing) => "sync",
        (Policy::UpsertOnly, _) => "upsert-only",
    };
    let mut arguments = match &reads {
        Reads::Nothing => vec!["--source=empty".to_owned()],
        Reads::All | Reads::Without(_) => vec![
            "--source=ingress".to_owned(),
            "--source=service".to_owned(),
            format!("--ingress-class={}", ingress::class_of(config)),
            format!("--annotation-prefix={}", config.dns.annotation_prefix),
        ],
    };
    if let Reads::Without(labels) = &reads {
        let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}!={value}")).collect();
        arguments.push(format!("--label-filter={}", labels.join(",")));
    }
    arguments.extend(own);
    arguments.extend([
        format!("--policy={policy}"),
        "--registry=txt".to_owned(),
        format!("--txt-owner-id={owner}"),
        format!("--txt-prefix={TXT_PREFIX}"),
        format!("--txt-wildcard-replacement={WILDCARD}"),
        // A dual-stack node would otherwise publish an IPv6 address that changes with the provider's prefix.
        "--managed-record-types=A".to_owned(),
        "--managed-record-types=CNAME".to_owned(),
        format!("--min-ttl={}s", config.dns.ttl),
        "--interval=1m".to_owned(),
        "--events".to_owned(),
        format!("--metrics-address={metrics}"),
        "--log-format=json".to_owned(),
    ]);
    arguments
}
