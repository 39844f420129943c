//! IPv6 on the LAN: the nodes have an address of each family, and one of them changes.

use super::super::{Ask, Injury, is_well};
use crate::cases::hands::{Hands, eventually};
use crate::cluster::{Cloud, Node};
use crate::error::Result;
use crate::network::{LAN_PREFIX, default_route, in_place};
use crate::vantage::Place;

const OLD: &str = "10.99.0.11";
const NEW: &str = "10.99.0.13";
/// The cloud controller writes addresses once a minute.
const PATIENCE: u64 = 120;

/// k3s has not started again yet. The machines of the lab share a name, and this one is known by its name alone.
const MOVED: Injury = Injury {
    name: "the IPv4 address of a node changed and its IPv6 address stayed",
    id: "host.node-address",
    says: &["node2", OLD, NEW, "restart k3s"],
    ask: Ask {
        at: Place::Node2,
        wrap: &["unshare", "--uts", "sh", "-c", "hostname node2 && exec \"$@\"", "sh"],
        ..Ask::NODE
    },
    always: false,
    make: |_| Ok(()),
    undo: |_| Ok(()),
};

/// It has, and the cloud controller has not written the address yet.
const NOTED: Injury = Injury {
    name: "k3s has started with another IPv4 address and the same IPv6 address",
    id: "k3s.node-address",
    says: &["node2", OLD, "started with 10.99.0.13", "within a minute"],
    ask: Ask::NODE,
    ..MOVED
};

/// A lab with both families is well; where only the IPv4 address of a node changes, the doctor says so.
pub(in crate::cases) fn ipv4_moves_and_ipv6_stays(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    let began = both(hands);
    let held = began.and_then(|()| moves(hands));
    let ended = one(hands);
    held.and(ended)?;
    is_well(hands)
}

fn six(node: Place) -> &'static str {
    if node == Place::Node { "fd99::10" } else { "fd99::11" }
}

/// Every node gets an address of IPv6, and its k3s starts again.
fn both(hands: &Hands) -> Result<()> {
    Cloud(&hands.run).start(false)?;
    for place in Place::NODES {
        let node = Node::find(&hands.run, place)?;
        node.set_six(Some(six(place)))?;
        node.wait_for_cloud(true)?;
        start_again(&node)?;
        told_within_a_minute(hands, place, six(place))?;
    }
    is_well(hands)
}

fn start_again(node: &Node) -> Result<()> {
    node.stop_kubelet()?;
    node.start_kubelet()?;
    node.annotate()
}

fn told_within_a_minute(hands: &Hands, place: Place, address: &str) -> Result<()> {
    let seconds = eventually(&format!("{} to have {address}", place.name()), PATIENCE, || {
        let path = "jsonpath={.status.addresses[*].address}";
        let all = hands.kubectl(&["get", "node", place.name(), "-o", path])?;
        Ok(if all.split(' ').any(|one| one == address) { Ok(()) } else { Err(all) })
    })?;
    println!("      {address} in the status of {} after {seconds:.0} s", place.name());
    Ok(())
}

fn moves(hands: &Hands) -> Result<()> {
    let node = Node::find(&hands.run, Place::Node2)?;
    in_place(Place::Node2, &["-4", "address", "flush", "dev", "eth0", "scope", "global"])?;
    in_place(Place::Node2, &["address", "add", &format!("{NEW}/{LAN_PREFIX}"), "dev", "eth0"])?;
    default_route(Place::Node2)?;
    MOVED.is_named(hands)?;
    node.change_address(NEW)?;
    NOTED.is_named(hands)?;
    told_within_a_minute(hands, Place::Node2, NEW)?;
    is_well(hands)
}

/// Back to one family, without a cloud controller. Each step is tried, whatever became of those before it.
fn one(hands: &Hands) -> Result<()> {
    let cloud = Cloud(&hands.run).stop();
    let nodes = Place::NODES.map(|place| {
        let node = Node::find(&hands.run, place)?;
        node.set_six(None)?;
        node.wait_for_cloud(false)?;
        if node.address()? == NEW {
            return node.change_address(OLD);
        }
        start_again(&node)
    });
    nodes.into_iter().fold(cloud, Result::and)
}
