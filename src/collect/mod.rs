//! One look at everything: the configuration, this machine, the cluster, the provider, the names.

mod acme;
mod controller;
mod drift;
pub mod egress;
mod guard;
mod inside;
mod lab;
pub mod network;
mod parts;
mod proof;
mod public;
mod tunnel;
mod written;
mod zone;

use std::time::Duration;

use futures::future::OptionFuture;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::cluster::{self, Cluster};
use crate::collect::written::written;
use crate::collect::zone::Asked;
use crate::config::{self, AcmeServer, Backend, Config, Issuer, Provider};
use crate::desired::{external_dns, issuer, wildcard_record};
use crate::error::Error;
use crate::evidence::wildcard::WildcardRecord;
use crate::evidence::{
    AcmeSeen, AuthoritySeen, ChallengesSeen, Clock, ClockSeen, ClusterSeen, ControllerSeen, Evidence,
    ExtraSeen, HereSeen, IngressSeen, Issuance, Listing,
};
use crate::facts::cluster_domain::DEFAULT;
use crate::facts::{name_server, namespaces};
use crate::machine;
use crate::net::date;
use crate::plan::Snapshot;
use crate::provider;

pub use lab::Lab;
pub use network::{Organised, Probes, above, challenges_alone};
pub use parts::Parts;
pub use proof::{Known, look_after_up};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// The cluster and what runs in it; off before the first `up`.
    pub cluster: bool,
    /// The provider, public resolvers and everything else beyond the LAN.
    pub internet: bool,
    /// Probes that write: a scratch record, a scratch Ingress.
    pub active: bool,
    /// The limit of the whole look.
    pub within: Duration,
}

/// Looks once. Never fails: what cannot be seen is missing in the evidence, with the reason where there is one.
pub async fn look(
    lab: &Lab<'_>,
    loaded: Result<&Config, &Error>,
    scope: Scope,
    parts: &Parts<'_>,
) -> Evidence {
    let mut evidence = Evidence::new(Timestamp::now());
    let deadline = Instant::now() + scope.within;
    // An API server that does not answer leaves time for the names.
    let half = Instant::now() + scope.within / 2;
    evidence.config = Some(written(loaded));
    evidence.dns = loaded.map_or_else(|_| Provider::default(), |config| config.dns.provider);
    evidence.controller = loaded.map(|config| config.ingress.controller).unwrap_or_default();
    evidence.class = loaded.ok().and_then(|config| config.ingress.class.clone());
    let ports = loaded.map(local_ports).unwrap_or_default();
    let machine = tokio::task::spawn_blocking(move || machine::look(&ports));
    let acme = loaded.ok().and_then(acme::alone);
    evidence.acme_host = acme.and_then(acme::name_of);
    let dated = acme.unwrap_or(provider::words(evidence.dns).api);
    let internet = scope.internet.then(|| date::date(dated, scope.within / 4));
    let (found, mut asked, internet) = futures::join!(
        async {
            match scope.cluster {
                true => {
                    let found = in_cluster(lab, loaded.ok(), half);
                    Some(parts.during("the cluster", found).await)
                }
                false => None,
            }
        },
        async {
            match loaded {
                Ok(config) => Some(parts.during("the zone", Asked::ask(config, scope)).await),
                Err(_) => None,
            }
        },
        compared(Clock::Internet, internet),
    );
    evidence.machine = machine.await.ok();
    let mut acme = AcmeSeen::default();
    let mut clocks = Vec::from_iter(internet);
    let mut lives = None;
    let mut reached = None;
    if let Some(InCluster { cluster, seen, acme: issued, authority, clock, snapshot }) = found {
        (acme, lives) = (issued, snapshot);
        evidence.authority = authority;
        clocks.extend(clock);
        has_seen(&mut evidence, seen);
        if let Some(cluster) = cluster.filter(|_| evidence.nodes.is_some()) {
            if let (Some(asked), Ok(config)) = (asked.as_mut(), loaded) {
                asked.ask_cluster(&mut evidence, &cluster, config, half).await;
            }
            if let Ok(config) = loaded {
                public::begin(&mut evidence, config, Some(&cluster)).await;
            }
            controller::ask(&mut evidence, &cluster, half).await;
            reached = Some(cluster);
        }
    }
    if let Some(machine) = &mut evidence.machine {
        machine.clocks = clocks;
        let resolv = machine.resolv.clone().unwrap_or_default();
        machine.wildcards = network::wildcards(&resolv.servers, &resolv.search, scope.within / 4).await;
    }
    let (Ok(config), Some(asked)) = (loaded, asked) else {
        return evidence;
    };
    compares_with(&mut evidence, config);
    if let Some(seen) = &mut evidence.tunnel {
        if let Some(Ok(snapshot)) = &lives {
            tunnel::remembered(seen, config, snapshot);
        }
        if let (Some(client), Some(zone)) = (asked.reader(), asked.zone()) {
            parts.during("the tunnel", tunnel::ask(seen, client, &zone)).await;
        }
    }
    if evidence.public.is_none() {
        public::begin(&mut evidence, config, None).await;
    }
    evidence.acme = Some(AcmeSeen { wanted: issuance(config), ..acme });
    evidence.drift = lives.map(|lives| {
        let seen = (egress::placed(&evidence), evidence.objects("nodes"));
        let zones = (asked.zone(), asked.organisations.as_slice());
        drift::compare(config, &lives?, (zones.0.as_ref(), zones.1), seen, evidence.reads_only().is_some())
    });
    evidence.provider = asked.failure().map(Err);
    evidence.offline = !scope.internet;
    let mut probes = probes(config, &evidence, scope);
    probes.zone = asked.zone();
    probes.organisations.clone_from(&asked.organisations);
    probes.deadline = deadline.saturating_duration_since(Instant::now());
    let collected = network::collect(evidence, &probes, asked.reader());
    let mut evidence = parts.during("names, certificates and services", collected).await;
    if scope.internet && evidence.public.is_some() {
        parts.during("the lab's address on the internet", public::ask(&mut evidence, config)).await;
    }
    evidence.token = Some(asked.seen());
    if let Some(pods) = evidence.objects("pods") {
        let seen = inside::look(config, evidence.nodes.as_deref(), pods, deadline).await;
        evidence.cluster.iter_mut().for_each(|cluster| cluster.inside.clone_from(&seen));
    }
    if let Some(cluster) = &reached {
        controller::hear(&mut evidence, cluster, deadline).await;
    }
    if let Some(cluster) = reached.filter(|_| scope.active) {
        parts
            .during("a scratch Ingress", controller::try_scratch(lab, &cluster, config, &mut evidence))
            .await;
        if let Some(seen) = evidence.egress.as_mut().filter(|_| !cluster.reads_only()) {
            seen.trial = parts.during("policies", egress::try_policies(lab, &cluster, config)).await.ok();
        }
    }
    evidence
}

