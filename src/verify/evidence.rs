//! What was seen, as plain data. Everything may be missing: a judge then says "unknown".

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use jiff::Timestamp;
use serde::Serialize;

use crate::net::{
    Transport,
    cloudflare::{self, Record, Zone},
    dns::{AskError, Reply},
    http::{HttpAnswer, Scheme},
    tls::Served,
};

/// All that checks are judged by. The cluster room fills the first part, [`super::collect`] the rest.
#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    pub now: Timestamp,
    pub controller: Controller,
    /// Whether certificates from Let's Encrypt's staging environment are what the configuration asks for.
    pub staging: bool,
    pub nodes: Option<Vec<NodeSeen>>,
    pub ingresses: Option<Vec<IngressSeen>>,
    pub certificates: Option<Vec<CertificateSeen>>,
    /// The controller's answer to an unknown name, asked from inside the cluster.
    pub cluster_answer: Option<Result<HttpAnswer, String>>,
    pub owner: Option<Ownership>,

    pub provider: Option<Result<ProviderSeen, ProviderFailure>>,
    pub node_answers: Vec<NodeProbe>,
    /// Why the authoritative servers are not known, when they are not.
    pub no_authoritative: Option<String>,
    pub hosts: BTreeMap<String, HostSeen>,
}

impl Evidence {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            controller: Controller::IngressNginx,
            staging: false,
            nodes: None,
            ingresses: None,
            certificates: None,
            cluster_answer: None,
            owner: None,
            provider: None,
            node_answers: Vec::new(),
            no_authoritative: None,
            hosts: BTreeMap::new(),
        }
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
        Some(self.ingresses_of(host).any(|ingress| covers(&ingress.tls_hosts, host)))
    }

    /// The addresses that the Ingresses of a host have, sorted; they are what the record should hold.
    #[must_use]
    pub fn status_of(&self, host: &str) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> =
            self.ingresses_of(host).flat_map(|ingress| ingress.addresses.clone()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Which ingress controller the configuration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    IngressNginx,
    Traefik,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeSeen {
    pub name: String,
    pub ready: bool,
    /// Its internal addresses.
    pub addresses: Vec<IpAddr>,
}

/// An Ingress, whoever made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IngressSeen {
    pub namespace: String,
    pub name: String,
    pub class: Option<String>,
    pub hosts: Vec<String>,
    /// Whether it takes every name: then an unknown one does not end in the controller's 404.
    pub catch_all: bool,
    pub addresses: Vec<IpAddr>,
    /// The hosts that it asks a certificate for.
    pub tls_hosts: Vec<String>,
    pub tls_secret: Option<String>,
}

/// A Certificate of cert-manager.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CertificateSeen {
    pub namespace: String,
    pub name: String,
    pub hosts: Vec<String>,
    /// The Ready condition; `None` before there is one.
    pub ready: Option<bool>,
    pub reason: String,
    pub message: String,
    pub last_failure: Option<Timestamp>,
    pub failed_attempts: u32,
}

impl CertificateSeen {
    /// Whether it is for the host, by name or by wildcard.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        covers(&self.hosts, host)
    }
}

/// Whether one of the names is the host, or a wildcard for it.
fn covers(names: &[String], host: &str) -> bool {
    let parent = host.split_once('.').map(|(_, rest)| rest);
    names.iter().any(|name| name == host || name.strip_prefix("*.").is_some_and(|rest| Some(rest) == parent))
}

/// What external-dns was told, so that its TXT records can be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ownership {
    pub id: String,
    pub txt_prefix: String,
    pub wildcard_replacement: String,
}

/// The zone at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderSeen {
    pub zone: Zone,
    pub records: Vec<Record>,
}

/// Why the provider could not be asked, as text: the evidence outlives the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderFailure {
    pub message: String,
    pub hint: String,
    pub transient: bool,
    /// Nobody was reached: that says nothing about the token.
    pub unreachable: bool,
}

impl From<cloudflare::Error> for ProviderFailure {
    fn from(error: cloudflare::Error) -> Self {
        let unreachable = matches!(error, cloudflare::Error::Transport { .. });
        Self { message: error.to_string(), hint: error.hint(), transient: error.is_transient(), unreachable }
    }
}

/// An answer on a node's own address, to no name or to an unknown one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeProbe {
    pub node: String,
    pub address: SocketAddr,
    pub scheme: Scheme,
    pub named: bool,
    pub answer: Result<HttpAnswer, Transport>,
}

/// Everything about one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HostSeen {
    pub authoritative: Vec<Lookup>,
    pub public: Vec<Lookup>,
    /// What a program on this machine gets; `None` as long as the name is not published, for asking then would teach the
    /// resolver that it does not exist.
    pub system: Option<Result<Vec<IpAddr>, AskError>>,
    /// What the resolvers of this machine say themselves.
    pub system_servers: Vec<Lookup>,
    pub tls: Vec<Seen<Served>>,
    /// The service, asked at each node by name.
    pub http: Vec<Seen<HttpAnswer>>,
    /// The service, asked at the address that this machine resolves.
    pub end_to_end: Option<Result<HttpAnswer, Transport>>,
}

/// One server's answer about a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lookup {
    pub server: String,
    pub result: Result<Reply, AskError>,
}

/// What one node gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen<T> {
    pub node: String,
    pub address: SocketAddr,
    pub result: Result<T, Transport>,
}

/// The name to look a host up by: a wildcard stands for any name, so one is chosen.
#[must_use]
pub fn probe_name(host: &str) -> String {
    match host.strip_prefix("*.") {
        Some(rest) => format!("homelab-check.{rest}"),
        None => host.to_owned(),
    }
}
