//! What was seen, as plain data. Everything may be missing: a judge then says "unknown".

mod acme;
mod authority;
mod certificate;
mod challenges;
mod cluster;
mod config;
pub mod dial;
pub mod dns;
mod drift;
mod egress;
pub mod engine;
mod external_dns;
mod failure;
mod fault;
mod ground;
pub mod http;
mod ingress;
mod inside;
pub mod local;
mod machine;
mod names;
mod organisations;
mod own_servers;
pub mod ownership;
pub mod pod;
mod provider;
mod public;
pub mod redact;
mod reload;
mod service;
pub mod tls;
mod token;
mod transport;
mod trial;
mod tunnel;
mod view;
pub mod wildcard;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::Serialize;

use self::http::{HttpAnswer, Scheme};
use self::wildcard::WildcardRecord;
use crate::config::{Controller, Provider};
use crate::facts::names::covers;
use crate::facts::ownership::Ownership;

pub use acme::{AcmeSeen, DryRun, Issuance, SecretSeen, WebhookSeen};
pub use authority::{AuthoritySeen, Signer};
pub use certificate::{CertificateSeen, ExtraSeen};
pub use challenges::{ChainEnd, ChallengeSeen, ChallengesSeen, DelegationSeen, ParentSeen, ServerSeen};
pub use cluster::{
    Access, ApiFailure, ApiFault, Asked, COREDNS_CUSTOM, ClusterSeen, Listing, Objects, ServiceLookup,
    UnitSeen, WAITING_PODS, at, entries, typed,
};
pub use config::{ConfigSeen, ServiceSeen};
pub use drift::{Conflict, DriftSeen, Drifted};
pub use egress::{CILIUM_CONFIG, EgressSeen};
pub use external_dns::{ExternalDnsSeen, SyncSeen};
pub use failure::Failure;
pub use fault::{Fault, Permission};
pub use ground::{ForwardSeen, GroundSeen, ModulesSeen, MountSeen, Note, TELLING};
pub use ingress::{ControllerSeen, NodePort, ScratchFailure, ScratchSeen};
pub use inside::{InsideAnswer, InsideLookup, InsideName, InsideSeen};
pub use machine::{
    Cidr, Clock, ClockSeen, DhcpcdSeen, Disk, Linked, Listener, MachineSeen, ResolvSeen, Route, WildcardSeen,
};
pub use names::{
    AgainSeen, AroundSeen, HereSeen, HostSeen, Lookup, NamesSeen, Network, ResolverSeen, Signs, ZoneSeen,
    label,
};
pub use organisations::{AboveSeen, OrganisationSeen, TokenOwner};
pub use own_servers::{HouseHostSeen, OwnServer, OwnServersSeen, is_by};
pub use provider::{Account, AccountZone, Budget, Excess, Plan, ProviderFailure, ProviderSeen, Record, Zone};
pub use public::{Hairpin, PublicSeen, SeenBy};
pub use reload::{Refusal, Reload, ReloadSeen};
pub use service::{ready_endpoints, slices_of, waits_for_balancer};
pub use token::{CopyState, TokenCopy, TokenPlace, TokenProblem, TokenSeen};
pub use transport::Transport;
pub use trial::{NodeTrial, TrialSeen, Tried};
pub use tunnel::{Tunnel, TunnelRule, TunnelSeen};
pub use view::{View, has_rule, rules_for, selects};

