//! What is reached from the internet, and by which address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use super::Evidence;
use super::http::HttpAnswer;
use super::tls::Served;
use super::transport::Transport;

/// What is public of a lab, where anything is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PublicSeen {
    /// The hosts that are reached by a port of the router; those of a tunnel stand there ([`super::TunnelSeen`]).
    pub by_port: BTreeSet<String>,
    /// Whether the record of the first follows the lab's address.
    pub follows: bool,
    /// Whether visitors come by the provider's proxy.
    pub proxied: bool,
    /// Where the record is to lead, an address or a name; empty where it leads nowhere yet, `None` where that is not known.
    pub target: Option<String>,
    /// At which addresses the lab is seen, and by whom; empty where nobody was asked.
    pub seen: Vec<SeenBy>,
    /// The address that the router says it has on its other side; `None` where it does not say.
    pub router: Option<Ipv4Addr>,
    /// What this machine gets at the public address, by each host; empty where it was not asked.
    pub hairpin: BTreeMap<String, Hairpin>,
}

/// Who was asked at which address he sees the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenBy {
    /// Who.
    pub url: String,
    /// The address, or why he did not say.
    pub address: Result<Ipv4Addr, Transport>,
}

/// A host, asked for at the public address from inside the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hairpin {
    /// The address.
    pub address: IpAddr,
    /// The certificate there.
    pub tls: Result<Served, Transport>,
    /// The answer there.
    pub http: Result<HttpAnswer, Transport>,
}

impl PublicSeen {
    /// The addresses at which the lab is seen.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.seen.iter().filter_map(|seen| seen.address.as_ref().ok().copied())
    }
}

impl Evidence {
    /// The addresses that the Ingresses of a host have, sorted; they are what the record should hold.
    #[must_use]
    pub fn status_of(&self, host: &str) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> =
            self.ingresses_of(host).flat_map(|ingress| ingress.addresses.clone()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether the host is reached from the internet, so that its record is not that of its Ingress.
    #[must_use]
    pub fn is_public(&self, host: &str) -> bool {
        self.by_port(host).is_some() || self.tunnel_of(host).is_some()
    }

    /// What is public of the lab, if the host is reached by a port of the router.
    #[must_use]
    pub fn by_port(&self, host: &str) -> Option<&PublicSeen> {
        self.public.as_ref().filter(|public| public.by_port.contains(host))
    }

    /// The addresses that the record of a host should hold: for one that a port of the router leads to, where that is; for every
    /// other one, what its Ingresses have. None is known for one whose record is a name.
    #[must_use]
    pub fn led_to(&self, host: &str) -> Vec<IpAddr> {
        match self.by_port(host) {
            Some(public) => public.target.iter().filter_map(|target| target.parse().ok()).collect(),
            None if self.tunnel_of(host).is_some() => Vec::new(),
            None => self.status_of(host),
        }
    }
}