/// The ports of programs on a node, and of its name server.
fn local_ports(config: &Config) -> Vec<u16> {
    let port = |service: &config::Service| match service.backend {
        Backend::Local { port, .. } => Some(port),
        _ => None,
    };
    let name_server = config.house_zone().map(|_| name_server::PORT);
    config.services.iter().filter_map(port).chain(name_server).collect()
}

/// What was read of the cluster, and what follows from it alone.
fn has_seen(evidence: &mut Evidence, seen: ClusterSeen) {
    evidence.nodes = cluster::nodes(&seen.objects);
    evidence.ingresses = cluster::ingresses(&seen.objects);
    evidence.certificates = cluster::certificates(&seen.objects);
    evidence.cluster = Some(seen);
    evidence.ingress = Some(ControllerSeen::default());
}

/// The lab's own authority, where anything is signed by it and its Secrets may be read.
async fn authority(cluster: &Cluster, config: &Config) -> Option<AuthoritySeen> {
    let is_read = config.uses(Issuer::Ca) && !cluster.reads_only();
    OptionFuture::from(is_read.then(|| cluster.authority(&config.cert_manager.namespace))).await
}

/// What the configuration says that judges compare with.
fn compares_with(evidence: &mut Evidence, config: &Config) {
    evidence.dns = config.dns.provider;
    evidence.controller = config.ingress.controller;
    evidence.class.clone_from(&config.ingress.class);
    evidence.staging = config.acme.server == AcmeServer::Staging;
    evidence.extra = config.extra_certificates.iter().map(extra).collect();
    evidence.unpublished = !config.dns.publish && !config.dns.provider.is_on_nodes();
    let own = config.dns.challenge_server.is_some();
    let zone = config.dns.challenge_zone.as_ref();
    evidence.challenges =
        zone.map(|zone| ChallengesSeen { zone: zone.to_string(), own, ..ChallengesSeen::default() });
    evidence.owner = config.external_dns.then(|| external_dns::ownership(config));
    let cluster_domain = evidence.cluster_domain();
    evidence.tunnel = tunnel::wanted(config, cluster_domain.as_deref().unwrap_or(DEFAULT));
    evidence.egress = egress::wanted(config);
    evidence.wildcard = config.wildcard_record().map(|name| WildcardRecord {
        name,
        hosts: config.by_wildcard().iter().map(ToString::to_string).collect(),
    });
}

