//! Who answers for a host: pods, a program on a node, a machine outside the cluster, or a name that is looked up.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use crate::checks::apps::backend::{self, Backend};
use crate::checks::reading::{pod_networks, pod_ranges, told};
use crate::evidence::{Evidence, at, entries};

/// Who answers for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Behind {
    /// Pods that a Service selects.
    Pods,
    /// A program on a node itself, beside the cluster: the node's name, and where pods look for the program.
    Node(String, SocketAddr),
    /// A machine outside the cluster: a Service without selector has its address and port.
    Machine(String),
    /// A name outside the cluster: a Service of type ExternalName.
    Name(String),
    /// No Service of the host was read.
    Unknown,
}

/// Who stands behind the first of the host's Services that is there.
pub(super) fn of(evidence: &Evidence, host: &str) -> Behind {
    let backends = backend::of(evidence, host);
    let found = backends.iter().find_map(|backend| Some((backend, backend.find(evidence)?)));
    let Some((backend, service)) = found else { return Behind::Unknown };
    if at(service, "/spec/type") == "ExternalName" {
        return Behind::Name(at(service, "/spec/externalName").to_owned());
    }
    let selects = service["spec"]["selector"].as_object().is_some_and(|selector| !selector.is_empty());
    if let Some((node, address)) = on_node(evidence, backend).filter(|_| !selects) {
        return Behind::Node(node, address);
    }
    match outside(evidence, backend).filter(|_| !selects) {
        Some(address) => Behind::Machine(address),
        None => Behind::Pods,
    }
}

/// The first address and port that is a node's own: no pod stands for it.
fn on_node(evidence: &Evidence, backend: &Backend<'_>) -> Option<(String, SocketAddr)> {
    backend::slices(evidence, backend).find_map(|slice| {
        let port = entries(slice, "/ports").first()?["port"].as_u64()?.try_into().ok()?;
        entries(slice, "/endpoints").iter().find_map(|endpoint| {
            let node = Some(at(endpoint, "/nodeName")).filter(|node| !node.is_empty())?;
            let address: IpAddr = at(endpoint, "/addresses/0").parse().ok()?;
            endpoint["targetRef"].is_null().then(|| (node.to_owned(), SocketAddr::new(address, port)))
        })
    })
}

/// The first address and port of a Service that are no pod's.
fn outside(evidence: &Evidence, backend: &Backend<'_>) -> Option<String> {
    let slices = backend::slices(evidence, backend);
    let mut found = slices.flat_map(|slice| {
        let port = entries(slice, "/ports").first().and_then(|port| port["port"].as_u64());
        let addresses = entries(slice, "/endpoints").iter().flat_map(|one| entries(one, "/addresses"));
        addresses.filter_map(Value::as_str).map(move |address| (address.to_owned(), port))
    });
    let (address, port) = found.find(|(address, _)| !is_of_pod(evidence, address))?;
    let shown = if address.contains(':') { format!("[{address}]") } else { address };
    Some(port.map_or_else(|| shown.clone(), |port| format!("{shown}:{port}")))
}

fn is_of_pod(evidence: &Evidence, address: &str) -> bool {
    let in_range = match address.parse() {
        Ok(IpAddr::V4(address)) => {
            pod_ranges(evidence.objects("nodes").unwrap_or_default()).any(|range| range.holds(address))
        }
        _ => false,
    };
    let mut pods = evidence.objects("pods").unwrap_or_default().iter();
    in_range || pods.any(|pod| at(pod, "/status/podIP") == address && pod["spec"]["hostNetwork"] != true)
}

/// From where the requests come that the controller sends to whoever stands behind a host: the pods' network, or the
/// nodes' own addresses for what lies outside the cluster, since they stand in for their pods there.
pub(super) fn callers(evidence: &Evidence, behind: &Behind) -> Vec<String> {
    match behind {
        // A pod on its own node keeps its address, and flannel keeps it between nodes.
        Behind::Pods | Behind::Node(..) | Behind::Unknown => pods_network(evidence),
        Behind::Machine(_) | Behind::Name(_) => nodes(evidence),
    }
}

/// The addresses of the nodes.
pub(super) fn nodes(evidence: &Evidence) -> Vec<String> {
    let nodes = evidence.nodes.iter().flatten();
    nodes.flat_map(|node| node.addresses.iter().map(ToString::to_string)).collect()
}

/// Whether something else than the ingress may answer at that port of a node: a pod's, or one of a Service.
pub(super) fn is_open(evidence: &Evidence, port: u16) -> bool {
    let port = Value::from(port);
    let containers = |pod: &Value| {
        let mut ports = entries(pod, "/spec/containers").iter().flat_map(|one| entries(one, "/ports"));
        let on_host = pod["spec"]["hostNetwork"] == true;
        ports.any(|one| one["hostPort"] == port || (on_host && one["containerPort"] == port))
    };
    let listens = |service: &Value| {
        let outside = ["LoadBalancer", "NodePort"].contains(&at(service, "/spec/type"));
        let mut ports = entries(service, "/spec/ports").iter();
        outside && ports.any(|one| one["nodePort"] == port || one["port"] == port)
    };
    evidence.objects("pods").is_none_or(|pods| pods.iter().any(containers))
        || evidence.objects("services").is_none_or(|services| services.iter().any(listens))
}

/// Whether this machine's way out of its network leads over the address.
pub(super) fn is_router(evidence: &Evidence, address: IpAddr) -> bool {
    let routes = evidence.machine.iter().flat_map(|machine| machine.routes.iter().flatten());
    routes
        .filter(|route| route.network.prefix == 0)
        .any(|route| route.gateway.map(IpAddr::V4) == Some(address))
}

fn pods_network(evidence: &Evidence) -> Vec<String> {
    let servers = told::servers(evidence);
    if let Some(told) = servers.iter().find_map(|told| told.value("--cluster-cidr", "")) {
        return told.split(',').map(str::to_owned).collect();
    }
    pod_networks(evidence).iter().map(ToString::to_string).collect()
}
