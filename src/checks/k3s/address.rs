//! The address of each node: what every record of the lab will hold.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::k3s::whole;
use crate::checks::reading::{NOT_READ, etcd, pod_ranges, service_network, told};
use crate::evidence::{Cidr, Evidence, View, at, entries};
use crate::facts::address::is_shared;

/// Where k3s notes the address that it was started with. Its cloud controller writes it into the status once a minute (k3s,
/// pkg/cloudprovider/instances.go; cloud-provider's node controller).
const NOTED: &str = "k3s.io/internal-ip";
/// On a node whose addresses the cloud controller has not written yet (Kubernetes documentation, "Cloud Controller Manager").
pub(super) const UNINITIALISED: &str = "node.cloudprovider.kubernetes.io/uninitialized";
/// What to do where the cloud controller does nothing.
const NO_CONTROLLER: &str = "wait a minute; if it stays, the cloud controller does not run: start k3s without `--disable-cloud-controller`, or install another cloud controller, and look for `cloud-controller-manager` in the log of k3s on the servers";

pub(super) fn addresses_of_nodes(evidence: &Evidence) -> Vec<Judged> {
    let Some(nodes) = evidence.objects("nodes") else {
        return vec![whole(id::INTERNAL_IP, Outcome::unknown(NOT_READ))];
    };
    let services = service_network(evidence);
    let one = |node: &Value| {
        let name = node.name();
        judged(id::INTERNAL_IP, Subject::node(name), Vantage::Api, address(evidence, node, name, services))
    };
    nodes.iter().map(one).collect()
}

/// The option that says it; the address is the machine's own.
const OPTION: &str = "services.homelab.nodeIP = \"ADDRESS\"; # the machine's own on the LAN";

fn address(evidence: &Evidence, node: &Value, name: &str, services: Option<Cidr>) -> Outcome {
    let nodes = evidence.objects("nodes").unwrap_or_default();
    let restart = etcd::take_another_address(evidence, name);
    let internal = addresses(node, "InternalIP");
    if internal.is_empty() {
        return none(node, name, restart).into();
    }
    let four: Vec<Ipv4Addr> =
        internal.iter().filter_map(|ip| if let IpAddr::V4(ip) = ip { Some(*ip) } else { None }).collect();
    let wrong = four.iter().find_map(|ip| Some((*ip, strange(*ip, nodes, services, four.len())?)));
    if let Some((ip, what)) = wrong {
        let finding = Finding::new(
            format!("node `{name}` has the InternalIP {ip}, {what}"),
            "k3s uses the address of the interface that has the default route when it starts. Here that was a VPN, a container bridge, or an interface without DHCP",
            format!("set the machine's address on the LAN with `--node-ip=`, and its interface with `--flannel-iface=`; then {restart}"),
        )
        .look("ip -brief address")
        .nixos(OPTION);
        let alone = four.len() == 1 && is_shared(ip);
        return if alone { finding.only(Severity::Info).into() } else { finding.into() };
    }
    if waits(node) {
        return uninitialised(name).into();
    }
    moved(node, name, &internal).unwrap_or_else(|| outside(node, name, &internal))
}

/// What is strange about an address that people of the LAN should reach; `None` when nothing is.
fn strange(ip: Ipv4Addr, nodes: &[Value], services: Option<Cidr>, all: usize) -> Option<&'static str> {
    if ip.is_loopback() {
        return Some("a loopback address: every machine that looks it up reaches only itself");
    }
    if ip.is_link_local() {
        return Some("a link-local address, which a machine uses when no DHCP server answers");
    }
    if pod_ranges(nodes).any(|range| range.holds(ip)) {
        return Some("an address in the range of pods");
    }
    if services.is_some_and(|range| range.holds(ip)) {
        return Some("an address in the range of Services");
    }
    if is_shared(ip) {
        return Some(match all {
            1 => "an address that only machines in the VPN reach",
            _ => "a VPN address, in addition to the one of the LAN",
        });
    }
    (!ip.is_private()).then_some("a public address: names would lead there through the internet")
}

fn none(node: &Value, name: &str, restart: &str) -> Finding {
    let summary = format!("node `{name}` has no InternalIP");
    if waits(node) || told::is_k3s(node) {
        return Finding::new(
            summary,
            "the node has just joined: k3s' cloud controller writes its addresses within a minute, and pods start there only then",
            NO_CONTROLLER,
        )
        .look(command!("kubectl describe node {}", name))
        .heals();
    }
    Finding::new(
        summary,
        "no address was found on its interfaces when it started",
        format!("give the machine an address, set it with `--node-ip=`, and {restart}"),
    )
    .nixos(OPTION)
}

/// Whether the cloud controller has not come to it yet.
fn waits(node: &Value) -> bool {
    entries(node, "/spec/taints").iter().any(|taint| at(taint, "/key") == UNINITIALISED)
}

/// The kubelet has been told its address, and gives it before the cloud controller comes (kubernetes#121028;
/// k3s, pkg/daemons/agent: `node-ip` beside `cloud-provider=external`).
fn uninitialised(name: &str) -> Finding {
    Finding::new(
        format!("node `{name}` waits for the cloud controller: its taint `{UNINITIALISED}` keeps pods away"),
        "the node has just joined: k3s' cloud controller takes the taint away within a minute, and pods start there only then",
        NO_CONTROLLER,
    )
    .look(command!("kubectl describe node {}", name))
    .heals()
}

/// k3s has started under another address than the status has, of either family: one of IPv6 stays where that of IPv4 changes.
fn moved(node: &Value, name: &str, internal: &[IpAddr]) -> Option<Outcome> {
    let noted = node.annotation(NOTED);
    let noted: Vec<IpAddr> = noted.split(',').filter_map(|ip| ip.trim().parse().ok()).collect();
    let differs = |six: bool| {
        let of = |all: &[IpAddr]| -> Vec<IpAddr> {
            all.iter().copied().filter(|ip| ip.is_ipv6() == six).collect()
        };
        let (noted, internal) = (of(&noted), of(internal));
        let same = noted.iter().any(|ip| internal.contains(ip));
        (!noted.is_empty() && !internal.is_empty() && !same).then_some((noted, internal))
    };
    let (noted, internal) = differs(false).or_else(|| differs(true))?;
    Some(
        Finding::new(
            format!("node `{name}` has the InternalIP {}, but k3s there was started with {}", list(&internal), list(&noted)),
            "k3s has just started there with a different address: its cloud controller writes the new one into the node within a minute, and the records follow it",
            NO_CONTROLLER,
        )
        .look(command!("kubectl get node {} -o wide", name))
        .heals()
        .into(),
    )
}

/// An ExternalIP is no fault; who looks for the address in the records should know of it.
fn outside(node: &Value, name: &str, internal: &[IpAddr]) -> Outcome {
    let external = addresses(node, "ExternalIP");
    if external.is_empty() {
        return Outcome::pass(list(internal));
    }
    Finding::new(
        format!("node `{name}` has the ExternalIP {}, too", list(&external)),
        "k3s was started with `--node-external-ip`; homelab's records contain the InternalIP all the same",
        "nothing needs to be done; remove the flag if you do not need it",
    )
    .only(Severity::Info)
    .into()
}

fn addresses(node: &Value, kind: &str) -> Vec<IpAddr> {
    let of_type = entries(node, "/status/addresses").iter().filter(|address| at(address, "/type") == kind);
    of_type.filter_map(|address| at(address, "/address").parse().ok()).collect()
}