fn extra(extra: &config::ExtraCertificate) -> ExtraSeen {
    ExtraSeen {
        namespace: extra.namespace.clone(),
        secret: extra.secret.clone(),
        hosts: extra.names.clone(),
        by_authority: extra.issuer == Issuer::Ca,
    }
}

/// Which names are asked for, and whom; offline, nobody beyond the LAN.
fn probes(config: &Config, evidence: &Evidence, scope: Scope) -> Probes {
    let domain = config.zone_of_names();
    let mut probes = Probes::of(config, domain.to_string(), hosts(config, evidence));
    probes.survey = Some(HereSeen { networks: machine::networks(), asked: Vec::new() });
    if !scope.internet {
        (probes.resolvers, probes.doh) = (Vec::new(), Vec::new());
        (probes.world, probes.world_doh) = (Vec::new(), Vec::new());
    }
    probes
}

/// Every host that the configuration or an Ingress names, each once.
fn hosts(config: &Config, evidence: &Evidence) -> Vec<String> {
    let mut hosts: Vec<String> = config.hosts().iter().map(ToString::to_string).collect();
    let answering = |ingress: &&IngressSeen| !wildcard_record::is_its(&ingress.namespace, &ingress.name);
    let ingresses = evidence.ingresses.iter().flatten().filter(answering);
    for host in ingresses.flat_map(|ingress| &ingress.hosts) {
        if !hosts.contains(host) {
            hosts.push(host.clone());
        }
    }
    hosts
}

/// What the cluster says.
#[derive(Default)]
struct InCluster {
    /// `None` when there is no kubeconfig that can be used.
    cluster: Option<Cluster>,
    seen: ClusterSeen,
    acme: AcmeSeen,
    authority: Option<AuthoritySeen>,
    clock: Option<ClockSeen>,
    /// What lives of this lab, or why that is not known.
    snapshot: Option<Result<Snapshot, String>>,
}

async fn in_cluster(lab: &Lab<'_>, config: Option<&Config>, deadline: Instant) -> InCluster {
    match lab.connect().await {
        Ok(cluster) => {
            // A dry run needs the right to create, and the certificates lie beside their keys.
            let may_more = !cluster.reads_only();
            let controller = config.map(|config| config.ingress.controller).unwrap_or_default();
            let cert_manager =
                config.map_or(namespaces::CERT_MANAGER, |config| &config.cert_manager.namespace);
            let (seen, webhook, secrets, clock, snapshot, authority) = futures::join!(
                cluster.examine(controller, cert_manager, deadline),
                OptionFuture::from(may_more.then(|| cluster.ask_webhook())),
                OptionFuture::from(may_more.then(|| cluster.tls_secrets(deadline))),
                compared(Clock::ApiServer, Some(cluster.clock(deadline))),
                OptionFuture::from(config.map(|config| drift::snapshot(&cluster, config, deadline))),
                OptionFuture::from(config.map(|config| timeout_at(deadline, authority(&cluster, config)))),
            );
            let authority = authority.and_then(|in_time| in_time.ok().flatten());
            let mut seen = seen;
            if matches!(seen.version, Some(Err(_))) {
                seen.unit = tokio::task::spawn_blocking(machine::k3s_unit).await.ok().flatten();
            }
            let secrets = secrets.and_then(|read| match read {
                Ok(secrets) => Some(secrets),
                Err(why) => {
                    seen.objects.0.insert("secrets".to_owned(), Listing::Failed(why));
                    None
                }
            });
            let acme = AcmeSeen { webhook, secrets, ..AcmeSeen::default() };
            InCluster { cluster: Some(cluster), seen, acme, authority, clock, snapshot }
        }
        Err(failed) => {
            let seen = ClusterSeen { version: Some(Err(failed.into())), ..ClusterSeen::default() };
            InCluster { seen, ..InCluster::default() }
        }
    }
}

/// Another clock against this machine's, at the moment of its answer; `None` when it is not to be asked.
async fn compared<E: std::fmt::Display>(
    of: Clock,
    date: Option<impl Future<Output = Result<Timestamp, E>>>,
) -> Option<ClockSeen> {
    let said = date?.await.map_err(|error| error.to_string());
    Some(ClockSeen::new(of, said, Timestamp::now()))
}

/// How the configuration has certificates issued.
fn issuance(config: &Config) -> Issuance {
    let manager = &config.cert_manager;
    Issuance {
        managed: manager.manage,
        namespace: manager.namespace.clone(),
        issuer: issuer::issuer_name(config).to_owned(),
        server: issuer::server(config).to_owned(),
        email: config.email.clone().unwrap_or_default(),
        nameservers: config.acme.recursive_nameservers.clone(),
    }
}
