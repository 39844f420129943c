//! The names around a host that a resolver of this machine answers otherwise than the world: they tell why.

use std::net::{IpAddr, SocketAddr};

use futures::future::join_all;

use crate::collect::network::pace::Paces;
use crate::collect::network::wildcards::made_up;
use crate::collect::network::{Limit, Probes};
use crate::evidence::dns::{AskError, Reply};
use crate::evidence::{AroundSeen, Evidence, HostSeen, Lookup, NamesSeen};
use crate::net::dns::{self, Question, RecordType};
use crate::provider;

/// So many domains are looked into at each resolver.
const DOMAINS: usize = 2;
/// So many resolvers.
const RESOLVERS: usize = 3;

/// Whether the resolver has another answer than the world, whatever it is.
pub(super) fn differs(seen: &HostSeen, server: &str) -> bool {
    let world =
        seen.authoritative.iter().chain(&seen.public).filter_map(|lookup| lookup.result.as_ref().ok());
    let expected = world.map(Reply::addresses).find(|found| !found.is_empty()).unwrap_or_default();
    let lookup = seen.system_servers.iter().find(|lookup| lookup.server == server);
    let reply = lookup.and_then(|lookup| lookup.result.as_ref().ok());
    let is_nothing = |found: &[IpAddr]| found.iter().all(IpAddr::is_unspecified);
    reply.is_some_and(|reply| reply.addresses() != expected || is_nothing(&expected))
}

/// Asks each resolver about the domain of the first host that it answers otherwise.
pub(super) async fn look(
    probes: &Probes,
    limit: &Limit,
    paces: &Paces,
    (seed, survey): (&Evidence, Option<&NamesSeen>),
) -> Vec<AroundSeen> {
    let resolvers = survey.and_then(|names| names.resolvers.as_deref()).unwrap_or_default();
    let answers = |server: &str| resolvers.iter().any(|one| one.server == server && one.control.is_ok());
    // One that answers other questions and not this one passes it on to somebody who is silent.
    let is_silent = |lookup: &Lookup| lookup.result == Err(AskError::Timeout) && answers(&lookup.server);
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for (host, seen) in &seed.hosts {
        let Some((_, parent)) = host.split_once('.') else { continue };
        let wrong = |lookup: &&Lookup| differs(seen, &lookup.server) || is_silent(lookup);
        for lookup in seen.system_servers.iter().filter(wrong) {
            let of_server = wanted.iter().filter(|(server, _)| *server == lookup.server).count();
            let pair = (lookup.server.as_str(), parent);
            if of_server < DOMAINS && wanted.len() < DOMAINS * RESOLVERS && !wanted.contains(&pair) {
                wanted.push(pair);
            }
        }
    }
    let elsewhere = provider::outside(seed);
    let asked = wanted.into_iter().map(|(server, parent)| async move {
        let address = super::survey::address(server, probes.dns_port).ok()?;
        let (soa, sibling, stranger) = futures::join!(
            ask(limit, paces, address, Question::new(parent, RecordType::Soa)),
            ask(limit, paces, address, Question::new(made_up(parent), RecordType::A)),
            async {
                match seed.offline {
                    true => None,
                    false => {
                        ask(limit, paces, address, Question::new(made_up(elsewhere), RecordType::A)).await
                    }
                }
            }
        );
        Some(AroundSeen {
            server: server.to_owned(),
            parent: parent.to_owned(),
            soa: soa?,
            sibling: sibling?,
            stranger,
        })
    });
    join_all(asked).await.into_iter().flatten().collect()
}

async fn ask(
    limit: &Limit,
    paces: &Paces,
    server: SocketAddr,
    question: Question,
) -> Option<Result<Reply, AskError>> {
    let question = &question;
    let probe = || limit.run(|within| dns::ask(server, question, within));
    limit.until(paces.house().once(1, &probe)).await
}
