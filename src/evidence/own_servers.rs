//! The lab's own name servers, one on each node, and who asks them.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::evidence::dns::{AskError, Data, Reply};
use crate::evidence::{Evidence, Lookup};

/// What was seen where the nodes answer for the domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OwnServersSeen {
    /// The domain, which is the zone.
    pub zone: String,
    /// The name that the zone has for its server: who answers with it has asked one of them.
    pub name: String,
    /// Whether nobody else has the names of the domain; off where a provider's name servers have them for the world, too.
    pub alone: bool,
    /// That of each node that is ready.
    pub servers: Vec<OwnServer>,
    /// The names that are no services, as each of them has them.
    pub hosts: Vec<HouseHostSeen>,
    /// What each resolver of this machine says of the zone's name servers; empty when none could be asked.
    pub resolvers: Vec<Lookup>,
    /// The addresses that public resolvers have for the domain, which should have none there; empty when they were not asked.
    pub public: Vec<Lookup>,
}

/// A name of `dns.hosts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HouseHostSeen {
    /// The whole name.
    pub name: String,
    /// The addresses that the configuration gives it, sorted.
    pub wanted: Vec<IpAddr>,
    /// What the nodes' servers say, each by the node's name.
    pub seen: Vec<Lookup>,
}

/// One node's server, asked at the node's own address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnServer {
    /// The name of the node.
    pub node: String,
    /// Its address, with the port.
    pub address: SocketAddr,
    /// The zone's start of authority.
    pub soa: Result<Reply, AskError>,
    /// Its answer to a name that is none of its own, which it should refuse.
    pub stranger: Result<Reply, AskError>,
}

impl OwnServer {
    /// Whether it answers for the zone out of its own knowledge.
    #[must_use]
    pub fn has(&self, zone: &str) -> bool {
        self.soa.as_ref().is_ok_and(|reply| reply.authoritative && reply.begins(zone))
    }
}

impl OwnServersSeen {
    /// Whether a lookup was asked at a node's server.
    #[must_use]
    pub fn is_at_node(&self, lookup: &Lookup) -> bool {
        self.servers.iter().any(|server| server.node == lookup.server)
    }

    /// Whether one of them does not answer for the zone. A resolver may keep to that one until a program asks it again by the same
    /// message (dnsmasq 2.90, forward.c: only a retry goes to all servers), and is silent itself until then.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        self.servers.iter().any(|server| !server.has(&self.zone))
    }

    /// Whether all resolvers of this machine pass questions for the domain on to the nodes.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        !self.resolvers.is_empty() && self.resolvers.iter().all(|resolver| self.is_asked_by(resolver))
    }

    /// Whether a resolver passes questions for the domain on to the nodes.
    #[must_use]
    pub fn is_asked_by(&self, resolver: &Lookup) -> bool {
        is_by(resolver, &self.name)
    }
}

/// Whether the answer names this name server.
#[must_use]
pub fn is_by(lookup: &Lookup, server: &str) -> bool {
    let is_own = |data: &Data| matches!(data, Data::Ns(name) if name.eq_ignore_ascii_case(server));
    lookup.result.as_ref().is_ok_and(|reply| reply.answers.iter().any(|record| is_own(&record.data)))
}

impl Evidence {
    /// Whether a node answers for the domain, whatever the world does.
    #[must_use]
    pub fn has_house(&self) -> bool {
        self.own_servers.as_ref().is_some_and(|own| own.servers.iter().any(|server| server.has(&own.zone)))
    }

    /// Whether a node has answered for a host, whatever the world says.
    #[must_use]
    pub fn is_answered_in_house(&self, host: &str) -> bool {
        let (Some(own), Some(seen)) = (&self.own_servers, self.hosts.get(host)) else { return false };
        let has = |lookup: &Lookup| lookup.result.as_ref().is_ok_and(|reply| !reply.addresses().is_empty());
        seen.authoritative.iter().any(|lookup| own.is_at_node(lookup) && has(lookup))
    }
}
