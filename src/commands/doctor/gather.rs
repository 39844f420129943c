//! One look at everything: the configuration, this machine, the cluster, the provider, the names.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::parts::Parts;
use crate::cli::Global;
use crate::cluster::{self, Cluster};
use crate::commands::token;
use crate::config::{self, AcmeServer, Config};
use crate::desired::{cert_manager, external_dns, ingress_nginx, issuer};
use crate::error::Result;
use crate::machine;
use crate::net::cloudflare::{Client, Zone};
use crate::verify::{
    self, AcmeSeen, ClusterSeen, ConfigSeen, Evidence, Failure, HereSeen, Issuance, Ownership, Probes,
    ProviderFailure,
};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Scope {
    /// The cluster and what runs in it; off before the first `up`.
    pub(in crate::commands) cluster: bool,
    /// The provider, public resolvers and everything else beyond the LAN.
    pub(in crate::commands) internet: bool,
    /// Probes that write: a scratch record, a scratch Ingress.
    pub(in crate::commands) active: bool,
    /// The limit of the whole look.
    pub(in crate::commands) within: Duration,
}

/// Looks once. Never fails: what cannot be seen is missing in the evidence, with the reason where there is one.
pub(in crate::commands) async fn look(global: &Global, scope: Scope, parts: &Parts<'_>) -> Evidence {
    let mut evidence = Evidence::new(Timestamp::now());
    let deadline = Instant::now() + scope.within;
    // An API server that does not answer leaves time for the names.
    let half = Instant::now() + scope.within / 2;
    let loaded = config::load(global.config.as_deref());
    evidence.config = Some(written(&loaded));
    let machine = tokio::task::spawn_blocking(machine::look);
    let provider = loaded.as_ref().ok().filter(|_| scope.internet).map(provider);
    let (found, zone) = futures::join!(
        async {
            match scope.cluster {
                true => Some(parts.during("the cluster", in_cluster(global, half)).await),
                false => None,
            }
        },
        parts.during("the zone", zone(provider.as_ref(), loaded.as_ref().ok(), scope.within / 2)),
    );
    evidence.machine = machine.await.ok();
    let mut acme = AcmeSeen::default();
    if let Some((cluster, seen, asked)) = found {
        acme = asked;
        evidence.nodes = cluster::nodes(&seen.objects);
        evidence.ingresses = cluster::ingresses(&seen.objects);
        evidence.certificates = cluster::certificates(&seen.objects);
        evidence.cluster = Some(seen);
        if let Some(cluster) = cluster.filter(|_| evidence.nodes.is_some()) {
            let selector = format!("app.kubernetes.io/name={}", ingress_nginx::CONTROLLER);
            let asked = timeout_at(half, cluster.ask_pod(ingress_nginx::NAMESPACE, &selector, 80)).await;
            evidence.cluster_answer = Some(asked.unwrap_or_else(|_| Err("no answer in time".to_owned())));
        }
    }
    let Ok(config) = loaded else {
        return evidence;
    };
    evidence.staging = config.acme.server == AcmeServer::Staging;
    evidence.acme = Some(AcmeSeen { wanted: issuance(&config), ..acme });
    evidence.owner = config.external_dns.then(|| Ownership {
        id: config.dns.owner.clone(),
        txt_prefix: external_dns::TXT_PREFIX.to_owned(),
        wildcard_replacement: external_dns::TXT_WILDCARD.to_owned(),
    });
    let (zone, client) = match zone {
        Some(Ok(zone)) => (Some(zone), provider.and_then(Result::ok)),
        Some(Err(failure)) => {
            evidence.provider = Some(Err(failure));
            (None, None)
        }
        None => (None, None),
    };
    evidence.offline = !scope.internet;
    let hosts = hosts(&config, &evidence);
    let domain = config.dns.zone.as_ref().unwrap_or(&config.domain);
    let mut probes = Probes::new(domain.to_string(), hosts);
    probes.zone = zone;
    probes.survey = Some(HereSeen { networks: machine::networks(), asked: Vec::new() });
    probes.deadline = deadline.saturating_duration_since(Instant::now());
    probes.resolvers = config.public_resolvers.iter().map(|address| SocketAddr::new(*address, 53)).collect();
    if config.public_resolvers != config::PUBLIC_RESOLVERS {
        probes.doh = Vec::new();
    }
    if !scope.internet {
        (probes.resolvers, probes.doh) = (Vec::new(), Vec::new());
    }
    parts
        .during("names, certificates and services", verify::collect(evidence, &probes, client.as_ref()))
        .await
}

/// Every host that the configuration or an Ingress names, each once.
fn hosts(config: &Config, evidence: &Evidence) -> Vec<String> {
    let mut hosts: Vec<String> = config.hosts().iter().map(ToString::to_string).collect();
    for host in evidence.ingresses.iter().flatten().flat_map(|ingress| &ingress.hosts) {
        if !hosts.contains(host) {
            hosts.push(host.clone());
        }
    }
    hosts
}

fn written(loaded: &Result<Config>) -> ConfigSeen {
    match loaded {
        Ok(config) => ConfigSeen {
            hosts: config.hosts().iter().map(ToString::to_string).collect(),
            ..ConfigSeen::default()
        },
        Err(error) => ConfigSeen { problem: Some(Failure::from(error)), ..ConfigSeen::default() },
    }
}

async fn in_cluster(global: &Global, deadline: Instant) -> (Option<Cluster>, ClusterSeen, AcmeSeen) {
    match Cluster::connect(global.kubeconfig.as_deref(), global.context.as_deref()).await {
        Ok(cluster) => {
            let (seen, webhook, secrets) = futures::join!(
                cluster.examine(deadline),
                cluster.ask_webhook(),
                cluster.tls_secrets(deadline)
            );
            (Some(cluster), seen, AcmeSeen { webhook: Some(webhook), secrets, ..AcmeSeen::default() })
        }
        Err(error) => {
            let seen = ClusterSeen { version: Some(Err(Failure::from(&error))), ..ClusterSeen::default() };
            (None, seen, AcmeSeen::default())
        }
    }
}

/// How the configuration has certificates issued.
fn issuance(config: &Config) -> Issuance {
    let manager = &config.cert_manager;
    Issuance {
        managed: manager.manage,
        namespace: if manager.manage {
            cert_manager::NAMESPACE.to_owned()
        } else {
            manager.namespace.clone()
        },
        issuer: issuer::issuer_name(config).to_owned(),
        server: issuer::server(config).to_owned(),
        email: config.email.clone(),
        nameservers: config.acme.recursive_nameservers.clone(),
    }
}

fn provider(config: &Config) -> Result<Client> {
    let token = token::read(config)?;
    Client::new(&token, None).map_err(|error| crate::error::Error::usage(error.to_string()))
}

/// The zone as the token sees it; `None` when nobody was asked.
async fn zone(
    provider: Option<&Result<Client>>,
    config: Option<&Config>,
    within: Duration,
) -> Option<std::result::Result<Zone, ProviderFailure>> {
    let config = config?;
    let client = match provider? {
        Ok(client) => client.clone().deadline(within),
        Err(error) => {
            let hint = error.hint.clone().unwrap_or_default();
            return Some(Err(ProviderFailure {
                message: error.what.clone(),
                hint,
                transient: false,
                unreachable: false,
            }));
        }
    };
    let domain = config.dns.zone.as_ref().unwrap_or(&config.domain);
    Some(client.check(domain.as_str()).await.map_err(ProviderFailure::from))
}