/// All that checks are judged by. The cluster room fills the first part, [`crate::collect::network::collect`] the rest; `doctor` adds the
/// sections, each of which `up` leaves out.
#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    /// When it was looked: ages and remaining times count from here.
    pub now: Timestamp,
    /// Which provider the configuration names.
    pub dns: Provider,
    /// The host of the ACME server, where that stands in for a provider without an API in the internet.
    pub acme_host: Option<String>,
    /// Whether nothing beyond this network was asked, as `doctor --offline` wants it.
    pub offline: bool,
    /// Whose 404 an unknown name should get.
    pub controller: Controller,
    /// The class of the lab's Ingresses, where that is not the controller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Whether certificates from Let's Encrypt's staging environment are what the configuration asks for.
    pub staging: bool,
    /// All nodes, also those not ready; `None` when they were not read.
    pub nodes: Option<Vec<NodeSeen>>,
    /// Those of every namespace; `None` when they were not read.
    pub ingresses: Option<Vec<IngressSeen>>,
    /// Those of every namespace; `None` when they were not read.
    pub certificates: Option<Vec<CertificateSeen>>,
    /// Certificates that belong to no service, as the configuration asks for them.
    pub extra: Vec<ExtraSeen>,
    /// The controller's answer to an unknown name, asked from inside the cluster.
    pub cluster_answer: Option<Result<HttpAnswer, String>>,
    /// What each pod of the controller said last of loading its configuration; `None` when they were not asked.
    pub reloads: Option<Vec<ReloadSeen>>,
    /// How many seconds ago the timer ran that writes the nodes' addresses for the controller (`None`: never), or why that is not
    /// known; `None` where the controller writes them itself, and where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses_run: Option<Result<Option<i64>, String>>,
    /// When this run last wrote or removed something that the controller loads; `None` when it did not.
    pub written: Option<Timestamp>,
    /// `None` when external-dns is not part of this lab, or its flags are not known.
    pub owner: Option<Ownership>,
    /// Whether public DNS is to have no record of the lab, although a provider hosts the zone.
    pub unpublished: bool,
    /// The record that answers for names without one of their own; `None` where each has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wildcard: Option<WildcardRecord>,
    /// The lab's way out by a tunnel; `None` where no service takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tunnel: Option<TunnelSeen>,
    /// Where pods may connect to; `None` where the configuration keeps nobody in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<EgressSeen>,
    /// What is reached from the internet; `None` where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<PublicSeen>,
    /// Where public DNS leads for the challenges; `None` where they are met beside the names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenges: Option<ChallengesSeen>,
    /// The zones of organisations; none where the lab is one house's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<OrganisationSeen>,
    /// The zone as the provider lists it, or why it does not; `None` when it was not asked.
    pub provider: Option<Result<ProviderSeen, ProviderFailure>>,
    /// What each ready node answers to names that no Ingress has.
    pub node_answers: Vec<NodeProbe>,
    /// Why the authoritative servers are not known, when they are not.
    pub no_authoritative: Option<String>,
    /// The nodes' own name servers, and who asks them; `None` where the nodes do not answer for the domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_servers: Option<OwnServersSeen>,
    /// By the name of the host, `*.` included.
    pub hosts: BTreeMap<String, HostSeen>,
    /// What resolvers say about names around a host that they do not answer as the world does; at most one for each parent.
    pub around: Vec<AroundSeen>,
    /// What is the same for every host: the zone, the resolvers, this machine's place; `None` for `up`.
    pub names: Option<NamesSeen>,

    /// What was written; `None` for `up`, which ends early when it cannot be used.
    pub config: Option<ConfigSeen>,
    /// This machine, from its own files.
    pub machine: Option<MachineSeen>,
    /// What differs between the configuration and the cluster, or why that is not known; `None` when nobody looked.
    pub drift: Option<Result<DriftSeen, String>>,
    /// The objects, logs and answers of the cluster.
    pub cluster: Option<ClusterSeen>,
    /// The API token, by everything but its value.
    pub token: Option<TokenSeen>,
    /// What external-dns says of itself.
    pub external_dns: Option<ExternalDnsSeen>,
    /// The way of a certificate: webhook, authority, CAA.
    pub acme: Option<AcmeSeen>,
    /// The ingress controller, asked where it runs.
    pub ingress: Option<ControllerSeen>,
    /// The lab's own certificate authority; `None` when nothing is signed by it, or its Secrets were not to be read.
    pub authority: Option<AuthoritySeen>,
}

