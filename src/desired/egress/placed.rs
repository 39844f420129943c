//! What of the cluster goes into policies: who pods are, where they are, and where the API server is.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use crate::evidence::{View, at, entries};
use crate::facts::network::Network;
use crate::facts::told::{is_k3s, servers_of};

/// k3s' network of pods, where nothing else is known (k3s, pkg/cli/cmds/server.go: `cluster-cidr`).
const PODS: &str = "10.42.0.0/16";
/// The Service of the API server, and the slice that the server itself keeps of its addresses (Kubernetes 1.36,
/// pkg/controlplane/reconcilers/endpointsadapter.go).
pub const API: (&str, &str) = ("default", "kubernetes");

/// Labels by which pods are chosen.
pub type Labels = BTreeMap<String, String>;

/// What of the cluster goes into policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// By namespace and name, the selector of each Service that has one.
    pub(super) selectors: BTreeMap<(String, String), Labels>,
    /// The networks of pods.
    pub(in crate::desired) pods: Vec<Network>,
    /// The addresses of the nodes.
    pub(in crate::desired) nodes: Vec<IpAddr>,
    /// Where the API server listens, behind its Service.
    pub(in crate::desired) api: Vec<SocketAddr>,
    /// Whether the engine is Cilium, which follows names and knows no node by its address.
    pub(in crate::desired) by_cilium: bool,
}

impl Placed {
    /// What these Services and nodes say.
    #[must_use]
    pub fn of(services: &[Value], nodes: &[Value]) -> Self {
        let selector = |service: &Value| {
            let pairs = service["spec"]["selector"].as_object()?.iter();
            let labels: Labels =
                pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
            (!labels.is_empty())
                .then(|| ((service.namespace().to_owned(), service.name().to_owned()), labels))
        };
        let addresses = nodes.iter().flat_map(|node| entries(node, "/status/addresses"));
        Self {
            selectors: services.iter().filter_map(selector).collect(),
            pods: pods(nodes),
            nodes: addresses.filter_map(|one| at(one, "/address").parse().ok()).collect(),
            api: Vec::new(),
            by_cilium: false,
        }
    }

    /// The same where Cilium enforces what is written.
    #[must_use]
    pub fn by_cilium(self, is_so: bool) -> Self {
        Self { by_cilium: is_so, ..self }
    }

    /// The same with the addresses in these slices of the API server's.
    #[must_use]
    pub fn asking<'s>(self, slices: impl IntoIterator<Item = &'s Value>) -> Self {
        Self { api: slices.into_iter().flat_map(api_servers).collect(), ..self }
    }
}

/// Where the API server listens, by a slice: none of one that is not its own.
#[must_use]
pub fn api_servers(slice: &Value) -> Vec<SocketAddr> {
    if (slice.namespace(), slice.name()) != API {
        return Vec::new();
    }
    let ports = entries(slice, "/ports").iter().filter_map(|port| u16::try_from(port["port"].as_u64()?).ok());
    let ports: Vec<u16> = ports.collect();
    let addresses = entries(slice, "/endpoints").iter().flat_map(|endpoint| entries(endpoint, "/addresses"));
    let addresses = addresses.filter_map(|address| address.as_str()?.parse::<IpAddr>().ok());
    addresses.flat_map(|address| ports.iter().map(move |port| SocketAddr::new(address, *port))).collect()
}

/// The networks of pods: those that k3s was told, else its own, and those of nodes that lie in none of them.
pub(super) fn pods(nodes: &[Value]) -> Vec<Network> {
    let read =
        |text: &str| text.split(',').filter_map(|one| Network::parse(one.trim()).ok()).collect::<Vec<_>>();
    let servers = servers_of(nodes);
    let told: Vec<Network> =
        servers.iter().flat_map(|told| told.values("--cluster-cidr")).flat_map(read).collect();
    // Another Kubernetes has other networks, which its nodes name.
    let by_k3s = nodes.is_empty() || nodes.iter().any(is_k3s);
    let mut all = if told.is_empty() && by_k3s { read(PODS) } else { told };
    let ranges = nodes
        .iter()
        .flat_map(|node| entries(node, "/spec/podCIDRs"))
        .filter_map(Value::as_str)
        .flat_map(read);
    for range in ranges {
        if !all.iter().any(|known| known.has(&range)) {
            all.push(range);
        }
    }
    all.sort();
    all.dedup();
    all
}
