//! Where pods find the programs that run on a node itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use crate::evidence::{View, at, entries};

/// Set on each node by flannel, k3s' own network (flannel, pkg/subnet/kube/annotations.go).
const FLANNEL: &str = "flannel.alpha.coreos.com/backend-type";

/// A node, as pods reach the programs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAddress {
    /// The name of the Node object.
    pub name: String,
    /// The address at which its programs have to listen.
    pub address: IpAddr,
}

/// The address of a node for the pods of every node; `None` when it has none yet.
///
/// With flannel it is that of the bridge `cni0`: the first address of the node's part of the pods' network (CNI plugins, bridge
/// with `isDefaultGateway`, which flannel asks for, and host-local). It stays what it is when DHCP gives the machine another
/// one, and what comes to it comes over `cni0` and flannel's own link, from pods alone: no port is open to the house. Other
/// networks give no such promise; there it is the node's internal address.
#[must_use]
pub fn for_pods(node: &Value) -> Option<NodeAddress> {
    let bridge =
        (!node.annotation(FLANNEL).is_empty()).then(|| first_of(at(node, "/spec/podCIDR"))).flatten();
    let internal = || {
        let mut addresses = entries(node, "/status/addresses").iter();
        at(addresses.find(|address| at(address, "/type") == "InternalIP")?, "/address").parse().ok()
    };
    let address = bridge.or_else(internal)?;
    Some(NodeAddress { name: node.name().to_owned(), address })
}

/// The first address of a network behind that of the network itself.
fn first_of(network: &str) -> Option<IpAddr> {
    let (address, _) = network.split_once('/')?;
    Some(match address.parse().ok()? {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits().checked_add(1)?).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits().checked_add(1)?).into(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(annotations: &Value) -> Value {
        json!({
            "metadata": { "name": "pi", "annotations": annotations },
            "spec": { "podCIDR": "10.42.1.0/24" },
            "status": { "addresses": [
                { "type": "Hostname", "address": "pi" }, { "type": "InternalIP", "address": "192.168.1.10" }] },
        })
    }

    #[test]
    fn with_flannel_it_is_the_bridge_of_the_nodes_own_pods() {
        let seen = for_pods(&node(&json!({ FLANNEL: "vxlan" }))).unwrap();
        assert_eq!((seen.name.as_str(), seen.address.to_string().as_str()), ("pi", "10.42.1.1"));
        assert_eq!(first_of("fd00:42::/64").unwrap().to_string(), "fd00:42::1");
    }

    #[test]
    fn with_another_network_it_is_the_internal_address_and_a_new_node_may_have_none() {
        assert_eq!(for_pods(&node(&json!({}))).unwrap().address.to_string(), "192.168.1.10");
        assert_eq!(for_pods(&json!({ "metadata": { "name": "pi" } })), None);
        // flannel has not come yet.
        let mut early = node(&json!({ FLANNEL: "vxlan" }));
        early["spec"] = json!({});
        assert_eq!(for_pods(&early).unwrap().address.to_string(), "192.168.1.10");
    }
}
