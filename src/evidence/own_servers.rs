//! The lab's own name servers, one on each node, and who asks them.

use std::net::SocketAddr;

use serde::Serialize;

use crate::evidence::Lookup;
use crate::evidence::dns::{AskError, Data, Reply};

/// What was seen where the nodes are the name servers of the domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OwnServersSeen {
    /// The domain, which is the zone.
    pub zone: String,
    /// The name that the zone has for its server: who answers with it has asked one of them.
    pub name: String,
    /// That of each node that is ready.
    pub servers: Vec<OwnServer>,
    /// What each resolver of this machine says of the zone's name servers; empty when none could be asked.
    pub resolvers: Vec<Lookup>,
    /// The addresses that public resolvers have for the domain, which should have none there; empty when they were not asked.
    pub public: Vec<Lookup>,
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
        let is_its = |data: &Data| matches!(data, Data::Soa(soa) if soa.zone.eq_ignore_ascii_case(zone));
        self.soa
            .as_ref()
            .is_ok_and(|reply| reply.authoritative && reply.answers.iter().any(|record| is_its(&record.data)))
    }
}

impl OwnServersSeen {
    /// Whether a resolver passes questions for the domain on to the nodes.
    #[must_use]
    pub fn is_asked_by(&self, resolver: &Lookup) -> bool {
        let is_own = |data: &Data| matches!(data, Data::Ns(name) if name.eq_ignore_ascii_case(&self.name));
        resolver.result.as_ref().is_ok_and(|reply| reply.answers.iter().any(|record| is_own(&record.data)))
    }
}
