//! The lab's way out by a tunnel: what the provider has of it, and what the configuration wants.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Evidence, ProviderFailure};

/// A tunnel as the provider has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tunnel {
    /// The provider's id of it.
    pub id: String,
    /// Its name, which an account has once.
    pub name: String,
    /// Whether the provider keeps its rules; otherwise they stand in a file beside whoever opens it.
    pub remote: bool,
    /// How many connections are open now.
    pub connections: usize,
    /// Where it leads, in the order in which a visitor's host is looked for; empty as long as nobody asked.
    pub rules: Vec<TunnelRule>,
}

/// Where a tunnel leads the visitors of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TunnelRule {
    /// The host; none for a rule of every host.
    pub host: Option<String>,
    /// The path that it is about; none for all.
    pub path: Option<String>,
    /// Who answers.
    pub service: String,
    /// The name that his certificate has to be of.
    pub server_name: Option<String>,
    /// Whether any certificate will do.
    pub unchecked: bool,
}

/// What was seen of the lab's tunnel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TunnelSeen {
    /// Its name, as homelab gives it.
    pub name: String,
    /// The hosts that are to be reached by it.
    pub hosts: BTreeSet<String>,
    /// The rules that it should have.
    pub wanted: Vec<TunnelRule>,
    /// The id in the Secret that homelab wrote, if there is one; none where Secrets were not read, too.
    pub id: Option<String>,
    /// The name that the records lead to, as the lab's own Service for external-dns says.
    pub target: Option<String>,
    /// The tunnel (`Ok(None)`: there is none), or why it is not known; `None` when nobody asked.
    pub found: Option<Result<Option<Tunnel>, ProviderFailure>>,
}

impl Evidence {
    /// The tunnel, if the host is to be reached by it.
    #[must_use]
    pub fn tunnel_of(&self, host: &str) -> Option<&TunnelSeen> {
        self.tunnel.as_ref().filter(|tunnel| tunnel.hosts.contains(host))
    }
}
