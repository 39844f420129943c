//! The names of one host, from the authoritative servers inward.

use std::net::{IpAddr, SocketAddr};

use futures::future::join_all;

use super::{Host, Limit, Probes};
use crate::{
    net::{
        Transport,
        dns::{self, AskError, Doh, Kind, NameServer, Question, Reply},
        http::{HttpAnswer, get},
    },
    verify::evidence::{HostSeen, Lookup, ProviderFailure, ProviderSeen, probe_name},
};

/// The servers to ask, found once for all hosts.
pub(super) struct Servers {
    pub(super) authoritative: Vec<NameServer>,
    system: Vec<SocketAddr>,
    /// Why there are no authoritative ones.
    pub(super) missing: Option<String>,
}

impl Servers {
    pub(super) async fn find(probes: &Probes, limit: &Limit) -> Self {
        let conf = dns::system_resolvers(&probes.resolv_conf).await.unwrap_or_default();
        let system: Vec<SocketAddr> =
            conf.servers.iter().map(|server| SocketAddr::new(*server, probes.dns_port)).collect();
        let (zone, port) = (&probes.zone.name, probes.dns_port);
        // The zone itself is old: asking a resolver for its servers poisons nothing.
        let by = |resolvers: Vec<SocketAddr>| async move {
            limit.run(|within| dns::authoritative(zone, &resolvers, port, within)).await
        };
        let mut found = by(probes.resolvers.clone()).await;
        if !matches!(&found, Some(Ok(servers)) if !servers.is_empty()) {
            found = by(system.clone()).await;
        }
        let (authoritative, missing) = match found {
            Some(Ok(servers)) if servers.is_empty() => {
                (servers, Some(format!("no resolver knows the name servers of `{zone}`")))
            }
            Some(Ok(servers)) => (servers, None),
            Some(Err(why)) => {
                (Vec::new(), Some(format!("the name servers of `{zone}` cannot be found: {why}")))
            }
            None => (Vec::new(), Some("no time was left to find the name servers".into())),
        };
        Self { authoritative, system, missing }
    }
}

pub(super) async fn look(
    probes: &Probes,
    limit: &Limit,
    servers: &Servers,
    provider: Option<&Result<ProviderSeen, ProviderFailure>>,
    host: &Host,
    six: bool,
) -> HostSeen {
    let name = probe_name(&host.name);
    let mut seen = HostSeen::default();
    let asked = servers.authoritative.iter().map(|server| {
        ask(limit, server.name.clone(), server.address, Question::new(&name, Kind::A).authoritative(), six)
    });
    seen.authoritative = join_all(asked).await.into_iter().flatten().collect();
    if !is_published(&seen.authoritative, provider, &host.name) {
        return seen;
    }
    let question = || Question::new(&name, Kind::A);
    let public = async {
        let asked =
            probes.resolvers.iter().map(|server| ask(limit, label(*server), *server, question(), six));
        let heard: Vec<Lookup> = join_all(asked).await.into_iter().flatten().collect();
        if heard.iter().any(|lookup| lookup.result.is_ok()) {
            return heard;
        }
        let over_https = join_all(probes.doh.iter().map(|server| ask_doh(limit, server, question()))).await;
        heard.into_iter().chain(over_https.into_iter().flatten()).collect()
    };
    let local = async {
        let asked = servers.system.iter().map(|server| ask(limit, label(*server), *server, question(), six));
        let (system, each) = futures::join!(limit.run(|within| dns::look_up(&name, within)), join_all(asked));
        let answer = by_name(probes, limit, host, system.as_ref()).await;
        (system, each.into_iter().flatten().collect(), answer)
    };
    (seen.public, (seen.system, seen.system_servers, seen.end_to_end)) = futures::join!(public, local);
    seen
}

/// Whether the world can know the name: every authoritative server that answers has it. When none can be reached from
/// here, the provider's word is enough.
fn is_published(
    authoritative: &[Lookup],
    provider: Option<&Result<ProviderSeen, ProviderFailure>>,
    host: &str,
) -> bool {
    let mut heard = authoritative.iter().filter_map(|lookup| lookup.result.as_ref().ok()).peekable();
    if heard.peek().is_some() {
        return heard.all(|reply| !reply.answers.is_empty());
    }
    let Some(Ok(provider)) = provider else {
        return false;
    };
    provider.records.iter().any(|record| record.kind == "A" && record.name.eq_ignore_ascii_case(host))
}

async fn ask(
    limit: &Limit,
    server: String,
    address: SocketAddr,
    question: Question,
    six: bool,
) -> Option<Lookup> {
    let other = Question { kind: Kind::Aaaa, ..question.clone() };
    let result = limit
        .run(|within| async move {
            if !six {
                return dns::ask(address, &question, within).await;
            }
            let (four, six) =
                futures::join!(dns::ask(address, &question, within), dns::ask(address, &other, within));
            both(four, six)
        })
        .await?;
    Some(Lookup { server, result })
}

/// The A reply with the AAAA answers added.
fn both(four: Result<Reply, AskError>, six: Result<Reply, AskError>) -> Result<Reply, AskError> {
    let mut reply = four?;
    reply.answers.extend(six.map(|six| six.answers).unwrap_or_default());
    Ok(reply)
}

async fn ask_doh(limit: &Limit, server: &Doh, question: Question) -> Option<Lookup> {
    let result = limit.run(|within| async move { dns::doh(server, &question, within).await }).await?;
    Some(Lookup { server: server.url.clone(), result })
}

/// The service at the first address that this machine resolves, as a browser would go.
async fn by_name(
    probes: &Probes,
    limit: &Limit,
    host: &Host,
    found: Option<&Result<Vec<IpAddr>, AskError>>,
) -> Option<Result<HttpAnswer, Transport>> {
    let address = *found?.as_ref().ok()?.first()?;
    let target = host.target(probes, address);
    limit.run(|within| async move { get(&target, within).await }).await
}

/// A resolver by its address, with the port only where it is unusual.
fn label(server: SocketAddr) -> String {
    match server.port() {
        53 => server.ip().to_string(),
        _ => server.to_string(),
    }
}
