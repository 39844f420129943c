//! The machine's routes and addresses, against those of the cluster.

use std::net::IpAddr;

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::reading::{PODS, SERVICES, etcd, pod_networks, pod_ranges, service_network};
use crate::evidence::{Cidr, Evidence, MachineSeen, NodeSeen, Route};
use crate::facts::address::{is_private, is_shared};
use crate::facts::links::Link;

/// The option by which a new cluster gets other addresses.
const OTHERS: &str = "services.homelab.k3s.extraFlags = [ \"--cluster-cidr=10.52.0.0/16\" \"--service-cidr=10.53.0.0/16\" \"--cluster-dns=10.53.0.10\" ]; # on servers, for a new cluster only";
/// What remains where the other network cannot be changed.
const ANEW: &str = "The addresses of an existing cluster cannot be changed. To create the cluster again (this DELETES all its volumes): 1. stop k3s: `sudo systemctl stop k3s`. 2. stop its containers, which keep running without it: `sudo k3s-killall.sh`. 3. copy `/var/lib/rancher/k3s/storage` to another disk. 4. delete `/var/lib/rancher/k3s`. 5. start k3s with the flags `--cluster-cidr=10.52.0.0/16 --service-cidr=10.53.0.0/16 --cluster-dns=10.53.0.10`";
/// The links of the cluster that nobody but its network gives addresses and routes.
pub(super) const PODS_LINKS: [&str; 3] = ["cni", "flannel", "veth"];

