//! Which zone holds a name, without the provider's word: down from the top, asking the zones' own servers.
//!
//! Never up from the name through a resolver: a name that is not there yet would be remembered as missing (RFC 2308), and
//! everything below it with it (RFC 8020).

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use crate::evidence::dns::{AskError, Reply};
use crate::facts::names::is_within;
use crate::net::dns::authoritative::{addressed, first_answer, server_names};
use crate::net::dns::{NameServer, Question, RecordType, ZoneServers, ask};

/// More zones than this below each other do not occur.
const DEEPEST: usize = 6;

/// The zone that holds a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZoneName {
    /// Lower case, without the final dot.
    pub name: String,
    /// Its servers; no names of servers when public DNS has no such zone.
    pub found: ZoneServers,
}

/// Finds the zone of `domain`: from the last two labels, following each zone's word on where it ends.
///
/// # Errors
/// When no resolver answers.
pub async fn zone_of(
    domain: &str,
    resolvers: &[SocketAddr],
    port: u16,
    within: Duration,
) -> Result<ZoneName, AskError> {
    let slice = within / 4;
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let top = last_two(&domain);
    let (resolver, reply) = first_answer(resolvers, &Question::new(top, RecordType::Ns), slice).await?;
    let names = server_names(&reply.answers);
    let servers = addressed(&names, resolver, port, slice).await;
    let mut zone = ZoneName { name: top.to_owned(), found: ZoneServers { names, servers } };
    for _ in 0..DEEPEST {
        let Some((server, reply)) = first_of(&zone.found.servers, &domain, slice).await else { break };
        let Some(below) = below(&zone.name, &domain, &reply) else { break };
        let names = match server_names(&reply.referral) {
            // One server may hold the zone and the one below it: then it does not refer, it answers.
            none if none.is_empty() => {
                ask(server, &Question::new(&below, RecordType::Ns).authoritative(), slice)
                    .await
                    .map(|reply| server_names(&reply.answers))
                    .unwrap_or_default()
            }
            names => names,
        };
        let servers = addressed(&names, resolver, port, slice).await;
        zone = ZoneName { name: below, found: ZoneServers { names, servers } };
    }
    Ok(zone)
}

/// The servers that the zone above names for `zone`, asked at its own servers; `None` when none of them could be asked.
pub async fn delegated(
    zone: &str,
    resolvers: &[SocketAddr],
    port: u16,
    within: Duration,
) -> Option<Vec<String>> {
    let slice = within / 3;
    let (_, above) = zone.split_once('.')?;
    let (resolver, reply) =
        first_answer(resolvers, &Question::new(above, RecordType::Ns), slice).await.ok()?;
    let servers = addressed(&server_names(&reply.answers), resolver, port, slice).await;
    let question = Question::new(zone, RecordType::Ns).authoritative();
    let (_, reply) = first_of_two(&servers, &question, slice).await?;
    let of_zone = |records: &[crate::evidence::dns::Record]| {
        let mut own = records.to_vec();
        own.retain(|record| record.name == zone);
        server_names(&own)
    };
    let names = match of_zone(&reply.referral) {
        none if none.is_empty() => of_zone(&reply.answers),
        names => names,
    };
    Some(names).filter(|names| !names.is_empty())
}

/// The zone below `zone` that a server's reply about `domain` points to; `None` when `zone` itself holds it.
fn below(zone: &str, domain: &str, reply: &Reply) -> Option<String> {
    let soa_of_answer = reply.answers.iter().find_map(|record| match &record.data {
        crate::evidence::dns::Data::Soa(soa) => Some(soa.zone.as_str()),
        _ => None,
    });
    let soa = soa_of_answer.or(reply.soa.as_ref().map(|soa| soa.zone.as_str()));
    let refers = reply.referral.first().map(|record| record.name.as_str());
    let next = soa.or(refers)?;
    (next.len() > zone.len() && is_within(next, zone) && is_within(domain, next)).then(|| next.to_owned())
}

async fn first_of(servers: &[NameServer], domain: &str, within: Duration) -> Option<(SocketAddr, Reply)> {
    first_of_two(servers, &Question::new(domain, RecordType::Soa).authoritative(), within).await
}

/// The first useful reply of two servers: a zone has two at least, and one may be down.
async fn first_of_two(
    servers: &[NameServer],
    question: &Question,
    within: Duration,
) -> Option<(SocketAddr, Reply)> {
    let two: Vec<SocketAddr> = servers.iter().take(2).map(|server| server.address).collect();
    first_answer(&two, question, within).await.ok()
}

fn last_two(domain: &str) -> &str {
    let dots: Vec<usize> = domain.match_indices('.').map(|(at, _)| at).collect();
    match dots.len() {
        0 | 1 => domain,
        more => dots.get(more - 2).and_then(|at| domain.get(at + 1..)).unwrap_or(domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::dns::Zone;

    const SECOND: Duration = Duration::from_secs(1);

    /// One server on loopback is the resolver and the zone's own.
    async fn world(zone: Zone) -> SocketAddr {
        zone.ns("ns.test").a("ns.test", [127, 0, 0, 1]).serve().await
    }

    #[tokio::test]
    async fn a_name_that_is_not_there_yet_lies_in_the_zone_above_it() {
        let server = world(Zone::new("example.com")).await;
        let found = zone_of("home.example.com", &[server], server.port(), SECOND).await.unwrap();
        assert_eq!((found.name.as_str(), found.found.names.len()), ("example.com", 1));
    }

    #[tokio::test]
    async fn a_zone_below_the_registered_domain_is_found() {
        let server = world(Zone::new("home.example.com")).await;
        let found = zone_of("lab.home.example.com", &[server], server.port(), SECOND).await.unwrap();
        // Its server answers nothing for the domain above, so there is nobody to ask further.
        assert_eq!(found.name, "example.com");
        let soa = ask(server, &Question::new("lab.home.example.com", RecordType::Soa), SECOND).await.unwrap();
        assert_eq!(below("example.com", "lab.home.example.com", &soa).as_deref(), Some("home.example.com"));
    }

    #[tokio::test]
    async fn without_an_answer_the_reason_is_said() {
        assert!(zone_of("home.example.com", &[], 53, SECOND).await.is_err());
    }

    #[test]
    fn the_last_two_labels_are_where_the_search_begins() {
        assert_eq!(last_two("a.b.example.com"), "example.com");
        assert_eq!(last_two("example.com"), "example.com");
        assert_eq!(last_two("localhost"), "localhost");
    }

    #[test]
    fn only_a_zone_between_the_two_counts_as_below() {
        let mut reply = Reply::default();
        let refer = |name: &str| crate::evidence::dns::Record {
            name: name.into(),
            ttl: 1,
            data: crate::evidence::dns::Data::Ns("ns.other".into()),
        };
        assert_eq!(below("example.com", "a.home.example.com", &reply), None);
        reply.referral = vec![refer("home.example.com")];
        assert_eq!(below("example.com", "a.home.example.com", &reply).as_deref(), Some("home.example.com"));
        reply.referral = vec![refer("other.example.com")];
        assert_eq!(below("example.com", "a.home.example.com", &reply), None);
        reply.referral = vec![refer("com")];
        assert_eq!(below("example.com", "a.home.example.com", &reply), None);
    }
}
