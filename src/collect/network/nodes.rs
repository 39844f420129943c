//! Each node's own addresses: the 404 for names that nobody has, and each service by its name.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use rustls::RootCertStore;

use crate::collect::network::{Host, Limit, Probes};
use crate::evidence::http::{HttpAnswer, Scheme};
use crate::evidence::tls::Served;
use crate::evidence::{Evidence, IngressSeen, NodeProbe, NodeSeen, Seen, Transport};
use crate::facts::names::probe_name;
use crate::net::follow::{self, Reach};
use crate::net::http::{Target, get};
use crate::net::tls::handshake;

/// A name that no Ingress has, wildcards included (RFC 2606).
pub(super) const UNKNOWN: &str = "homelab-unknown.invalid";

/// Where the controller is asked: each node's addresses, or those that a controller which is not homelab's has published.
pub(in crate::collect) fn addresses(evidence: &Evidence) -> Vec<(String, IpAddr)> {
    match evidence.controller.is_managed() {
        true => of_nodes(evidence),
        false => published(evidence, |ingress| ingress.class.as_deref() == evidence.class.as_deref()),
    }
}

/// The same for one host: the nodes serve every host, and of another controller only its own Ingresses tell.
pub(super) fn addresses_of(evidence: &Evidence, host: &str) -> Vec<(String, IpAddr)> {
    match evidence.controller.is_managed() {
        true => of_nodes(evidence),
        false => published(evidence, |ingress| ingress.hosts.iter().any(|name| name == host)),
    }
}

/// The addresses that these Ingresses have, each by its own name: which node answers there, if one does, nobody says.
fn published(evidence: &Evidence, among: impl Fn(&IngressSeen) -> bool) -> Vec<(String, IpAddr)> {
    let among = evidence.ingresses.iter().flatten().filter(|ingress| among(ingress));
    let all: BTreeSet<IpAddr> = among.flat_map(|ingress| ingress.addresses.iter().copied()).collect();
    all.into_iter().map(|address| (address.to_string(), address)).collect()
}

/// The addresses of the nodes that are ready, at which ports of pods answer. k3s gives a node its address of IPv6, too, and where
/// pods have none, their ports are not translated there (CNI plugins, plugins/meta/portmap).
fn of_nodes(evidence: &Evidence) -> Vec<(String, IpAddr)> {
    let ready = evidence.nodes.iter().flatten().filter(|node| node.ready);
    let serving = |node: &NodeSeen| {
        let of_pods = |address: &&IpAddr| address.is_ipv4() || node.ipv6_pods;
        node.addresses.iter().filter(of_pods).map(|address| (node.name.clone(), *address)).collect::<Vec<_>>()
    };
    ready.flat_map(serving).collect()
}

/// Both ports of each address, without a name and with one that no Ingress has.
pub(super) async fn unknown_names(
    probes: &Probes,
    limit: &Limit,
    nodes: &[(String, IpAddr)],
) -> Vec<NodeProbe> {
    let mut wanted = Vec::new();
    for (node, address) in nodes {
        for (scheme, port) in [(Scheme::Http, probes.http_port), (Scheme::Https, probes.https_port)] {
            for host in [None, Some(UNKNOWN.to_owned())] {
                let address = SocketAddr::new(*address, port);
                wanted.push((node, Target { scheme, address, host, check_certificate: false }));
            }
        }
    }
    let asked = wanted.into_iter().map(|(node, target)| async move {
        let answer = limit.run(|within| twice(&target, within)).await?;
        let (address, scheme, named) = (target.address, target.scheme, target.host.is_some());
        Some(NodeProbe { node: node.clone(), address, scheme, named, answer })
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// One service at each place: the certificate, which the lab's own root is asked about, too, and the answer.
pub(super) async fn services(
    probes: &Probes,
    limit: &Limit,
    host: &Host,
    (names, own): (&BTreeSet<String>, Option<&Arc<RootCertStore>>),
) -> (Vec<Seen<Served>>, Vec<Seen<HttpAnswer>>) {
    let name = &probe_name(&host.name);
    let each = host.places.iter().map(|(node, address)| async move {
        let target = host.target(probes, *address);
        let https = SocketAddr::new(*address, probes.https_port);
        let (tls, http) = futures::join!(
            limit.run(|within| handshake(own.cloned(), https, name, within)),
            limit.run(|within| once_more(&target, probes.reach(names), within)),
        );
        let tls = tls.map(|result| Seen { node: node.clone(), address: https, result });
        let http = http.map(|result| Seen { node: node.clone(), address: target.address, result });
        (tls, http)
    });
    let (tls, http): (Vec<_>, Vec<_>) = join_all(each).await.into_iter().unzip();
    (tls.into_iter().flatten().collect(), http.into_iter().flatten().collect())
}

/// The same for a service, whose redirects are followed.
async fn once_more(target: &Target, reach: Reach<'_>, within: Duration) -> Result<HttpAnswer, Transport> {
    match follow::get(target, reach, within).await {
        Err(Transport::Closed) => follow::get(target, reach, within).await,
        answer => answer,
    }
}

/// A connection that is cut off may have met the controller in the moment of a reload: one more try.
async fn twice(target: &Target, within: Duration) -> Result<HttpAnswer, Transport> {
    match get(target, within).await {
        Err(Transport::Closed) => get(target, within).await,
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_is_asked_where_pods_have_one() {
        let asked = |ipv6_pods| {
            let addresses = vec![[192, 168, 1, 2].into(), "fd00::2".parse().unwrap()];
            let mut evidence = Evidence::new(jiff::Timestamp::UNIX_EPOCH);
            evidence.nodes = Some(vec![NodeSeen { name: "pi".into(), ready: true, addresses, ipv6_pods }]);
            super::addresses(&evidence).len()
        };
        assert_eq!((asked(false), asked(true)), (1, 2));
    }
}
