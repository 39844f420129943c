//! DNS asked as `dig` asks it: one question, one server, and what came back with nothing hidden by a cache.

mod ask;
mod authoritative;
mod doh;
mod system;
mod wire;
mod zone;

use serde::Serialize;

pub use ask::{ask, ask_counting, ask_once, ask_tcp};
pub use authoritative::{NameServer, ZoneServers, authoritative};
pub use doh::{Doh, doh};
pub use system::{ResolvConf, hosts_lines, look_up, parse_resolv_conf, system_resolvers};
pub use zone::{ZoneName, delegated, zone_of};

/// The record types that checks ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Free text, such as external-dns' word on who owns a record.
    Txt,
    /// A name server of a zone.
    Ns,
    /// The start of authority of a zone.
    Soa,
    /// Which authorities may issue certificates for a name.
    Caa,
    /// The name that this one is an alias of.
    Cname,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// With or without the final dot.
    pub name: String,
    /// The type of record wanted.
    pub kind: RecordType,
    /// Recursion desired: on for resolvers, off for authoritative servers.
    pub recurse: bool,
    /// Checking disabled: a validating resolver then gives what it would refuse (RFC 4035 section 3.2.2).
    pub unchecked: bool,
    /// Class CH: a question about the server itself, such as `version.bind` (RFC 4892).
    pub chaos: bool,
}

impl Question {
    /// A question for a resolver.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: RecordType) -> Self {
        Self { name: name.into(), kind, recurse: true, unchecked: false, chaos: false }
    }

    /// A question to a server about its own software. Many do not tell.
    #[must_use]
    pub fn version() -> Self {
        Self { chaos: true, ..Self::new("version.bind", RecordType::Txt) }
    }

    /// The same question with checking disabled.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }

    /// The same question for an authoritative server.
    #[must_use]
    pub fn authoritative(mut self) -> Self {
        self.recurse = false;
        self
    }
}
