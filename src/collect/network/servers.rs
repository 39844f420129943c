//! Whom to ask: the servers of the zone, and the resolvers of this machine. Found once for all hosts.

use std::net::{IpAddr, SocketAddr};

use crate::collect::network::{Limit, Probes, own_servers};
use crate::evidence::Evidence;
use crate::facts::names::is_within;
use crate::net::dns::{self, NameServer, ZoneName};

/// systemd-resolved listens here (systemd-resolved.service(8)); the resolvers behind it are in a file of their own.
const STUBS: [IpAddr; 2] =
    [IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 53)), IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 54))];

/// The servers to ask.
pub(super) struct Servers {
    pub(super) authoritative: Vec<NameServer>,
    /// Those behind a stub before the stub; `None` when `/etc/resolv.conf` could not be read.
    pub(super) system: Option<Vec<SocketAddr>>,
    /// The zone, or why it is not known; `None` when nobody was asked.
    pub(super) zone: Option<Result<ZoneName, String>>,
}

impl Servers {
    /// Finds them. `offline` asks nobody: only this machine's own resolvers are known then, and nodes that are name servers.
    pub(super) async fn find(probes: &Probes, limit: &Limit, (evidence, offline): (&Evidence, bool)) -> Self {
        let system = system(probes).await;
        if probes.on_nodes {
            let authoritative = own_servers::of_nodes(evidence, probes.dns_port);
            let zone = Some(own_servers::zone(probes, authoritative.clone()));
            return Self { authoritative, system, zone };
        }
        if offline {
            return Self { authoritative: Vec::new(), system, zone: None };
        }
        let mut found = zone(probes, limit, &probes.resolvers).await;
        if !matches!(&found, Ok(zone) if !zone.found.servers.is_empty()) {
            let local = zone(probes, limit, system.as_deref().unwrap_or_default()).await;
            // A local resolver may be mistaken about what does not exist: it only replaces what says nothing at all.
            if found.is_err() || matches!(&local, Ok(zone) if !zone.found.servers.is_empty()) {
                found = local.or(found);
            }
        }
        let authoritative = found.as_ref().map(|zone| zone.found.servers.clone()).unwrap_or_default();
        Self { authoritative, system, zone: Some(found) }
    }

    /// Whether a zone is known that does not hold the name.
    pub(super) fn is_outside(&self, name: &str) -> bool {
        self.zone_name().is_some_and(|zone| !is_within(name, zone))
    }

    /// The zone, where there is one.
    pub(super) fn zone_name(&self) -> Option<&str> {
        let Some(Ok(zone)) = &self.zone else { return None };
        Some(zone.name.as_str()).filter(|_| !zone.found.names.is_empty())
    }

    /// Why there is no authoritative server to ask.
    pub(super) fn missing(&self) -> Option<String> {
        match self.zone.as_ref()? {
            Err(why) => Some(why.clone()),
            Ok(zone) if zone.found.servers.is_empty() => {
                Some(format!("no resolver knows the name servers of `{}`", zone.name))
            }
            Ok(_) => None,
        }
    }
}

/// The zone itself is old: asking a resolver for its servers poisons nothing.
async fn zone(probes: &Probes, limit: &Limit, by: &[SocketAddr]) -> Result<ZoneName, String> {
    let port = probes.dns_port;
    let name = probes.zone.as_ref().map_or(&probes.domain, |zone| &zone.name);
    let found = limit.run(|within| async move {
        match &probes.zone {
            Some(zone) => {
                let found = dns::authoritative(&zone.name, by, port, within).await?;
                Ok(ZoneName { name: zone.name.clone(), found })
            }
            None => dns::zone_of(&probes.domain, by, port, within).await,
        }
    });
    match found.await {
        Some(Ok(zone)) => Ok(zone),
        Some(Err(why)) => Err(format!("the name servers of `{name}` cannot be found: {}", why)),
        None => Err("no time was left to find the name servers".into()),
    }
}

async fn system(probes: &Probes) -> Option<Vec<SocketAddr>> {
    let own = dns::system_resolvers(&probes.resolv_conf).await.ok()?.servers;
    let mut found = Vec::new();
    if own.iter().any(|server| STUBS.contains(server)) {
        found = dns::system_resolvers(&probes.behind_stub).await.unwrap_or_default().servers;
    }
    found.extend(own);
    let mut servers: Vec<SocketAddr> = Vec::new();
    for server in found {
        let server = SocketAddr::new(server, probes.dns_port);
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    Some(servers)
}
