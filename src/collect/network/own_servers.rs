//! Where the nodes answer for the domain: each one's own name server, asked directly, and whether the resolvers of this machine
//! pass questions on to them.

use std::net::{IpAddr, SocketAddr};

use futures::future::join_all;

use crate::collect::network::asked::asked;
use crate::collect::network::nodes::UNKNOWN;
use crate::collect::network::pace::Paces;
use crate::collect::network::servers::Servers;
use crate::collect::network::{House, Limit, Probes};
use crate::evidence::{Evidence, HouseHostSeen, Lookup, OwnServer, OwnServersSeen, label};
use crate::facts::name_server::LABEL;
use crate::net::dns::{NameServer, Question, RecordType, ZoneName, ZoneServers};

/// One address of each node that is ready: a server listens on the first, as the kubelet has it (`status.hostIP`).
pub(super) fn of_nodes(evidence: &Evidence, port: u16) -> Vec<NameServer> {
    let ready = evidence.nodes.iter().flatten().filter(|node| node.ready);
    let first = |addresses: &[IpAddr]| addresses.first().map(|address| SocketAddr::new(*address, port));
    ready
        .filter_map(|node| Some(NameServer { name: node.name.clone(), address: first(&node.addresses)? }))
        .collect()
}

/// Why none of them can be asked.
pub(super) const NO_NODES: &str = "which nodes are ready is not known, and they are the name servers";

/// So many names that are no services are asked for, at each server.
const HOSTS: usize = 24;

/// The zone as these servers have it, which nobody above has to know of.
pub(super) fn zone(name: &str, servers: Vec<NameServer>) -> Result<ZoneName, String> {
    if servers.is_empty() {
        return Err(NO_NODES.to_owned());
    }
    let found = ZoneServers { names: vec![own_name(name)], servers };
    Ok(ZoneName { name: name.to_owned(), found })
}

/// Whether it is by the nodes that somebody knows a zone.
pub(super) fn is_by_nodes(found: &ZoneName) -> bool {
    found.found.names.iter().any(|name| name.split('.').next() == Some(LABEL))
}

/// Asks all of them; public resolvers for `doctor` alone, and not if nobody beyond this network is to be asked.
pub(super) async fn look(
    probes: &Probes,
    house: &House,
    limit: &Limit,
    (servers, paces): (&Servers, &Paces),
    offline: bool,
) -> OwnServersSeen {
    let zone = house.zone.as_str();
    let each = servers.house.iter().map(|server| one(limit, paces, server, zone));
    let hosts = house.hosts.iter().take(HOSTS).map(|(name, wanted)| async move {
        let question = &Question::new(name, RecordType::A).authoritative();
        let asked = servers.house.iter().map(|server| async move {
            let result = asked(limit, paces.of(server.address), server.address, question).await?;
            Some(Lookup { server: server.name.clone(), result })
        });
        let seen = join_all(asked).await.into_iter().flatten().collect();
        HouseHostSeen { name: name.clone(), wanted: wanted.clone(), seen }
    });
    let names = Question::new(zone, RecordType::Ns);
    let resolvers = servers.system.iter().flatten().map(|server| {
        let names = &names;
        async move {
            let result = asked(limit, paces.house(), *server, names).await?;
            Some(Lookup { server: label(*server), result })
        }
    });
    let world =
        probes.world.iter().filter(|_| probes.survey.is_some() && !offline).map(|server| async move {
            let question = Question::new(zone, RecordType::A);
            let result = asked(limit, paces.of(*server), *server, &question).await?;
            Some(Lookup { server: label(*server), result })
        });
    let (each, hosts, resolvers, public) =
        futures::join!(join_all(each), join_all(hosts), join_all(resolvers), join_all(world));
    OwnServersSeen {
        zone: zone.to_owned(),
        name: own_name(zone),
        alone: house.alone,
        servers: each.into_iter().flatten().collect(),
        hosts,
        resolvers: resolvers.into_iter().flatten().collect(),
        public: public.into_iter().flatten().collect(),
    }
}

async fn one(limit: &Limit, paces: &Paces, server: &NameServer, zone: &str) -> Option<OwnServer> {
    let own = Question::new(zone, RecordType::Soa).authoritative();
    let other = Question::new(UNKNOWN, RecordType::A);
    let pace = paces.of(server.address);
    let (soa, stranger) =
        futures::join!(asked(limit, pace, server.address, &own), asked(limit, pace, server.address, &other));
    Some(OwnServer { node: server.name.clone(), address: server.address, soa: soa?, stranger: stranger? })
}

pub(super) fn own_name(zone: &str) -> String {
    format!("{LABEL}.{zone}")
}
