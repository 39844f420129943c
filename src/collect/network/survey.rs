//! What `doctor` asks beside the hosts: the resolvers about themselves, an address where nobody is, the zone above.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::collect::network::around::differs;
use crate::collect::network::nodes::UNKNOWN;
use crate::collect::network::pace::Paces;
use crate::collect::network::servers::Servers;
use crate::collect::network::{Limit, Probes};
use crate::evidence::dns::{AskError, Reply};
use crate::evidence::http::{HttpAnswer, Scheme};
use crate::evidence::{
    AgainSeen, Evidence, HereSeen, HostSeen, NamesSeen, NodeProbe, ProviderSeen, ResolverSeen, Signs,
    ZoneSeen, label,
};
use crate::facts::address::is_private;
use crate::net::dns::{self, Question, RecordType};
use crate::net::http::{Target, get};

/// Who intercepts answers from next door.
const NEXT_DOOR: Duration = Duration::from_millis(450);
/// Names that one make of router answers with its own address: Fritz!Box, Pi-hole, OpenWrt.
const OWN_NAMES: [&str; 3] = ["fritz.box", "pi.hole", "openwrt.lan"];
/// So often a resolver is asked again that was slow or deaf at first.
const AGAIN: usize = 5;
/// An answer to what was asked a moment ago comes from a cache: at home, in a few milliseconds.
const LATE: Duration = Duration::from_secs(1);
/// At so many addresses of records it is asked who is there.
const ADDRESSES: usize = 2;

/// Asks an address where nobody is, for `doctor` alone.
pub(super) async fn nowhere(
    probes: &Probes,
    limit: &Limit,
    offline: bool,
) -> Option<Result<Reply, AskError>> {
    if offline || probes.survey.is_none() {
        return None;
    }
    let zone = probes.zone_of_hosts().map_or(&probes.domain, |zone| &zone.name);
    limit
        .run(|_| async move { dns::ask(probes.nowhere, &Question::new(zone, RecordType::Ns), NEXT_DOOR).await })
        .await
}

/// All that does not depend on a host.
pub(super) async fn lab(
    probes: &Probes,
    limit: &Limit,
    servers: &Servers,
    paces: &Paces,
    nowhere: Option<Result<Reply, AskError>>,
) -> NamesSeen {
    // What is there for sure and holds no address: no filter for private ones takes it out. SOA would not do, for some
    // routers keep that back (dnsmasq `filterwin2k`).
    // Where the world cannot be reached, the house's own zone is there all the same.
    let known = servers.zone_name().or(probes.house.as_ref().map(|house| house.zone.as_str()));
    let question = &Question::new(known.unwrap_or("."), RecordType::Ns);
    let resolvers = servers.system.iter().flatten().map(|server| async move {
        let probe = || limit.run(|within| dns::ask_counting(*server, question, within));
        let (control, attempts) = limit.until(paces.house().ask(1, probe)).await?;
        let again = match control.is_ok() && attempts > 1 && probes.survey.is_some() {
            true => limit.until(async { Some(again(*server, question, limit, paces).await) }).await,
            false => None,
        };
        Some(ResolverSeen { server: label(*server), control, signs: None, again })
    });
    let (resolvers, zone) = futures::join!(join_all(resolvers), zone(probes, limit, servers));
    NamesSeen {
        zone,
        resolvers: servers.system.is_some().then(|| resolvers.into_iter().flatten().collect()),
        nowhere,
        here: None,
    }
}

/// Asks a resolver a few times more for what it has just answered.
async fn again(server: SocketAddr, question: &Question, limit: &Limit, paces: &Paces) -> AgainSeen {
    let one = || {
        limit.run(|within| async move {
            let begun = Instant::now();
            let answer = dns::ask_once(server, question, within).await;
            (answer, begun.elapsed())
        })
    };
    let asked = (0..AGAIN).map(|_| paces.house().once(1, &one));
    let answers: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
    let answered = answers.iter().filter(|(answer, _)| answer.is_ok());
    let late = answered.clone().filter(|(_, took)| *took > LATE);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    AgainSeen { asked: count(answers.len()), answered: count(answered.count()), late: count(late.count()) }
}