impl Evidence {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            dns: Provider::default(),
            acme_host: None,
            offline: false,
            controller: Controller::default(),
            class: None,
            staging: false,
            nodes: None,
            ingresses: None,
            certificates: None,
            extra: Vec::new(),
            cluster_answer: None,
            reloads: None,
            addresses_run: None,
            written: None,
            owner: None,
            unpublished: false,
            wildcard: None,
            tunnel: None,
            egress: None,
            public: None,
            challenges: None,
            organisations: Vec::new(),
            provider: None,
            node_answers: Vec::new(),
            no_authoritative: None,
            own_servers: None,
            hosts: BTreeMap::new(),
            around: Vec::new(),
            names: None,
            config: None,
            machine: None,
            drift: None,
            cluster: None,
            token: None,
            external_dns: None,
            acme: None,
            ingress: None,
            authority: None,
        }
    }

    /// The cluster, if its API server was asked, whatever came of it.
    #[must_use]
    pub fn asked_cluster(&self) -> Option<&ClusterSeen> {
        self.cluster.as_ref().filter(|cluster| cluster.version.is_some())
    }

    /// Why nothing was seen of Secrets and nothing was tried out; `None` when the kubeconfig's user may do more than read.
    #[must_use]
    pub fn reads_only(&self) -> Option<&'static str> {
        let access = self.cluster.as_ref()?.access.as_ref()?;
        access.reads_only.then_some(
            "this kubeconfig's user may only read, and no Secrets: `sudo homelab doctor` on a server looks at it",
        )
    }

    /// Whether public DNS is to have the names of the lab.
    #[must_use]
    pub fn is_in_public(&self) -> bool {
        !self.unpublished && !self.dns.is_on_nodes()
    }

    /// Whether neither homelab nor the nodes have anything to say of the names: the house has name servers of its own.
    #[must_use]
    pub fn is_named_elsewhere(&self) -> bool {
        self.is_zone_of_challenges() && self.own_servers.is_none()
    }

    /// The list of a resource, for example `pods` or `challenges.acme.cert-manager.io`; `None` when it was not read.
    #[must_use]
    pub fn objects(&self, resource: &str) -> Option<&[serde_json::Value]> {
        self.cluster.as_ref()?.objects.list(resource)
    }

    /// The Ingresses of a host.
    pub fn ingresses_of(&self, host: &str) -> impl Iterator<Item = &IngressSeen> {
        let host = host.to_owned();
        self.ingresses.iter().flatten().filter(move |ingress| ingress.hosts.contains(&host))
    }

    /// Whether an Ingress of the host asks for a certificate for it; `None` when the Ingresses were not read.
    #[must_use]
    pub fn wants_tls(&self, host: &str) -> Option<bool> {
        self.ingresses.as_ref()?;
        Some(self.ingresses_of(host).any(|ingress| ingress.tls_hosts.iter().any(|name| covers(name, host))))
    }

    /// Whether the Ingresses of a host have no TLS at all: what the controller shows to who asks by TLS says nothing of the host.
    #[must_use]
    pub fn is_without_tls(&self, host: &str) -> bool {
        let mut all = self.ingresses_of(host).peekable();
        all.peek().is_some()
            && all.all(|ingress| ingress.tls_hosts.is_empty() && ingress.tls_secret.is_none())
    }
}

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NodeSeen {
    /// The name of the Node object, which probes refer to.
    pub name: String,
    /// Whether its Ready condition is `True`; off also when it has none.
    pub ready: bool,
    /// Its internal addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether its pods have addresses of IPv6. Without them, ports of pods answer at its IPv4 addresses alone.
    pub ipv6_pods: bool,
}

/// An Ingress, whoever made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IngressSeen {
    /// The namespace that it and its Secret are in.
    pub namespace: String,
    /// Unique in the namespace.
    pub name: String,
    /// From `ingressClassName`, else the old annotation; `None` when it has neither.
    pub class: Option<String>,
    /// The hosts of its rules, wildcards included.
    pub hosts: Vec<String>,
    /// Whether it takes every name: then an unknown one does not end in the controller's 404.
    pub catch_all: bool,
    /// From its status, where the controller writes them; only IP addresses.
    pub addresses: Vec<IpAddr>,
    /// The name of a load balancer, where its status has one in place of an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balancer: Option<String>,
    /// The hosts that it asks a certificate for.
    pub tls_hosts: Vec<String>,
    /// The Secret of its first `tls` entry; `None` when it has none.
    pub tls_secret: Option<String>,
}

/// An answer on a node's own address, to no name or to an unknown one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeProbe {
    /// The name of the node.
    pub node: String,
    /// One of the node's own addresses, with the port.
    pub address: SocketAddr,
    /// Whether it was asked over TLS; the certificate is not checked.
    pub scheme: Scheme,
    /// Whether it was asked for an unknown name; off for the bare address.
    pub named: bool,
    /// What came back, or why nothing did.
    pub answer: Result<HttpAnswer, Transport>,
}

/// What one node gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen<T> {
    /// The name of the node.
    pub node: String,
    /// One of the node's own addresses, with the port.
    pub address: SocketAddr,
    /// What came back, or why nothing did.
    pub result: Result<T, Transport>,
}
