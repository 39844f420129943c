//! What DNS servers said.

use std::net::IpAddr;

use serde::Serialize;

use super::Transport;

/// The response code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rcode {
    /// The name exists, be it without a record of the type.
    #[default]
    NoError,
    /// The name does not exist, for no type at all.
    NxDomain,
    /// The server failed to find out, or refuses the zone's DNSSEC.
    ServFail,
    /// The server does not want to answer: not this question, or not this machine.
    Refused,
    /// Any other code, by its number.
    Other(u16),
}

/// One record of an answer, its data as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Whose record it is: lower case, without the final dot.
    pub name: String,
    /// Seconds that it may still be kept.
    pub ttl: u32,
    /// What the record says, by its type.
    pub data: Data,
}

/// The data of a record, as far as checks read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum Data {
    /// Of an A or AAAA record.
    Address(IpAddr),
    /// The name that this one is an alias of.
    Cname(String),
    /// The strings of one record, joined.
    Txt(String),
    /// The name of a name server.
    Ns(String),
    /// The start of authority of a zone.
    Soa(Soa),
    /// Which authority may issue certificates.
    Caa {
        /// `issue` or `issuewild` names an authority, `iodef` a contact (RFC 8659).
        tag: String,
        /// The authority's domain with its parameters, or the contact's URL.
        value: String,
    },
    /// Any other type, as it would stand in a zone file.
    Other(String),
}

/// The start of authority; in a negative answer it says how long that answer may be kept (RFC 2308 section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Soa {
    /// The name of the zone: lower case, without the final dot.
    pub zone: String,
    /// The name server where the zone is edited (MNAME).
    pub primary: String,
    /// Grows with each change of the zone.
    pub serial: u32,
    /// Seconds that a negative answer may be kept at most.
    pub minimum: u32,
    /// Seconds that this SOA record may still be kept.
    pub ttl: u32,
}

/// What a server said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// Whether the name exists, or why the server does not say.
    pub rcode: Rcode,
    /// Whether it comes from a server that holds the zone, not from a cache (the AA flag).
    pub authoritative: bool,
    /// The answer section, aliases on the way included.
    pub answers: Vec<Record>,
    /// From the authority section.
    pub soa: Option<Soa>,
    /// The NS records of the authority section: without an answer, the zone below that knows more.
    pub referral: Vec<Record>,
    /// The addresses of the additional section: glue, where the zone below is pointed to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub glue: Vec<Record>,
    /// Whether the server looks up what it does not know itself (the RA flag).
    pub recursive: bool,
    /// What the server says of why (RFC 8914); mostly nothing.
    pub extended: Vec<Extended>,
}

/// An extended DNS error: why an answer is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extended {
    /// From IANA's list, for example 15: Blocked.
    pub code: u16,
    /// The server's own words; mostly none.
    pub text: String,
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

    /// Whether it gives the start of authority of a zone out of the server's own knowledge, or with the word of one that has it.
    #[must_use]
    pub fn begins(&self, zone: &str) -> bool {
        self.start(zone).is_some()
    }

    /// That start of authority.
    #[must_use]
    pub fn start(&self, zone: &str) -> Option<&Soa> {
        self.answers.iter().find_map(|record| match &record.data {
            Data::Soa(soa) if soa.zone.eq_ignore_ascii_case(zone) => Some(soa),
            _ => None,
        })
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
    /// No attempt was answered within the time given.
    #[error("no answer in time")]
    Timeout,
    /// The machine is there, its DNS port is closed.
    #[error("nothing listens on its DNS port")]
    Refused,
    /// No route, or a router says no; the text says which.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// Never asked, for the name is too long or has characters that names cannot have.
    #[error("`{0}` is not a name that DNS can hold")]
    BadName(String),
    /// Something came that is no answer to the question; the text says why.
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
    /// Anything else, in words.
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
        Reply { rcode, soa, ..Reply::default() }
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
