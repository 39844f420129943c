//! The servers that hold a zone: its NS records through a resolver, then their addresses.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;
use serde::Serialize;

use crate::evidence::dns::{AskError, Data, Rcode, Record, Reply};
use crate::net::dns::{Question, RecordType, ask};

/// How many servers of a zone are asked. More than 13 do not fit into the answer that RFC 1035 allows; who names a thousand
/// must not have them all asked.
const MOST: usize = 16;

/// One authoritative server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NameServer {
    /// As in the NS record: lower case, without the final dot.
    pub name: String,
    /// Where it is asked, the port included.
    pub address: SocketAddr,
}

/// The servers of a zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ZoneServers {
    /// Of every NS record, sorted; empty when the zone has none.
    pub names: Vec<String>,
    /// Those whose address was found.
    pub servers: Vec<NameServer>,
}

/// The authoritative servers of a zone, found through the first of `resolvers` that answers, one address each (IPv4
/// first). `port` is 53 but in tests.
pub async fn authoritative(
    zone: &str,
    resolvers: &[SocketAddr],
    port: u16,
    within: Duration,
) -> Result<ZoneServers, AskError> {
    let half = within / 2;
    let (resolver, reply) = first_answer(resolvers, &Question::new(zone, RecordType::Ns), half).await?;
    let names = server_names(&reply.answers);
    let servers = addressed(&names, resolver, port, half).await;
    Ok(ZoneServers { names, servers })
}

/// What NS records name, sorted, each once, and no more than [`MOST`].
pub(super) fn server_names(records: &[Record]) -> Vec<String> {
    let mut names: Vec<String> = records
        .iter()
        .filter_map(|record| match &record.data {
            Data::Ns(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(MOST);
    names
}

/// The servers of these names whose address a resolver knows.
pub(super) async fn addressed(
    names: &[String],
    resolver: SocketAddr,
    port: u16,
    within: Duration,
) -> Vec<NameServer> {
    let found = names.iter().map(|name| async move {
        let address = address_of(resolver, name, within).await?;
        Some(NameServer { name: name.clone(), address: SocketAddr::new(address, port) })
    });
    join_all(found).await.into_iter().flatten().collect()
}

/// All resolvers are asked at once; the first in the list with a useful answer wins.
pub(super) async fn first_answer(
    resolvers: &[SocketAddr],
    question: &Question,
    within: Duration,
) -> Result<(SocketAddr, Reply), AskError> {
    let answers = join_all(resolvers.iter().map(|server| ask(*server, question, within))).await;
    let mut why = AskError::Other("no resolver to ask".into());
    for (server, answer) in resolvers.iter().zip(answers) {
        match answer {
            Ok(reply) if matches!(reply.rcode, Rcode::NoError | Rcode::NxDomain) => {
                return Ok((*server, reply));
            }
            Ok(reply) => why = AskError::Other(format!("{} answers {:?}", server.ip(), reply.rcode)),
            Err(error) => why = error,
        }
    }
    Err(why)
}

async fn address_of(resolver: SocketAddr, name: &str, within: Duration) -> Option<IpAddr> {
    let first_address = |kind| {
        let question = Question::new(name, kind);
        async move {
            ask(resolver, &question, within).await.ok().and_then(|reply| reply.addresses().first().copied())
        }
    };
    let (four, six) = futures::join!(first_address(RecordType::A), first_address(RecordType::Aaaa));
    four.or(six)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::dns::Zone;

    #[tokio::test]
    async fn the_servers_of_a_zone_are_found_with_their_addresses() {
        let resolver = Zone::new("example.com")
            .ns("ada.ns.example.com")
            .ns("bob.ns.example.com")
            .a("ada.ns.example.com", [127, 0, 0, 1])
            .a("bob.ns.example.com", [127, 0, 0, 2])
            .serve()
            .await;
        let found = authoritative("example.com", &[resolver], 53, Duration::from_secs(2)).await.unwrap();
        assert_eq!(found.names, ["ada.ns.example.com", "bob.ns.example.com"]);
        assert_eq!(
            found.servers[0],
            NameServer { name: "ada.ns.example.com".into(), address: ([127, 0, 0, 1], 53).into() }
        );
    }

    #[tokio::test]
    async fn of_a_thousand_servers_sixteen_are_asked() {
        let mut zone = Zone::new("example.com").truncating();
        for n in 0..1500 {
            zone = zone.ns(&format!("n{n}.example.com")).a(&format!("n{n}.example.com"), [127, 0, 0, 1]);
        }
        let resolver = zone.serve().await;
        let found = authoritative("example.com", &[resolver], 53, Duration::from_secs(4)).await.unwrap();
        assert_eq!((found.names.len(), found.servers.len()), (MOST, MOST));
    }

    #[tokio::test]
    async fn without_a_resolver_the_reason_is_said() {
        let found = authoritative("example.com", &[], 53, Duration::from_secs(1)).await;
        assert!(found.unwrap_err().to_string().contains("no resolver"));
    }
}