/// A network of the cluster, and what it is for.
type Purpose = (Cidr, &'static str);

pub(super) fn overlap(evidence: &Evidence, machine: &MachineSeen) -> Outcome {
    let Some(routes) = &machine.routes else {
        return Outcome::unknown("/proc/net/route could not be read");
    };
    let networks = networks(evidence);
    if let Some(finding) = own_address(evidence, machine, &networks) {
        return finding.into();
    }
    let nodes: Vec<IpAddr> =
        evidence.nodes.iter().flatten().flat_map(|node| node.addresses.iter().copied()).collect();
    // As long as nobody says which nodes there are, a route to another node's pods looks like any other.
    let unsure = evidence.nodes.is_none() && routes.iter().any(is_over_own);
    let of_nodes: Vec<Cidr> = pod_ranges(evidence.objects("nodes").unwrap_or_default()).collect();
    // A node that joins, or that moves, has a route before it has its address.
    let to_a_node = |route: &Route| {
        let here = || routes.iter().any(|other| is_over_own(other) && other.network == route.network);
        route.gateway.is_some() && of_nodes.contains(&route.network) && !here()
    };
    let is_foreign = |route: &&Route| !is_own(route, &nodes) && !to_a_node(route) && route.network.prefix > 0;
    let foreign = routes.iter().filter(is_foreign);
    let mut wider = None;
    for route in foreign {
        for (network, purpose) in networks.iter().filter(|(network, _)| !unsure || *network != PODS) {
            if network.covers(&route.network) {
                return inside(route, network, purpose).into();
            }
            if route.network.covers(network) {
                wider = wider.or(Some((route, network, purpose)));
            }
        }
    }
    match wider {
        Some((route, network, purpose)) => inside(route, network, purpose).only(Severity::Warning).into(),
        None => {
            let names: Vec<String> = networks.iter().map(|(network, _)| network.to_string()).collect();
            Outcome::pass(format!("no other route to {}", names.join(", ")))
        }
    }
}

/// Those that the cluster tells, else k3s' own.
fn networks(evidence: &Evidence) -> Vec<Purpose> {
    let pods = pod_networks(evidence).into_iter().map(|network| (network, "pods"));
    pods.chain([(service_network(evidence).unwrap_or(SERVICES), "Services")]).collect()
}

/// Routes of the cluster's network: over its interfaces, or straight to another node.
fn is_own(route: &Route, nodes: &[IpAddr]) -> bool {
    is_over_own(route) || route.gateway.is_some_and(|gateway| nodes.contains(&IpAddr::V4(gateway)))
}

fn is_over_own(route: &Route) -> bool {
    Link::of(&route.interface) == Link::Cluster
}

fn inside(route: &Route, network: &Cidr, purpose: &str) -> Finding {
    let by = route.gateway.map_or_else(String::new, |gateway| format!(" by {gateway}"));
    Finding::new(
        format!("the route to `{}`{by} over `{}` overlaps with the addresses of {purpose}, `{network}`", route.network, route.interface),
        format!("that network and the cluster use the same addresses: packets for {purpose} may go to that network, and packets for that network to the cluster"),
        format!("change the addresses of that other network, or tell its VPN not to use that route (WireGuard: `AllowedIPs`). {ANEW}"),
    )
    .look("ip route")
    .nixos(OTHERS)
}

fn own_address(evidence: &Evidence, machine: &MachineSeen, networks: &[Purpose]) -> Option<Finding> {
    let nodes = evidence.nodes.iter().flatten().flat_map(|node| node.addresses.iter().copied());
    let addresses: Vec<IpAddr> = nodes.chain(machine.outward).collect();
    addresses.into_iter().find_map(|address| {
        let IpAddr::V4(v4) = address else { return None };
        let (network, purpose) = networks.iter().find(|(network, _)| network.holds(v4))?;
        Some(
            Finding::new(
                format!("the address `{address}` of a node is in the range of {purpose}, `{network}`"),
                "the LAN and the cluster use the same addresses, so neither reaches all of the other",
                format!("change the addresses of the LAN in the router. {ANEW}"),
            )
            .look("ip address; ip route")
            .nixos(OTHERS),
        )
    })
}

pub(super) fn address(evidence: &Evidence, node: Option<&NodeSeen>, machine: &MachineSeen) -> Outcome {
    let Some(node) = node else {
        return Outcome::skip("no node has this machine's name or one of its addresses");
    };
    let Some(here) = &machine.addresses else {
        return Outcome::unknown("/proc/net/fib_trie could not be read");
    };
    let (name, claimed) = (&node.name, list(&node.addresses));
    // An address of IPv6 stays where that of IPv4 changes, so that each family counts for itself.
    let gone = |six: bool| {
        let mut of = node.addresses.iter().filter(|address| address.is_ipv6() == six).peekable();
        of.peek().is_some() && !of.any(|address| here.contains(address))
    };
    let now = machine.outward.map_or_else(|| "none".to_owned(), |address| format!("`{address}`"));
    match (gone(false), gone(true) && here.iter().any(IpAddr::is_ipv6)) {
        _ if node.addresses.is_empty() => return Outcome::skip("the node has no address yet"),
        (true, _) => return moved(evidence, name, &claimed, &now).into(),
        (false, true) => return moved(evidence, name, &claimed, &now).only(Severity::Warning).into(),
        (false, false) => {}
    }
    let suspect = |address: &IpAddr| machine.outward.is_some_and(|outward| outward != *address);
    let odd = node.addresses.iter().find(|address| address.is_ipv4() && suspect(address));
    match (odd, machine.outward) {
        (Some(address), Some(outward))
            if is_elsewhere(machine, *address) && !is_elsewhere(machine, outward) =>
        {
            wrong_side(evidence, name, *address, outward)
        }
        (Some(address), Some(outward)) if is_other_card(machine, *address, outward) => {
            other_card(evidence, machine, name, (*address, outward))
        }
        _ => Outcome::pass(claimed),
    }
}

/// Addresses of VPNs (100.64/10, Tailscale's), of links without DHCP, and of Docker's bridge, or of a link of that kind: no one
/// on the LAN reaches them (k3s-io/k3s#1977, #4624, #7355, k0sproject/k0s#5189).
fn is_elsewhere(machine: &MachineSeen, address: IpAddr) -> bool {
    let IpAddr::V4(v4) = address else { return false };
    let of_docker = v4.octets().starts_with(&[172, 17]);
    let by_number = is_shared(v4) || v4.is_link_local() || of_docker;
    let by_link =
        link(machine, address).is_some_and(|link| matches!(Link::of(link), Link::Guests | Link::Tunnel));
    is_private(&address) && (by_number || by_link)
}

fn link(machine: &MachineSeen, address: IpAddr) -> Option<&str> {
    let linked = machine.linked.iter().find(|linked| linked.address == address)?;
    Some(&linked.interface)
}

/// Whether both are of the house, on two links.
fn is_other_card(machine: &MachineSeen, address: IpAddr, outward: IpAddr) -> bool {
    let links = (link(machine, address), link(machine, outward));
    is_private(&address) && is_private(&outward) && matches!(links, (Some(one), Some(other)) if one != other)
}

/// Both may be meant: that the people of the house are on the side of the router is only likely.
fn other_card(
    evidence: &Evidence,
    machine: &MachineSeen,
    name: &str,
    (address, outward): (IpAddr, IpAddr),
) -> Outcome {
    let of = |address| link(machine, address).unwrap_or_default();
    Finding::new(
        format!("the node `{name}` gives `{address}` of `{}` as its address, but its way to the internet is `{outward}` of `{}`", of(address), of(outward)),
        "the machine has two networks, and the records contain its address in the one without the router",
        format!("nothing needs to be done if the devices at home are in the network of `{address}`; otherwise give k3s the flag `--node-ip={outward}`, and {}", etcd::take_another_address(evidence, name)),
    )
    .look("ip -br address; ip route")
    .nixos(format!("services.homelab.nodeIP = \"{outward}\";"))
    .only(Severity::Info)
    .into()
}

fn moved(evidence: &Evidence, name: &str, claimed: &str, now: &str) -> Finding {
    let restart = etcd::take_another_address(evidence, name);
    let fix = match etcd::has(evidence, name) {
        true => format!(
            "give the machine {claimed} back: make it static, or reserve it in the router. If that is not possible, {restart}"
        ),
        false => format!("make the address static, or reserve it in the router, and {restart}"),
    };
    Finding::new(
        format!("the node `{name}` says it has {claimed}, but this machine has {now} on its LAN"),
        "the machine got another address, from DHCP or because it was moved; k3s keeps its old address until it restarts",
        fix,
    )
    .look("ip -br address; kubectl get nodes -o wide")
}

fn wrong_side(evidence: &Evidence, name: &str, address: IpAddr, outward: IpAddr) -> Outcome {
    let restart = etcd::take_another_address(evidence, name);
    Finding::new(
        format!(
            "the node `{name}` gives `{address}` as its address, but its address on the LAN is `{outward}`"
        ),
        "k3s chose the address of a VPN or of a bridge of containers; every record points there",
        format!("give k3s the flag `--node-ip={outward}`, and {restart}"),
    )
    .look("ip -br address; ip route get 1.1.1.1")
    .nixos(format!("services.homelab.nodeIP = \"{outward}\";"))
    .into()
}
