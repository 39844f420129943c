//! Nodes, as their kubelets report them.

use serde_json::{Value, json};

use super::{Ask, Injury};
use crate::cases::hands::Hands;
use crate::cluster::Node;
use crate::error::Result;
use crate::files;
use crate::vantage::Place;

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "a node is not heard of any more",
        id: "k3s.nodes",
        says: &["node2", "has not reported since", "NodeStatusUnknown"],
        ask: Ask::NODE,
        always: false,
        make: silence,
        undo: speak,
    },
    Injury {
        name: "the disk of a node is nearly full",
        id: "k3s.nodes",
        says: &["node2", "DiskPressure", "nix-collect-garbage"],
        ask: Ask::NODE,
        always: false,
        make: fill,
        undo: free,
    },
    Injury {
        name: "a node was cordoned",
        id: "k3s.nodes",
        says: &["node2", "accepts no new pods"],
        ask: Ask::NODE,
        always: false,
        make: cordon,
        undo: uncordon,
    },
    Injury {
        name: "a node has another address than k3s was started with",
        id: "k3s.node-address",
        says: &["10.99.0.11", "started with 10.99.0.77", "within a minute"],
        ask: Ask::NODE,
        always: false,
        make: note_another_address,
        undo: note_its_own,
    },
    Injury {
        name: "the cloud controller has not come to a node that joined",
        id: "k3s.node-address",
        says: &["node2", "has no InternalIP", "cloud controller"],
        ask: Ask::NODE,
        always: false,
        make: join_without_address,
        undo: have_address,
    },
];

/// What Kubernetes puts on a node until its cloud controller has come.
const UNINITIALISED: &str = "node.cloudprovider.kubernetes.io/uninitialized";

/// As a node of k3s is when it has just joined. Its pods go on: the taint is for new ones.
fn join_without_address(hands: &Hands) -> Result<()> {
    let node = second(hands)?;
    node.stop_kubelet()?;
    node.start_kubelet_without_address()?;
    hands.kubectl(&["taint", "node", "node2", &format!("{UNINITIALISED}=true:NoSchedule")])?;
    let name = json!([{ "type": "Hostname", "address": "node2" }]);
    let step = json!([{ "op": "replace", "path": "/status/addresses", "value": name }]).to_string();
    hands.kubectl(&["patch", "node", "node2", "--subresource=status", "--type=json", "-p", &step]).map(drop)
}

fn have_address(hands: &Hands) -> Result<()> {
    let node = second(hands)?;
    node.stop_kubelet()?;
    node.start_kubelet()?;
    hands.kubectl(&["taint", "node", "node2", &format!("{UNINITIALISED}-")]).map(drop)
}

fn second(hands: &Hands) -> Result<Node> {
    Node::find(&hands.run, Place::Node2)
}

fn silence(hands: &Hands) -> Result<()> {
    second(hands)?.stop_kubelet()
}

fn speak(hands: &Hands) -> Result<()> {
    second(hands)?.start_kubelet()?;
    hands.kubectl(&["wait", "--for=condition=Ready", "node/node2", "--timeout=60s"]).map(drop)
}

/// A threshold that any disk is below, and an hour of grace: the kubelet reports the pressure at once and evicts nobody.
fn fill(hands: &Hands) -> Result<()> {
    configure(hands, |config| {
        config["evictionSoft"] = json!({ "nodefs.available": "99%" });
        config["evictionSoftGracePeriod"] = json!({ "nodefs.available": "1h" });
    })
}

fn free(hands: &Hands) -> Result<()> {
    configure(hands, |config| {
        if let Some(config) = config.as_object_mut() {
            config.remove("evictionSoft");
            config.remove("evictionSoftGracePeriod");
        }
    })?;
    // The kubelet takes the pressure back with its first report, the node controller its taint after that.
    hands.kubectl(&["wait", "--for=condition=DiskPressure=false", "node/node2", "--timeout=60s"]).map(drop)
}

/// Starts the second node's kubelet again with another configuration.
fn configure(hands: &Hands, change: impl Fn(&mut Value)) -> Result<()> {
    let path = hands.run.node(Place::Node2.name()).join("kubelet.json");
    let mut config: Value = files::read_json(&path)?;
    change(&mut config);
    files::write_json(&path, &config)?;
    let node = second(hands)?;
    node.stop_kubelet()?;
    node.start_kubelet()
}

fn cordon(hands: &Hands) -> Result<()> {
    hands.kubectl(&["cordon", "node2"]).map(drop)
}

fn uncordon(hands: &Hands) -> Result<()> {
    hands.kubectl(&["uncordon", "node2"]).map(drop)
}

/// The annotation that k3s writes at its start.
fn note(hands: &Hands, address: &str) -> Result<()> {
    let note = format!("k3s.io/internal-ip={address}");
    hands.kubectl(&["annotate", "--overwrite", "node", "node2", &note]).map(drop)
}

fn note_another_address(hands: &Hands) -> Result<()> {
    note(hands, "10.99.0.77")
}

fn note_its_own(hands: &Hands) -> Result<()> {
    note(hands, &second(hands)?.address()?)
}
