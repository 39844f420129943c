//! The way to the lab's own server for challenges: the zone above, which should name it, the server itself at the house's public
//! address, and at its node.
//!
//! Who asks from inside the house need not see what the internet sees: many routers do not lead back to their own public address.
//! So a public resolver is asked, too, over HTTPS; it looks from outside.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use futures::future::{BoxFuture, FutureExt, OptionFuture, join_all};

use crate::collect::network::challenges::zone_of;
use crate::collect::network::nodes::UNKNOWN;
use crate::collect::network::{Limit, Probes};
use crate::config::ChallengeServer;
use crate::evidence::dns::{AskError, Data, Record, Reply};
use crate::evidence::{DelegationSeen, Lookup, ParentSeen, ServerSeen, label};
use crate::facts::names::is_within;
use crate::net::dns::{self, NameServer, Question, RecordType};

/// What the zone above says, and no more: before the server is there, nobody can ask it.
pub(super) async fn above(probes: &Probes, limit: &Limit) -> Option<DelegationSeen> {
    let Wanted { zone, name, server } = wanted(probes)?;
    Some(DelegationSeen {
        name: name.to_owned(),
        address: server.address(),
        port: server.port,
        parent: parent(probes, limit, zone, name).await,
        from_outside: None,
        public: None,
        nodes: Vec::new(),
    })
}

/// The whole way; `None` when nobody beyond this network is to be asked.
pub(super) async fn look(
    probes: &Probes,
    limit: &Limit,
    nodes: &[(String, IpAddr)],
) -> Option<DelegationSeen> {
    let Wanted { zone, server, .. } = wanted(probes)?;
    let its = nodes.iter().filter(|(node, _)| server.node.as_ref().is_none_or(|wanted| wanted == node));
    let at_nodes = its.map(|(_, address)| ask(limit, SocketAddr::new(*address, server.port), zone));
    let (above, from_outside, nodes) =
        futures::join!(Box::pin(above(probes, limit)), from_outside(probes, limit, zone), join_all(at_nodes));
    let above = above?;
    let found = above.parent.as_ref().ok().and_then(|parent| parent.addresses.first().copied());
    let address = above.address.or(found);
    let at = address.map(|address| SocketAddr::new(address, probes.dns_port));
    let (public, inside) = futures::join!(
        OptionFuture::from(at.map(|at| ask(limit, at, zone))),
        OptionFuture::from(at.map(|at| tells(probes, limit, at))),
    );
    let public = public.flatten().map(|seen| ServerSeen { inside: inside.flatten(), ..seen });
    Some(DelegationSeen { from_outside, public, nodes: nodes.into_iter().flatten().collect(), ..above })
}

/// What is looked for.
struct Wanted<'p> {
    zone: &'p str,
    /// Of the server.
    name: &'p str,
    server: &'p ChallengeServer,
}

/// `None` where the lab has no such server, and where nobody beyond this network is to be asked.
fn wanted(probes: &Probes) -> Option<Wanted<'_>> {
    let (resolvers, _) = probes.public();
    if resolvers.is_empty() {
        return None;
    }
    let (name, server) = probes.challenge_server.as_ref()?;
    Some(Wanted { zone: probes.challenge_zone.as_deref()?, name, server })
}

/// By the servers of the zone above: what a resolver remembers of them may be of an hour ago.
pub(super) async fn parent(
    probes: &Probes,
    limit: &Limit,
    zone: &str,
    name: &str,
) -> Result<ParentSeen, String> {
    let above = zone.split_once('.').map_or(zone, |(_, above)| above);
    let found = zone_of(probes, limit, above).await;
    let found =
        found.ok_or_else(|| format!("the name servers of the zone above `{zone}` cannot be found"))?;
    let mut said: Vec<Reply> = Vec::new();
    for question in [(zone, RecordType::Ns), (name, RecordType::A), (name, RecordType::Aaaa)] {
        let question = Question::new(question.0, question.1).authoritative();
        said.extend(first(limit, &found.found.servers, &question).await);
    }
    if said.is_empty() {
        return Err(format!("no name server of the zone `{}` answers", found.name));
    }
    let servers: BTreeSet<String> = said.iter().flat_map(|reply| servers_of(reply, zone)).collect();
    let addresses: BTreeSet<IpAddr> = said.iter().flat_map(|reply| addresses_of(reply, name)).collect();
    let mut addresses: Vec<IpAddr> = addresses.into_iter().collect();
    if addresses.is_empty() && !is_within(name, &found.name) {
        addresses = looked_up(probes, limit, name).await;
    }
    Ok(ParentSeen { zone: found.name, servers: servers.into_iter().collect(), addresses })
}

