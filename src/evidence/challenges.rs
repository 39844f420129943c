//! Challenges that are met in another zone than that of the names: where public DNS leads who looks for one.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::evidence::dns::{AskError, Reply};
use crate::evidence::{Evidence, Lookup};
use crate::facts::names::covers;

/// What was seen where the challenges are met elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChallengesSeen {
    /// The zone that the configuration names, or a name in it.
    pub zone: String,
    /// Whether a server of the lab's own has it, and not the provider.
    pub own: bool,
    /// Of each challenge; `None` when nobody beyond this network was asked.
    pub names: Option<Vec<ChallengeSeen>>,
    /// The lab's own server that should have the zone, and the way to it; `None` where the provider has it, or nobody beyond this
    /// network was asked.
    pub server: Option<DelegationSeen>,
}

impl Evidence {
    /// Whether the provider's zone is that of the challenges alone, and not that of the names.
    #[must_use]
    pub fn is_zone_of_challenges(&self) -> bool {
        self.challenges.as_ref().is_some_and(|challenges| !challenges.own)
    }

    /// Whether the challenges are met at a server of the lab's own, in a zone that no provider has.
    #[must_use]
    pub fn has_own_challenge_server(&self) -> bool {
        self.challenges.as_ref().is_some_and(|challenges| challenges.own)
    }
}

/// The way to the lab's own server, from the zone above on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DelegationSeen {
    /// The name of the server, as the configuration has it.
    pub name: String,
    /// Its public address; `None` where the configuration has a name that leads to it.
    pub address: Option<IpAddr>,
    /// Where it listens on its node.
    pub port: u16,
    /// What the zone above says, or why that is not known.
    pub parent: Result<ParentSeen, String>,
    /// What a public resolver gets for the zone's start of authority: it looks from outside. `None` when none was asked, as before the
    /// server is there.
    pub from_outside: Option<Lookup>,
    /// At its public address, asked from here: not every router leads back into its own house.
    pub public: Option<ServerSeen>,
    /// At its node.
    pub nodes: Vec<ServerSeen>,
}

/// What the servers of the zone above say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ParentSeen {
    /// That zone.
    pub zone: String,
    /// The name servers that they name for the zone, sorted.
    pub servers: Vec<String>,
    /// The addresses of the lab's own one, as they or, for a name elsewhere, a public resolver have them; sorted.
    pub addresses: Vec<IpAddr>,
}

/// One place where the server should be, asked by both ways that DNS has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerSeen {
    /// Where.
    pub at: SocketAddr,
    /// The zone's start of authority, by UDP.
    pub udp: Result<Reply, AskError>,
    /// The same by TCP.
    pub tcp: Result<Reply, AskError>,
    /// Its answer to a name that is none of its own, which it should refuse.
    pub stranger: Result<Reply, AskError>,
    /// A name of the house, and whether its addresses are told there: they are no business of the internet's. `None` at a node, and
    /// where the names are public.
    pub inside: Option<(String, bool)>,
}

impl DelegationSeen {
    /// Whether what is seen from outside is what the server at its node says: the way in leads to it. An answer that was kept on the
    /// way differs in its time to live alone.
    #[must_use]
    pub fn leads_in(&self, zone: &str) -> bool {
        let begins =
            |reply: &Reply| reply.start(zone).map(|soa| (soa.primary.clone(), soa.serial, soa.minimum));
        let seen = self.from_outside.as_ref().and_then(|lookup| begins(lookup.result.as_ref().ok()?));
        let own = self.nodes.iter().flat_map(|node| [&node.udp, &node.tcp]).flatten().filter_map(begins);
        seen.is_some_and(|seen| own.into_iter().any(|own| own == seen))
    }
}

impl ServerSeen {
    /// Whether it has the zone, by one of the ways at least.
    #[must_use]
    pub fn has(&self, zone: &str) -> bool {
        self.lacks(zone).contains(&None)
    }

    /// Why it does not have the zone, by UDP and by TCP: nobody answers so, or another server does; `None` where it has it. The lab's
    /// own never offers to look anything up, as a router's resolver does that passes its questions on.
    #[must_use]
    pub fn lacks(&self, zone: &str) -> [Option<String>; 2] {
        [&self.udp, &self.tcp].map(|said| match said {
            Ok(reply) if reply.authoritative && !reply.recursive && reply.begins(zone) => None,
            Ok(_) => Some("another name server answers".to_owned()),
            Err(why) => Some(why.to_string()),
        })
    }

    /// Whether anybody answers there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.udp.is_ok() || self.tcp.is_ok()
    }

    /// Whether it looks up names for everybody.
    #[must_use]
    pub fn is_resolver(&self) -> bool {
        let answers = |reply: &Reply| reply.recursive || !reply.answers.is_empty();
        self.stranger.as_ref().is_ok_and(answers)
    }
}

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChallengeSeen {
    /// Where an ACME server looks first.
    pub name: String,
    /// Where its CNAME record should lead.
    pub target: String,
    /// The names of certificates that it proves.
    pub proves: Vec<String>,
    /// The targets of the CNAME records, one after the other; empty where there is none.
    pub chain: Vec<String>,
    /// Whether a wildcard has led to the first of them; looked for only where that is no good one.
    pub by_wildcard: bool,
    /// How it ends.
    pub end: ChainEnd,
}

/// How a chain of CNAME records ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum ChainEnd {
    /// The last name has no CNAME record.
    Here {
        /// The zone that holds the last name, as public DNS has it; `None` where a resolver has answered, which does not tell.
        zone: Option<String>,
        /// Who said so.
        server: String,
    },
    /// It leads to a name that it came from, or is longer than anybody follows.
    Circle,
    /// It could not be followed further.
    Unknown {
        /// Why.
        why: String,
    },
}

impl ChallengesSeen {
    /// The one by which the certificate of a name is issued: of the name itself before that of a wildcard.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&ChallengeSeen> {
        let all = || self.names.iter().flatten();
        let itself = all().find(|one| one.proves.iter().any(|other| other.eq_ignore_ascii_case(name)));
        itself.or_else(|| all().find(|one| one.proves.iter().any(|other| covers(other, name))))
    }
}
