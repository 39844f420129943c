//! DNS asked as `dig` asks it: one question, one server, and what came back with nothing hidden by a cache.

mod ask;
mod authoritative;
mod doh;
mod system;
mod wire;

use std::net::IpAddr;

use serde::Serialize;

pub use ask::ask;
pub use authoritative::{NameServer, authoritative};
pub use doh::{Doh, doh};
pub use system::{ResolvConf, look_up, parse_resolv_conf, system_resolvers};

use super::Transport;

/// The record types that checks ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    A,
    Aaaa,
    Txt,
    Ns,
    Soa,
    Caa,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub name: String,
    pub kind: Kind,
    /// Recursion desired: on for resolvers, off for authoritative servers.
    pub recurse: bool,
    /// Checking disabled: a validating resolver then gives what it would refuse (RFC 4035 section 3.2.2).
    pub unchecked: bool,
}

impl Question {
    /// A question for a resolver.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind, recurse: true, unchecked: false }
    }

    /// The same question for an authoritative server.
    #[must_use]
    pub fn authoritative(mut self) -> Self {
        self.recurse = false;
        self
    }
}

/// The response code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rcode {
    NoError,
    NxDomain,
    ServFail,
    Refused,
    Other(u16),
}

/// One record of an answer, its data as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    pub name: String,
    pub ttl: u32,
    pub data: Data,
}

/// The data of a record, as far as checks read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum Data {
    Address(IpAddr),
    Cname(String),
    Txt(String),
    Ns(String),
    Soa(Soa),
    Caa { tag: String, value: String },
    Other(String),
}

/// The start of authority; in a negative answer it says how long that answer may be kept (RFC 2308 section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Soa {
    pub zone: String,
    pub primary: String,
    pub serial: u32,
    pub minimum: u32,
    pub ttl: u32,
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reply {
    pub rcode: Rcode,
    pub authoritative: bool,
    pub answers: Vec<Record>,
    /// From the authority section.
    pub soa: Option<Soa>,
}

impl Reply {
    /// All addresses, sorted.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> = self.answers.iter().filter_map(Record::address).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// All texts, the strings of each record joined.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.answers.iter().filter_map(|record| match &record.data {
            Data::Txt(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The shortest time to live among the answers.
    #[must_use]
    pub fn ttl(&self) -> Option<u32> {
        self.answers.iter().map(|record| record.ttl).min()
    }

    /// How long this "there is no such thing" may still be kept: the lesser of the SOA's TTL and its minimum.
    #[must_use]
    pub fn negative_ttl(&self) -> Option<u32> {
        let negative =
            self.rcode == Rcode::NxDomain || (self.rcode == Rcode::NoError && self.answers.is_empty());
        self.soa.as_ref().filter(|_| negative).map(|soa| soa.ttl.min(soa.minimum))
    }
}

impl Record {
    /// The address, if this record is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.data {
            Data::Address(address) => Some(address),
            _ => None,
        }
    }
}

/// Why a server said nothing that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "failure", content = "detail", rename_all = "kebab-case")]
pub enum AskError {
    #[error("no answer in time")]
    Timeout,
    #[error("nothing listens on its DNS port")]
    Refused,
    #[error("unreachable: {0}")]
    Unreachable(String),
    #[error("`{0}` is not a name that DNS can hold")]
    BadName(String),
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
    #[error("{0}")]
    Other(String),
}

impl From<Transport> for AskError {
    fn from(failure: Transport) -> Self {
        match failure {
            Transport::Timeout => Self::Timeout,
            Transport::Refused => Self::Refused,
            Transport::Unreachable(why) => Self::Unreachable(why),
            other => Self::Other(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(rcode: Rcode, soa: Option<Soa>) -> Reply {
        Reply { rcode, authoritative: false, answers: vec![], soa }
    }

    fn soa(ttl: u32, minimum: u32) -> Option<Soa> {
        Some(Soa { zone: "example.com".into(), primary: "ns.example.com".into(), serial: 1, minimum, ttl })
    }

    #[test]
    fn a_negative_answer_lasts_as_long_as_the_lesser_of_ttl_and_minimum() {
        assert_eq!(empty(Rcode::NxDomain, soa(900, 1800)).negative_ttl(), Some(900));
        assert_eq!(empty(Rcode::NoError, soa(3600, 60)).negative_ttl(), Some(60));
    }

    #[test]
    fn without_a_soa_or_with_a_failure_there_is_no_negative_time_to_live() {
        assert_eq!(empty(Rcode::NxDomain, None).negative_ttl(), None);
        assert_eq!(empty(Rcode::ServFail, soa(1, 1)).negative_ttl(), None);
    }
}
