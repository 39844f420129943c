//! The rest of the internet: a few host names, their domains, the top-level domains and the root.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::json;

use super::lookup::View;
use crate::state::record::{Facts, Kind, Record};
use crate::state::zone::{Zone, is_within, plain};

/// The negative TTL of these domains: that of `com`.
const MINIMUM: u32 = 900;

/// Domains that never change.
pub(crate) struct Outside {
    domains: Vec<Domain>,
    /// Every domain and every zone: names that exist in the domains above them.
    known: Vec<String>,
    /// The name servers' own names.
    servers: BTreeSet<String>,
}

struct Domain {
    name: String,
    name_servers: Vec<String>,
    records: Vec<Record>,
}

impl Outside {
    /// The domains of these hosts, and of the zones' name servers at their addresses.
    pub(crate) fn new(
        hosts: &BTreeMap<String, Vec<IpAddr>>,
        zones: &[Zone],
        server_addresses: &[IpAddr],
    ) -> Self {
        let mut all: BTreeMap<String, Vec<IpAddr>> =
            hosts.iter().map(|(name, addresses)| (plain(name), addresses.clone())).collect();
        let mut servers = BTreeSet::new();
        for zone in zones {
            for (server, address) in zone.name_servers.iter().zip(server_addresses) {
                all.entry(server.clone()).or_insert_with(|| vec![*address]);
                servers.insert(server.clone());
            }
        }
        let names = || all.keys().map(String::as_str).chain(zones.iter().map(|zone| zone.name.as_str()));
        let mut apexes: BTreeSet<String> = all.keys().map(|name| last_labels(name, 2)).collect();
        apexes.extend(names().map(|name| last_labels(name, 1)));
        apexes.insert(String::new());
        let known = apexes.iter().cloned().chain(zones.iter().map(|zone| zone.name.clone()));
        let known = known.filter(|name| !name.is_empty()).collect();
        let mut domains: Vec<Domain> = apexes.into_iter().map(Domain::new).collect();
        for (name, addresses) in &all {
            if let Some(domain) = domains.iter_mut().find(|domain| domain.name == last_labels(name, 2)) {
                domain.records.extend(addresses.iter().map(|address| host(name, *address)));
            }
        }
        Self { domains, known, servers }
    }

    /// Is it a host that the configuration names, or a name server?
    pub(super) fn has_host(&self, name: &str) -> bool {
        self.domains.iter().flat_map(|domain| &domain.records).any(|record| record.facts.name == name)
    }

    pub(super) fn is_server(&self, name: &str) -> bool {
        self.servers.contains(name)
    }

    /// The closest domain above the name. There is always one: the root.
    pub(super) fn closest(&self, name: &str) -> Option<View<'_>> {
        let above = self.domains.iter().filter(|domain| is_within(name, &domain.name));
        above.max_by_key(|domain| domain.name.len()).map(|domain| View {
            apex: &domain.name,
            serial: 1,
            minimum: MINIMUM,
            name_servers: &domain.name_servers,
            records: &domain.records,
            proxy: &[],
            below: &self.known,
        })
    }
}

impl Domain {
    fn new(name: String) -> Self {
        let server = if name.is_empty() { "ns.invalid".to_owned() } else { format!("ns.{name}") };
        Self { name, name_servers: vec![server], records: Vec::new() }
    }
}

fn last_labels(name: &str, count: usize) -> String {
    let labels: Vec<&str> = name.split('.').collect();
    labels.iter().skip(labels.len().saturating_sub(count)).copied().collect::<Vec<_>>().join(".")
}

fn host(name: &str, address: IpAddr) -> Record {
    Record {
        id: String::new(),
        created_on: Timestamp::UNIX_EPOCH,
        modified_on: Timestamp::UNIX_EPOCH,
        facts: Facts {
            name: name.to_owned(),
            kind: if address.is_ipv4() { Kind::A } else { Kind::Aaaa },
            content: address.to_string(),
            priority: None,
            ttl: 1,
            proxied: false,
            proxiable: false,
            comment: None,
            tags: Vec::new(),
            settings: json!({}),
        },
    }
}
