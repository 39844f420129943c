//! As Kubernetes' own NetworkPolicy has it: addresses, and pods by their labels.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::needs::{Need, Peer, Program};
use crate::config::{Config, Port};
use crate::desired::egress::{House, Placed, cidr, dns, house};
use crate::desired::kind;
use crate::desired::meta::NAME;
use crate::facts::network::Network;

/// Where k3s' API server listens (k3s, pkg/cli/cmds/server.go: `https-listen-port`), and kubeadm's.
pub(super) const API_PORT: u16 = 6443;
/// The label of every namespace that has its name (Kubernetes docs, "Well-Known Labels, Annotations and Taints").
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// Every address, and those of it that only the node itself knows (RFC 3927; RFC 4291, section 2.5.6).
const EVERYWHERE: [(&str, &str); 2] = [("0.0.0.0/0", "169.254.0.0/16"), ("::/0", "fe80::/10")];

/// What is known of the addresses.
struct World<'p> {
    house: House,
    placed: Option<&'p Placed>,
}

pub(super) fn policy(name: &str, program: &Program, config: &Config, placed: Option<&Placed>) -> Value {
    let world = World { house: house(config, placed), placed };
    let rules: Vec<Value> = program.needs.iter().map(|need| rule(need, &world)).collect();
    let kind = &kind::NETWORK_POLICY;
    let mut spec = json!({ "podSelector": { "matchLabels": program.labels }, "policyTypes": ["Egress"] });
    // The API server keeps no empty list.
    if !rules.is_empty() {
        spec["egress"] = rules.into();
    }
    json!({ "apiVersion": kind.api_version(), "kind": kind.kind,
        "metadata": { "namespace": program.namespace, "name": name }, "spec": spec })
}

fn rule(need: &Need, world: &World<'_>) -> Value {
    let block = |cidr: Value| json!({ "ipBlock": cidr });
    let to: Vec<Value> = match &need.to {
        Peer::Dns => return dns(),
        Peer::ApiServer => return api_server(world),
        Peer::Cluster => vec![json!({ "namespaceSelector": {} })],
        Peer::Pods(namespace, program) => {
            let mut peer = json!({ "namespaceSelector": { "matchLabels": { NAMESPACE_NAME: namespace } } });
            if let Some(program) = program {
                peer["podSelector"] = json!({ "matchLabels": { NAME: program } });
            }
            vec![peer]
        }
        // Which addresses the nodes have changes, and a policy that comes too late cuts off what would tell of it.
        Peer::Nodes => of_house(world).into_iter().map(block).collect(),
        Peer::Address(address) => vec![block(cidr(alone(*address), &[]))],
        Peer::Named(_) => everywhere(&world.pods()).map(block).into(),
        Peer::Internet(_) => {
            let house = world.house.iter().map(|(network, _)| *network);
            everywhere(&house.chain(world.pods()).collect::<Vec<_>>()).map(block).into()
        }
    };
    with_ports(json!({ "to": to }), &need.ports)
}

/// The house's nodes at the port of API servers: the engine sees a connection to the Service when its address is that of a server
/// already, and a node's address may change. What lies elsewhere stands there by its address.
fn api_server(world: &World<'_>) -> Value {
    let servers = world.placed.map(|placed| placed.api.as_slice()).unwrap_or_default();
    let outside = servers
        .iter()
        .map(std::net::SocketAddr::ip)
        .filter(|address| !world.house.iter().any(|(network, _)| network.holds(address)));
    let outside: BTreeSet<IpAddr> = outside.collect();
    let all = of_house(world).into_iter().chain(outside.into_iter().map(|address| cidr(alone(address), &[])));
    let to: Vec<Value> = all.map(|cidr| json!({ "ipBlock": cidr })).collect();
    with_ports(json!({ "to": to }), &api_ports(world.placed))
}

/// The ports of API servers.
pub(super) fn api_ports(placed: Option<&Placed>) -> Vec<Port> {
    let seen = placed.into_iter().flat_map(|placed| &placed.api).map(std::net::SocketAddr::port);
    let all: BTreeSet<u16> = seen.chain([API_PORT]).collect();
    all.into_iter().map(|number| Port { number, udp: false }).collect()
}

fn of_house(world: &World<'_>) -> Vec<Value> {
    world.house.iter().map(|(network, except)| cidr(network, except)).collect()
}

/// Every address but these.
fn everywhere(but: &[Network]) -> [Value; 2] {
    EVERYWHERE.map(|(all, own)| {
        let is_four = !all.contains(':');
        let own = Network::parse(own).ok();
        let mut except: Vec<Network> =
            but.iter().copied().filter(|network| network.first().is_ipv4() == is_four).chain(own).collect();
        except.sort();
        except.dedup();
        let whole = except.clone();
        except.retain(|one| !whole.iter().any(|other| other != one && other.has(one)));
        cidr(all, &except)
    })
}

fn with_ports(mut rule: Value, ports: &[Port]) -> Value {
    if !ports.is_empty() {
        let port = |port: &Port| json!({ "protocol": port.protocol(), "port": port.number });
        rule["ports"] = ports.iter().map(port).collect();
    }
    rule
}

/// An address as a network.
pub(super) fn alone(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}

impl World<'_> {
    fn pods(&self) -> Vec<Network> {
        let inside = self.house.iter().flat_map(|(_, pods)| pods.iter().copied());
        match self.placed {
            Some(placed) => placed.pods.clone(),
            None => inside.collect(),
        }
    }
}
