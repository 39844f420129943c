//! The names of one host, from the authoritative servers inward.

use std::net::{IpAddr, SocketAddr};

use futures::future::join_all;

use crate::collect::network::pace::{Pace, Paces};
use crate::collect::network::servers::Servers;
use crate::collect::network::{Host, Limit, Probes};
use crate::evidence::dns::{AskError, Rcode, Reply};
use crate::evidence::http::HttpAnswer;
use crate::evidence::wildcard::WildcardRecord;
use crate::evidence::{HostSeen, Lookup, ProviderFailure, ProviderSeen, Transport, label};
use crate::facts::names::probe_name;
use crate::net::dns::{self, Doh, Question, RecordType};
use crate::net::follow;

/// How many addresses of a name are tried, one after the other.
const MOST_ADDRESSES: usize = 16;

/// What decides whether a resolver may be asked for a host.
pub(super) struct Knowledge<'a> {
    /// The records, or why they are not known; `None` when they were not read.
    pub(super) provider: Option<&'a Result<ProviderSeen, ProviderFailure>>,
    /// The record that answers for names without one of their own.
    pub(super) wildcard: Option<&'a WildcardRecord>,
    /// Nobody beyond this network is asked, and the cluster's word has to be enough.
    pub(super) offline: bool,
    /// How fast each server is asked.
    pub(super) paces: &'a Paces,
}

/// How thoroughly one host is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// As a program asks, and each resolver itself: what they say may differ.
    Whole,
    /// As a program asks; the resolvers themselves only where that is not the world's answer.
    Quick,
    /// Not at all, for other names stand for it.
    Not,
}

pub(super) async fn look(
    probes: &Probes,
    limit: &Limit,
    servers: &Servers,
    known: &Knowledge<'_>,
    host: &Host,
    (six, depth): (bool, Depth),
) -> HostSeen {
    let name = probe_name(&host.name);
    let asker = Asker { limit, paces: known.paces, question: Question::new(&name, RecordType::A), six };
    let mut seen =
        HostSeen { hosts_lines: dns::hosts_lines(&probes.hosts_file, &name).await, ..HostSeen::default() };
    if depth == Depth::Not {
        seen.left_out = true;
        return seen;
    }
    if servers.is_outside(&name) || probes.are_named_elsewhere() {
        // Nobody here writes a record for it, so there is no absence to teach.
        local(probes, &asker, servers, host, depth, &mut seen).await;
        return seen;
    }
    let own = Asker { question: asker.question.clone().authoritative(), ..asker };
    let asked = servers
        .of(probes, &name)
        .into_iter()
        .map(|server| own.ask(known.paces.of(server.address), server.name.clone(), server.address));
    seen.authoritative = join_all(asked).await.into_iter().flatten().collect();
    let published = match known.offline {
        true => !host.addresses.is_empty() || !host.knows_ingresses,
        false => {
            let record = known.wildcard.map(|wildcard| wildcard.record_of(known.provider, &host.name));
            is_published(&seen.authoritative, known.provider, record.unwrap_or(&host.name))
        }
    };
    if published {
        let (public, ()) =
            futures::join!(public(probes, &asker), local(probes, &asker, servers, host, depth, &mut seen));
        seen.public = public;
        seen.unchecked = again(probes, &asker, servers, &seen).await;
    }
    seen
}

/// One question, for many servers.
struct Asker<'a> {
    limit: &'a Limit,
    paces: &'a Paces,
    question: Question,
    /// Also for AAAA records.
    six: bool,
}

