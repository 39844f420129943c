//! What the domain says about who may issue certificates for it.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use crate::collect::network::asked::asked;
use crate::collect::network::pace::Paces;
use crate::collect::network::servers::Servers;
use crate::collect::network::{Limit, Probes};
use crate::evidence::Lookup;
use crate::evidence::dns::{AskError, Data, Record, Reply};
use crate::facts::names::{endings, is_within};
use crate::net::dns::{self, Question, RecordType};

/// The CAA answers for each host that is asked for and every name above it; `None` when they are not wanted (`up`), or nobody beyond this
/// network is to be asked.
///
/// Names inside the zone are asked of the servers that hold it: a resolver would remember that a name is missing. Those
/// above it have been there for long.
pub(super) async fn caa(
    probes: &Probes,
    limit: &Limit,
    servers: &Servers,
    (paces, hosts): (&Paces, &BTreeSet<String>),
    wanted: bool,
) -> Option<BTreeMap<String, Lookup>> {
    if !wanted || probes.resolvers.is_empty() {
        return None;
    }
    let names: BTreeSet<String> = hosts.iter().flat_map(|host| endings(host)).collect();
    let asked = names.into_iter().map(|name| async move {
        let zone = servers.zone_name().unwrap_or(&probes.domain);
        let lookup = match is_within(&name, zone) {
            true => of_zone(probes, limit, servers, paces, &name).await,
            false => of_resolvers(probes, limit, paces, &name).await,
        };
        Some((name, lookup?))
    });
    Some(join_all(asked).await.into_iter().flatten().collect())
}

/// The first of the zone's servers that answers. An alias is followed by a resolver, which can know its target.
async fn of_zone(
    probes: &Probes,
    limit: &Limit,
    servers: &Servers,
    paces: &Paces,
    name: &str,
) -> Option<Lookup> {
    let question = Question::new(name, RecordType::Caa).authoritative();
    let mut last = None;
    for server in &servers.authoritative {
        let result = asked(limit, paces.of(server.address), server.address, &question).await?;
        if result.as_ref().is_ok_and(is_alias) {
            return of_resolvers(probes, limit, paces, name).await;
        }
        let heard = result.is_ok();
        last = Some(Lookup { server: server.name.clone(), result });
        if heard {
            break;
        }
    }
    last
}

async fn of_resolvers(probes: &Probes, limit: &Limit, paces: &Paces, name: &str) -> Option<Lookup> {
    let mut last: Option<Lookup> = None;
    for server in &probes.resolvers {
        let result = asked(limit, paces.of(*server), *server, &Question::new(name, RecordType::Caa)).await?;
        let heard = result.is_ok();
        last = Some(Lookup { server: server.ip().to_string(), result });
        if heard {
            return last;
        }
    }
    for server in &probes.doh {
        let question = Question::new(name, RecordType::Caa);
        let result: Result<Reply, AskError> =
            limit.run(|within| async move { dns::doh(server, &question, within).await }).await?;
        last = Some(Lookup { server: server.url.clone(), result });
    }
    last
}

fn is_alias(reply: &Reply) -> bool {
    let only = |record: &Record| matches!(record.data, Data::Cname(_));
    !reply.answers.is_empty() && reply.answers.iter().all(only)
}
