//! What servers say about names: about each host, and about themselves.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::Serialize;

use crate::evidence::dns::{AskError, Reply};
use crate::evidence::http::HttpAnswer;
use crate::evidence::tls::Served;
use crate::evidence::{NodeProbe, Seen, Transport};
use crate::facts::name_server;

/// Everything about one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HostSeen {
    /// From the servers that hold the zone; empty when none is known.
    pub authoritative: Vec<Lookup>,
    /// From public resolvers; empty as long as the name is not published.
    pub public: Vec<Lookup>,
    /// What a program on this machine gets; `None` as long as the name is not published, for asking then would teach the
    /// resolver that it does not exist.
    pub system: Option<Result<Vec<IpAddr>, AskError>>,
    /// What the resolvers of this machine say themselves; those behind a stub before the stub.
    pub system_servers: Vec<Lookup>,
    /// What resolvers that answered SERVFAIL say with DNSSEC checking disabled, by the same names.
    pub unchecked: Vec<Lookup>,
    /// The lines of `/etc/hosts` that have the name.
    pub hosts_lines: Vec<String>,
    /// The certificate, asked at each node by name.
    pub tls: Vec<Seen<Served>>,
    /// The service, asked at each node by name.
    pub http: Vec<Seen<HttpAnswer>>,
    /// The service, asked at the address that this machine resolves.
    pub end_to_end: Option<Result<HttpAnswer, Transport>>,
    /// The IPv6 addresses that one of the zone's servers has, asked where this machine gets some and nobody expects any.
    pub six: Option<Lookup>,
    /// On where there are so many names that others were asked for in its place: nothing was looked up then.
    pub left_out: bool,
}

impl HostSeen {
    /// When the certificate that is served ends; the first one where nodes differ, `None` when none was seen.
    #[must_use]
    pub fn not_after(&self) -> Option<Timestamp> {
        self.tls.iter().filter_map(|tls| tls.result.as_ref().ok()).map(|served| served.leaf.not_after).min()
    }
}

/// One server's answer about a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lookup {
    /// Its name, address or URL, as people are shown it.
    pub server: String,
    /// What it said, or why nothing that can be read.
    pub result: Result<Reply, AskError>,
}

/// What is the same for every host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NamesSeen {
    /// The zone in public DNS, or why it was not found; `None` when nobody was asked.
    pub zone: Option<Result<ZoneSeen, String>>,
    /// Those of `/etc/resolv.conf`; `None` when it could not be read.
    pub resolvers: Option<Vec<ResolverSeen>>,
    /// What came back from an address where no machine is (RFC 5737): a reply is somebody else's. `None`: not asked.
    pub nowhere: Option<Result<Reply, AskError>>,
    /// Where this machine is; `None` when it was not looked at.
    pub here: Option<HereSeen>,
}

/// The zone in public DNS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ZoneSeen {
    /// As the provider names it, else as the zones above say.
    pub name: String,
    /// The name servers that resolvers find; empty when there is no such zone.
    pub servers: Vec<String>,
    /// The name servers that the zone above refers to; `None` when it could not be asked.
    pub delegated: Option<Vec<String>>,
}

/// A resolver of this machine, asked for what has nothing to do with the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResolverSeen {
    /// Its address, as in every [`Lookup`] at it.
    pub server: String,
    /// The name servers of the zone, or of the root where no zone is known: no filter of addresses keeps those back.
    pub control: Result<Reply, AskError>,
    /// What gives it away; `None` when that was not asked, for it hides nothing.
    pub signs: Option<Signs>,
    /// How it answers the same question again, where the first datagram came back late or not at all; `None` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<AgainSeen>,
}

/// How a resolver answers one small question that it has just answered, by one datagram each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AgainSeen {
    /// How often it was asked.
    pub asked: u32,
    /// How many of these it answered.
    pub answered: u32,
    /// How many of its answers took longer than a second.
    pub late: u32,
}

/// What a resolver gives away about its make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Signs {
    /// Its answer to `version.bind`; `None` when it does not tell.
    pub version: Option<String>,
    /// The names that only one make of router answers with a private address, such as `fritz.box`.
    pub names: Vec<String>,
    /// The `Server` headers and the titles of the pages at its address.
    pub pages: Vec<String>,
}

/// What a resolver says about names around a host that it answers otherwise than the world: whether it passes questions on,
/// or answers for the whole domain by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AroundSeen {
    /// The resolver, as in every [`Lookup`] at it.
    pub server: String,
    /// The name above the host.
    pub parent: String,
    /// Its start of authority, which need not be the parent itself.
    pub soa: Result<Reply, AskError>,
    /// The addresses of a name below the parent that was made up on the spot.
    pub sibling: Result<Reply, AskError>,
    /// The addresses of a name of the internet that was made up on the spot; `None`: not asked.
    pub stranger: Option<Result<Reply, AskError>>,
}

/// The networks of this machine, and who answers at the addresses that the records name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HereSeen {
    /// Those that it is in without a router between.
    pub networks: Vec<Network>,
    /// Asked for a name that nobody has, only where the cluster could not say which addresses its nodes have.
    pub asked: Vec<NodeProbe>,
}

/// A network that this machine is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Network {
    /// For example `eth0`.
    pub interface: String,
    /// Its first address.
    pub address: std::net::Ipv4Addr,
    /// How many bits of it are the network's.
    pub prefix: u8,
}

impl Network {
    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(&self, address: std::net::Ipv4Addr) -> bool {
        let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
        u32::from(self.address) & mask == u32::from(address) & mask
    }
}

impl NamesSeen {
    /// The resolver that a lookup was asked at.
    #[must_use]
    pub fn resolver(&self, server: &str) -> Option<&ResolverSeen> {
        self.resolvers.iter().flatten().find(|resolver| resolver.server == server)
    }
}

/// A resolver by its address, with the port only where it is unusual.
#[must_use]
pub fn label(server: SocketAddr) -> String {
    match server.port() {
        name_server::PORT => server.ip().to_string(),
        _ => server.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_own_addresses() {
        let lan = Network { interface: "eth0".into(), address: [192, 168, 1, 0].into(), prefix: 24 };
        assert!(lan.contains([192, 168, 1, 77].into()) && !lan.contains([192, 168, 2, 77].into()));
        let all = Network { prefix: 0, ..lan };
        assert!(all.contains([8, 8, 8, 8].into()));
    }
}
