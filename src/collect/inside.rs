//! The names that pods are given, asked of each pod of CoreDNS at its own address. Only a node reaches that.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::collect::network::is_one_of;
use crate::config::Config;
use crate::desired::inside_names;
use crate::evidence::pod::{is_coredns, is_ready};
use crate::evidence::{InsideAnswer, InsideLookup, InsideName, InsideSeen, Lookup, NodeSeen, View, at};
use crate::facts::name_server;
use crate::net::dns::{Question, RecordType, ask};

/// So many names are asked for, at so many pods; the first one stands for all that was configured.
const NAMES: usize = 24;
const PODS: usize = 16;
/// How many questions are open at once.
const AT_ONCE: usize = 16;
/// For one answer. CoreDNS asks two servers that are silent within that time.
const ANSWERS: Duration = Duration::from_secs(4);

/// Asks those that are ready; `None` where pods are given no names.
pub(super) async fn look(
    config: &Config,
    nodes: Option<&[NodeSeen]>,
    pods: &[Value],
    deadline: Instant,
) -> Option<InsideSeen> {
    if !config.dns.has_inside_names() {
        return None;
    }
    let wanted = inside_names::wanted(config);
    let names = wanted.len().saturating_sub(1);
    if !nodes.is_some_and(is_one_of) {
        return Some(InsideSeen { names, asked: None });
    }
    let servers = pods.iter().filter(|pod| is_coredns(pod) && is_ready(pod)).take(PODS);
    let servers: Vec<(String, SocketAddr)> =
        servers.filter_map(|pod| Some((pod.full_name(), server(pod)?))).collect();
    let asked = servers.iter().flat_map(|(pod, server)| {
        wanted.iter().take(NAMES).map(move |wanted| async move { one(pod, *server, wanted, deadline).await })
    });
    let asked = stream::iter(asked.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
    Some(InsideSeen { names, asked: Some(asked) })
}

fn server(pod: &Value) -> Option<SocketAddr> {
    let address: IpAddr = at(pod, "/status/podIP").parse().ok()?;
    Some(SocketAddr::new(address, name_server::PORT))
}

async fn one(pod: &str, server: SocketAddr, wanted: &InsideName, deadline: Instant) -> InsideLookup {
    let kind = match wanted.answer {
        InsideAnswer::Addresses(_) => RecordType::A,
        InsideAnswer::Text(_) => RecordType::Txt,
        InsideAnswer::Serial(_) | InsideAnswer::FromHouse(_) => RecordType::Soa,
    };
    let within = ANSWERS.min(deadline.saturating_duration_since(Instant::now()));
    let result = ask(server, &Question::new(wanted.name.as_str(), kind), within).await;
    InsideLookup {
        pod: pod.to_owned(),
        wanted: wanted.clone(),
        lookup: Lookup { server: server.ip().to_string(), result },
    }
}