impl Asker<'_> {
    async fn ask(&self, pace: &Pace, server: String, address: SocketAddr) -> Option<Lookup> {
        let question = &self.question;
        let other = &Question { kind: RecordType::Aaaa, ..question.clone() };
        let probe = || {
            self.limit.run(|within| async move {
                if !self.six {
                    return dns::ask(address, question, within).await;
                }
                let (four, six) =
                    futures::join!(dns::ask(address, question, within), dns::ask(address, other, within));
                both(four, six)
            })
        };
        let result = self.limit.until(pace.ask(1 + u32::from(self.six), probe)).await?;
        Some(Lookup { server, result })
    }

    /// Resolvers of the internet.
    async fn outside(&self, servers: impl Iterator<Item = SocketAddr>) -> Vec<Lookup> {
        let asked = servers.map(|server| self.ask(self.paces.of(server), label(server), server));
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Resolvers of this machine.
    async fn house(&self, servers: impl Iterator<Item = SocketAddr>) -> Vec<Lookup> {
        let asked = servers.map(|server| self.ask(self.paces.house(), label(server), server));
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn over_https(&self, server: &Doh) -> Option<Lookup> {
        let question = &self.question;
        let result = self.limit.run(|within| async move { dns::doh(server, question, within).await }).await?;
        Some(Lookup { server: server.url.clone(), result })
    }
}

/// From public resolvers; over HTTPS also when no plain answer has an address, for somebody on the way may have made
/// those up.
async fn public(probes: &Probes, asker: &Asker<'_>) -> Vec<Lookup> {
    if !probes.are_published() {
        return Vec::new();
    }
    let mut heard = asker.outside(probes.resolvers.iter().copied()).await;
    if !heard.iter().any(has_address) {
        let over_https = probes.doh.iter().map(|server| asker.over_https(server));
        heard.extend(join_all(over_https).await.into_iter().flatten());
    }
    heard
}

/// What this machine and its resolvers have, and the service where that leads.
async fn local(
    probes: &Probes,
    asker: &Asker<'_>,
    servers: &Servers,
    host: &Host,
    depth: Depth,
    seen: &mut HostSeen,
) {
    let name = &asker.question.name;
    let house = || servers.system.iter().flatten().copied();
    let look_up = || asker.limit.run(|within| dns::look_up(name, within));
    // `getaddrinfo` asks for both families.
    let system = asker.limit.until(asker.paces.house().ask(2, look_up));
    let world = seen.authoritative.iter().filter_map(|lookup| lookup.result.as_ref().ok());
    let expected = world.map(Reply::addresses).find(|found| !found.is_empty());
    let expected = expected.unwrap_or_else(|| host.addresses.clone());
    let (system, mut each) = match depth {
        Depth::Whole => futures::join!(system, asker.house(house())),
        _ => (system.await, Vec::new()),
    };
    let is_right = matches!(&system, Some(Ok(found)) if *found == expected);
    if !is_right && each.is_empty() {
        each = asker.house(house()).await;
    }
    let unexpected = |address: &IpAddr| address.is_ipv6() && !expected.contains(address);
    if !asker.six && system.iter().flatten().flatten().any(unexpected) {
        let (families, six) = futures::join!(both_families(asker, house()), of_zone(probes, asker, servers));
        (each, seen.six) = (families, six);
    }
    seen.end_to_end = by_name(probes, asker.limit, host, system.as_ref()).await;
    (seen.system, seen.system_servers) = (system, each);
}

/// What the resolvers of this machine say of both families.
async fn both_families(asker: &Asker<'_>, house: impl Iterator<Item = SocketAddr>) -> Vec<Lookup> {
    Asker { question: asker.question.clone(), six: true, ..*asker }.house(house).await
}

/// The IPv6 addresses as the first of the zone's servers has them.
async fn of_zone(probes: &Probes, asker: &Asker<'_>, servers: &Servers) -> Option<Lookup> {
    let server = servers.of(probes, &asker.question.name).into_iter().next()?;
    let question = Question { kind: RecordType::Aaaa, ..asker.question.clone() }.authoritative();
    let own = Asker { question, six: false, ..*asker };
    own.ask(asker.paces.of(server.address), server.name.clone(), server.address).await
}

/// Those that said SERVFAIL once more, with DNSSEC checking disabled.
async fn again(probes: &Probes, asker: &Asker<'_>, servers: &Servers, seen: &HostSeen) -> Vec<Lookup> {
    let failed = |server: &SocketAddr| {
        let mut lookups = seen.public.iter().chain(&seen.system_servers);
        lookups.any(|lookup| lookup.server == label(*server) && is_servfail(lookup))
    };
    let unchecked = Asker { question: asker.question.clone().unchecked(), ..*asker };
    let house = servers.system.iter().flatten().copied();
    let (mut outside, house) = futures::join!(
        unchecked.outside(probes.resolvers.iter().copied().filter(failed)),
        unchecked.house(house.filter(failed)),
    );
    outside.extend(house);
    outside
}

fn has_address(lookup: &Lookup) -> bool {
    lookup.result.as_ref().is_ok_and(|reply| !reply.addresses().is_empty())
}

fn is_servfail(lookup: &Lookup) -> bool {
    lookup.result.as_ref().is_ok_and(|reply| reply.rcode == Rcode::ServFail)
}

/// Whether the world can know the name: every authoritative server that answers has it. When none can be reached from
/// here, the provider's word is enough.
fn is_published(
    authoritative: &[Lookup],
    provider: Option<&Result<ProviderSeen, ProviderFailure>>,
    record: &str,
) -> bool {
    let mut heard = authoritative.iter().filter_map(|lookup| lookup.result.as_ref().ok()).peekable();
    if heard.peek().is_some() {
        return heard.all(|reply| !reply.answers.is_empty());
    }
    let Some(Ok(provider)) = provider else {
        return false;
    };
    provider.records.iter().any(|one| one.kind == "A" && one.name.eq_ignore_ascii_case(record))
}

/// The A reply with the AAAA answers added.
fn both(four: Result<Reply, AskError>, six: Result<Reply, AskError>) -> Result<Reply, AskError> {
    let mut reply = four?;
    reply.answers.extend(six.map(|six| six.answers).unwrap_or_default());
    Ok(reply)
}

/// The service at the first address that answers, in the order in which this machine resolves them: as a browser would go.
async fn by_name(
    probes: &Probes,
    limit: &Limit,
    host: &Host,
    found: Option<&Result<Vec<IpAddr>, AskError>>,
) -> Option<Result<HttpAnswer, Transport>> {
    let addresses = found?.as_ref().ok()?;
    let (mut first, reached) = (None, probes.reached());
    for address in addresses.iter().take(MOST_ADDRESSES) {
        let target = host.target(probes, *address);
        match limit.run(|within| follow::get(&target, probes.reach(&reached), within)).await {
            Some(Ok(answer)) => return Some(Ok(answer)),
            answer => first = first.or(answer),
        }
    }
    first
}