pub(super) async fn first(limit: &Limit, servers: &[NameServer], question: &Question) -> Option<Reply> {
    for server in servers {
        let asked = limit.run(|within| dns::ask(server.address, question, within)).await;
        if let Some(Ok(reply)) = asked {
            return Some(reply);
        }
    }
    None
}

/// Those that a referral names, or an answer of a server that has both zones.
pub(super) fn servers_of<'r>(reply: &'r Reply, zone: &'r str) -> impl Iterator<Item = String> + 'r {
    let records = reply.referral.iter().chain(&reply.answers);
    records.filter(move |record| record.name.eq_ignore_ascii_case(zone)).filter_map(|record| {
        match &record.data {
            Data::Ns(name) => Some(name.clone()),
            _ => None,
        }
    })
}

fn addresses_of<'r>(reply: &'r Reply, name: &'r str) -> impl Iterator<Item = IpAddr> + 'r {
    let records = reply.glue.iter().chain(&reply.answers);
    records.filter(move |record| record.name.eq_ignore_ascii_case(name)).filter_map(Record::address)
}

pub(super) async fn looked_up(probes: &Probes, limit: &Limit, name: &str) -> Vec<IpAddr> {
    let mut found = BTreeSet::new();
    for kind in [RecordType::A, RecordType::Aaaa] {
        let asked = resolver(probes, limit, &Question::new(name, kind)).await;
        found.extend(
            asked.into_iter().filter_map(|lookup| lookup.result.ok()).flat_map(|reply| reply.addresses()),
        );
    }
    found.into_iter().collect()
}

async fn from_outside(probes: &Probes, limit: &Limit, zone: &str) -> Option<Lookup> {
    resolver(probes, limit, &Question::new(zone, RecordType::Soa)).await
}

/// The first one that answers, over HTTPS where one is asked so; else the last one's reason.
fn resolver<'a>(
    probes: &'a Probes,
    limit: &'a Limit,
    question: &'a Question,
) -> BoxFuture<'a, Option<Lookup>> {
    async move {
        let (resolvers, doh) = probes.public();
        let by_https = doh.iter().map(|server| {
            let asked = limit.run(|within| dns::doh(server, question, within)).boxed();
            (server.url.clone(), asked)
        });
        let plainly = resolvers.iter().filter(|_| doh.is_empty()).map(|server| {
            let asked = limit.run(|within| dns::ask(*server, question, within)).boxed();
            (label(*server), asked)
        });
        let mut last = None;
        for (server, asked) in by_https.chain(plainly) {
            let result = asked.await.unwrap_or(Err(AskError::Timeout));
            let has_answered = result.is_ok();
            last = Some(Lookup { server, result });
            if has_answered {
                break;
            }
        }
        last
    }
    .boxed()
}

/// Each way by itself: a router may pass on the one and not the other.
fn ask<'a>(limit: &'a Limit, at: SocketAddr, zone: &'a str) -> BoxFuture<'a, Option<ServerSeen>> {
    async move {
        let own = &Question::new(zone, RecordType::Soa).authoritative();
        let other = &Question::new(UNKNOWN, RecordType::A);
        let (udp, tcp, stranger) = futures::join!(
            limit.run(|within| twice(at, own, within)).boxed(),
            limit.run(|within| dns::ask_tcp(at, own, within)).boxed(),
            limit.run(|within| dns::ask_once(at, other, within)).boxed(),
        );
        Some(ServerSeen { at, udp: udp?, tcp: tcp?, stranger: stranger?, inside: None })
    }
    .boxed()
}

/// Whether a name that is not to be public has its addresses told there.
async fn tells(probes: &Probes, limit: &Limit, at: SocketAddr) -> Option<(String, bool)> {
    let name = probes.hosts.iter().find(|host| !host.contains('*')).filter(|_| !probes.are_published())?;
    let question = &Question::new(name, RecordType::A).authoritative();
    let reply = limit.run(|within| twice(at, question, within)).await?;
    Some((name.clone(), reply.is_ok_and(|reply| !reply.addresses().is_empty())))
}

/// A datagram may get lost.
async fn twice(at: SocketAddr, question: &Question, within: std::time::Duration) -> Result<Reply, AskError> {
    match dns::ask_once(at, question, within / 2).await {
        Err(AskError::Timeout) => dns::ask_once(at, question, within / 2).await,
        said => said,
    }
}

#[cfg(test)]
mod tests;
