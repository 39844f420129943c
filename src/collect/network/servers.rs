//! Whom to ask: the servers of the zone, and the resolvers of this machine. Found once for all hosts.

use std::net::{IpAddr, SocketAddr};

use crate::collect::network::{Limit, Probes, organisations, own_servers};
use crate::evidence::Evidence;
use crate::facts::names::is_within;
use crate::net::dns::{self, NameServer, ZoneName};

/// systemd-resolved listens here (systemd-resolved.service(8)); the resolvers behind it are in a file of their own.
const STUBS: [IpAddr; 2] =
    [IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 53)), IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 54))];

/// The servers to ask.
pub(super) struct Servers {
    /// Those of the zone: the provider's, or the nodes' where these are the provider.
    pub(super) authoritative: Vec<NameServer>,
    /// The nodes', where they answer in the house.
    pub(super) house: Vec<NameServer>,
    /// Those of each zone of an organisation, by its name.
    pub(super) of_organisations: Vec<(String, Vec<NameServer>)>,
    /// Those behind a stub before the stub; `None` when `/etc/resolv.conf` could not be read.
    pub(super) system: Option<Vec<SocketAddr>>,
    /// The zone, or why it is not known; `None` when nobody was asked.
    pub(super) zone: Option<Result<ZoneName, String>>,
}

impl Servers {
    /// Finds them. `offline` asks nobody: only this machine's own resolvers are known then, and nodes that are name servers.
    pub(super) async fn find(probes: &Probes, limit: &Limit, (evidence, offline): (&Evidence, bool)) -> Self {
        let system = system(probes).await;
        let house = match &probes.house {
            Some(_) => own_servers::of_nodes(evidence, probes.dns_port),
            None => Vec::new(),
        };
        if let (true, Some(of_house)) = (probes.on_nodes, &probes.house) {
            let zone = Some(own_servers::zone(&of_house.zone, house.clone()));
            let of_organisations = Vec::new();
            return Self { authoritative: house.clone(), house, of_organisations, system, zone };
        }
        if offline {
            let (authoritative, of_organisations) = (Vec::new(), Vec::new());
            return Self { authoritative, house, of_organisations, system, zone: None };
        }
        let (mut found, of_organisations) =
            futures::join!(zone(probes, limit, &probes.resolvers), organisations::servers(probes, limit));
        if !matches!(&found, Ok(zone) if !zone.found.servers.is_empty()) {
            let local = zone(probes, limit, system.as_deref().unwrap_or_default()).await;
            // By the house's own resolver, the nodes are the name servers of the domain, also when the world is out of reach.
            let local = local.and_then(|found| match own_servers::is_by_nodes(&found) {
                true => Err("the name servers in public DNS cannot be reached from here".to_owned()),
                false => Ok(found),
            });
            // A local resolver may be mistaken about what does not exist: it only replaces what says nothing at all.
            if found.is_err() || matches!(&local, Ok(zone) if !zone.found.servers.is_empty()) {
                found = local.or(found);
            }
        }
        let authoritative = found.as_ref().map(|zone| zone.found.servers.clone()).unwrap_or_default();
        Self { authoritative, house, of_organisations, system, zone: Some(found) }
    }

    /// Whom to ask for a name: those of the house first, since this machine's resolver asks them.
    pub(super) fn of(&self, probes: &Probes, name: &str) -> Vec<&NameServer> {
        if probes.on_nodes {
            return self.authoritative.iter().collect();
        }
        let of_zone = |(zone, _): &&(String, Vec<NameServer>)| is_within(name, zone);
        if let Some((_, servers)) = self.of_organisations.iter().find(of_zone) {
            return servers.iter().collect();
        }
        let in_house = probes.house.as_ref().is_some_and(|house| is_within(name, &house.zone));
        let house = self.house.iter().filter(|_| in_house);
        house.chain(self.authoritative.iter().filter(|_| probes.are_published())).collect()
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
    pub(super) fn missing(&self, probes: &Probes) -> Option<String> {
        if probes.house.is_some() && self.house.is_empty() {
            return Some(own_servers::NO_NODES.to_owned());
        }
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
    let name = probes.zone_of_hosts().map_or(&probes.domain, |zone| &zone.name);
    let found = limit.run(|within| async move {
        match probes.zone_of_hosts() {
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

/// The resolvers of this machine, those behind a stub before it.
pub(super) async fn system(probes: &Probes) -> Option<Vec<SocketAddr>> {
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
