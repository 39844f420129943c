//! What the nodes answer for in the house.

use std::net::IpAddr;

use crate::config::{Config, HouseHost};

/// What the nodes answer for in the house.
#[derive(Debug, Clone, Default)]
pub struct House {
    /// The zone.
    pub zone: String,
    /// Whether nobody else has the names in it.
    pub alone: bool,
    /// The names in it that are no services (`dns.hosts`), each with its addresses.
    pub hosts: Vec<(String, Vec<IpAddr>)>,
}

impl House {
    pub(super) fn of(config: &Config) -> Option<Self> {
        let addresses = |host: &HouseHost| host.addresses.iter().copied().map(IpAddr::V4).collect();
        Some(Self {
            zone: config.house_zone()?.to_string(),
            alone: !config.dns.publish,
            hosts: config.house_hosts().map(|host| (host.name.to_string(), addresses(host))).collect(),
        })
    }
}
