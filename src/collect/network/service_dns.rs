//! The cluster's DNS, asked at its Service's address as a pod asks it. Only a node reaches that address.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use futures::future::join_all;

use crate::collect::network::{Limit, Probes};
use crate::evidence::{Asked, Evidence, Lookup, NodeSeen, ServiceLookup, at};
use crate::facts::cluster_domain::DEFAULT;
use crate::facts::{name_server, namespaces};
use crate::net::dns::{Question, RecordType, ask, system_resolvers};
use crate::provider;

/// There in every cluster, below its domain.
const INTERNAL: &str = "kubernetes.default.svc";

/// Nothing where this machine is no node, or there is no such Service.
pub(super) async fn look(evidence: &Evidence, probes: &Probes, limit: &Limit) -> Vec<ServiceLookup> {
    let Some(server) = server(evidence) else { return Vec::new() };
    let domain = evidence.cluster_domain().unwrap_or_else(|| DEFAULT.to_owned());
    let mut names = vec![(format!("{INTERNAL}.{domain}"), Asked::Internal)];
    // Without resolvers of the internet, nothing beyond the LAN is to be asked.
    if !probes.resolvers.is_empty() {
        let external = provider::outside(evidence);
        names.push((external.to_owned(), Asked::External));
        let conf = system_resolvers(&probes.resolv_conf).await.unwrap_or_default();
        names.extend(conf.search.iter().map(|domain| (format!("{external}.{domain}"), Asked::Searched)));
    }
    let asked = names.into_iter().map(|(name, kind)| async move {
        let question = &Question::new(name.trim_end_matches('.'), RecordType::A);
        let result = limit.run(|within| ask(server, question, within)).await?;
        Some(ServiceLookup { name, kind, lookup: Lookup { server: server.ip().to_string(), result } })
    });
    join_all(asked).await.into_iter().flatten().collect()
}

fn server(evidence: &Evidence) -> Option<SocketAddr> {
    let nodes = evidence.nodes.as_ref()?;
    let service = evidence.cluster.as_ref()?.objects.find("services", namespaces::SYSTEM, "kube-dns")?;
    let address: IpAddr = at(service, "/spec/clusterIP").parse().ok()?;
    is_one_of(nodes).then(|| SocketAddr::new(address, name_server::PORT))
}

/// Whether this machine is one of the nodes: only these reach pods and Services.
pub(in crate::collect) fn is_one_of(nodes: &[NodeSeen]) -> bool {
    nodes.iter().flat_map(|node| &node.addresses).any(|address| is_here(*address))
}

/// Whether this machine has the address: only then can a socket be bound to it. Nothing is sent.
fn is_here(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_is_known_and_another_is_not() {
        assert!(is_here([127, 0, 0, 1].into()));
        assert!(!is_here([192, 0, 2, 1].into()));
    }
}