async fn zone(probes: &Probes, limit: &Limit, servers: &Servers) -> Option<Result<ZoneSeen, String>> {
    let found = match servers.zone.as_ref()? {
        Ok(found) => found,
        Err(why) => return Some(Err(why.clone())),
    };
    let by = &probes.resolvers;
    let delegated = limit.run(|within| dns::delegated(&found.name, by, probes.dns_port, within)).await;
    Some(Ok(ZoneSeen {
        name: found.name.clone(),
        servers: found.found.names.clone(),
        delegated: delegated.flatten(),
    }))
}

/// Asks those resolvers for their make that have another answer than the world.
pub(super) async fn identify<'a>(
    probes: &Probes,
    limit: &Limit,
    hosts: impl Iterator<Item = &'a HostSeen>,
    resolvers: &mut [ResolverSeen],
) {
    let hosts: Vec<&HostSeen> = hosts.collect();
    let asked = resolvers.iter_mut().filter(|one| hosts.iter().any(|seen| differs(seen, &one.server)));
    join_all(asked.map(|one| async move {
        let Ok(address) = address(&one.server, probes.dns_port) else { return };
        one.signs = limit.run(|within| signs(probes, address, within)).await;
    }))
    .await;
}

pub(super) fn address(label: &str, port: u16) -> Result<SocketAddr, std::net::AddrParseError> {
    label.parse::<SocketAddr>().or_else(|_| Ok(SocketAddr::new(label.parse::<IpAddr>()?, port)))
}

async fn signs(probes: &Probes, server: SocketAddr, within: Duration) -> Signs {
    let version = async {
        let reply = dns::ask(server, &Question::version(), within).await.ok()?;
        reply.texts().next().map(str::to_owned)
    };
    let names = OWN_NAMES.map(|name| async move {
        let reply: Result<Reply, AskError> =
            dns::ask(server, &Question::new(name, RecordType::A), within).await;
        let own = reply.is_ok_and(|reply| reply.addresses().iter().any(is_private));
        own.then(|| name.to_owned())
    });
    let pages =
        [(Scheme::Http, probes.http_port), (Scheme::Https, probes.https_port)].map(|(scheme, port)| {
            let address = SocketAddr::new(server.ip(), port);
            let target = Target { scheme, address, host: None, check_certificate: false };
            async move { get(&target, within).await.ok() }
        });
    let (version, names, pages) = futures::join!(version, join_all(names), join_all(pages));
    let pages = pages.into_iter().flatten().flat_map(|page| [page.server.clone(), title(&page)]);
    Signs { version, names: names.into_iter().flatten().collect(), pages: pages.flatten().collect() }
}

/// The title of a page: routers have their name in it.
fn title(page: &HttpAnswer) -> Option<String> {
    let (_, rest) = page.body.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    Some(title.trim().to_owned()).filter(|title| !title.is_empty())
}

/// Who answers at the addresses that the records name: asked where the cluster could not say which are its nodes'.
pub(super) async fn here(probes: &Probes, limit: &Limit, seed: &Evidence, mut here: HereSeen) -> HereSeen {
    if seed.nodes.is_some() {
        return here;
    }
    let mut addresses: Vec<IpAddr> = seed.hosts.values().flat_map(named).collect();
    if let Some(Ok(ProviderSeen { records, .. })) = &seed.provider {
        let of_hosts =
            records.iter().filter(|record| record.kind == "A" && seed.hosts.contains_key(&record.name));
        addresses.extend(of_hosts.filter_map(|record| record.content.parse::<IpAddr>().ok()));
    }
    addresses.sort_unstable();
    addresses.dedup();
    let asked = addresses.iter().take(ADDRESSES).map(|address| async move {
        let target = Target {
            scheme: Scheme::Http,
            address: SocketAddr::new(*address, probes.http_port),
            host: Some(UNKNOWN.to_owned()),
            check_certificate: false,
        };
        let answer = limit.run(|within| get(&target, within)).await?;
        let (node, address, scheme) = (String::new(), target.address, target.scheme);
        Some(NodeProbe { node, address, scheme, named: true, answer })
    });
    here.asked = join_all(asked).await.into_iter().flatten().collect();
    here
}

/// The addresses that the world has for a host.
fn named(seen: &HostSeen) -> Vec<IpAddr> {
    let replies =
        seen.authoritative.iter().chain(&seen.public).filter_map(|lookup| lookup.result.as_ref().ok());
    replies.flat_map(Reply::addresses).collect()
}
