//! The way from the API server's node to the pods of each other node.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Outcome, Subject};
use crate::checks::id;
use crate::checks::net::seen;
use crate::checks::reading::policies::{self, Way};
use crate::checks::reading::{etcd, told};
use crate::evidence::dial::{Dial, dialled};
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, View, at, entries};
use crate::ingress::known;

/// Where flannel notes by which address the other nodes reach this one, and what its link is called by.
const PUBLIC_IP: &str = "flannel.alpha.coreos.com/public-ip";
const BACKEND: &str = "flannel.alpha.coreos.com/backend-data";
/// The port that the pod is asked at.
const WEB: u16 = 80;
/// What k3s writes of each connection of the API server that failed.
const REASON: &str = "Sending HTTP 502 response";

pub(super) fn cross_node(evidence: &Evidence) -> Vec<Judged> {
    let skip = |why: &str| vec![seen(id::CROSS_NODE, Subject::default(), Outcome::skip(why))];
    let Some(cluster) = &evidence.cluster else { return Vec::new() };
    if evidence.nodes.as_ref().is_none_or(|nodes| nodes.iter().filter(|node| node.ready).count() < 2) {
        return skip("there is only one node that is ready");
    }
    if cluster.pod_answers.len() < 2 {
        return skip("no pod of the ingress controller is ready on a second node, so there is no pod to ask");
    }
    if cluster.pod_answers.values().all(Result::is_err) {
        return skip("no pod on any node answers the API server");
    }
    let ready = |name: &String| evidence.nodes.iter().flatten().any(|node| node.ready && node.name == *name);
    let asked = cluster.pod_answers.iter().filter(|(node, _)| ready(node));
    let judge = |(node, answer): (&String, &Result<HttpAnswer, String>)| {
        let outcome = match answer {
            Ok(_) => Outcome::pass("its pod answers"),
            Err(why) => cut(evidence, node, why),
        };
        seen(id::CROSS_NODE, Subject::node(node), outcome)
    };
    asked.map(judge).collect()
}

/// Why the pod of that node is not reached.
fn cut(evidence: &Evidence, node: &str, why: &str) -> Outcome {
    let summary = format!(
        "the pod on node `{node}` is ready, but the API server cannot reach it: {}",
        why.trim_end_matches('.')
    );
    let dial = Dial::of(why);
    if let Some(finding) = twin(evidence, node, &summary).or_else(|| old_address(evidence, node, &summary)) {
        return finding.into();
    }
    let pod =
        evidence.objects("pods").into_iter().flatten().find(|pod| {
            at(pod, "/spec/nodeName") == node && known().any(|controller| controller.is_pod(pod))
        });
    let policies = match (dial, pod) {
        (Some(Dial::Refused | Dial::TurnedAway), Some(pod)) => {
            policies::in_the_way(evidence, pod, Way::In(WEB))
        }
        _ => Vec::new(),
    };
    if !policies.is_empty() {
        return Finding::new(
            summary,
            format!(
                "{} allows connections from other pods only, so k3s rejects those from another node",
                policies::named(&policies)
            ),
            "allow port 80 and 443 from everywhere in the policy's `ingress`, or delete the policy",
        )
        .look(pod.and_then(|pod| {
            command!("kubectl --namespace {} get networkpolicies --output yaml", pod.namespace())
        }))
        .into();
    }
    match (dial, reason(evidence, why)) {
        (Some(Dial::Refused), _) | (Some(Dial::TurnedAway), Some(Dial::Refused)) => {
            Outcome::skip(format!("its pod does not listen: {why}"))
        }
        (Some(Dial::TurnedAway), None) => turned_away(node, summary).into(),
        _ => lost(evidence, node, summary).into(),
    }
}

/// The reason that k3s' own log has for that address, where this machine is the server that was asked.
fn reason(evidence: &Evidence, why: &str) -> Option<Dial> {
    let address = dialled(why)?;
    let notes = evidence.machine.as_ref()?.ground.notes.as_ref()?;
    let note = notes.iter().find(|note| note.word == REASON && note.line.contains(address))?;
    Dial::of(&note.line)
}

fn turned_away(node: &str, summary: String) -> Finding {
    Finding::new(
        summary,
        "k3s could not connect, and got the error at once: there is no route to the pods of that node, or a firewall between the nodes rejects the connection",
        format!("open UDP port 8472 between the nodes (51820 with the wireguard backend) if the log of k3s on the server shows `no route to host` after `{REASON}`. If it shows `connection refused`, the network works and the pod does not listen: look at the pod"),
    )
    .look(command!("journalctl -u k3s --since -5min | grep {}", REASON))
    .look("ip route; ip -details link show flannel.1")
    .nixos(format!("services.homelab.clusterFirewall.enable = true; # on {node}"))
    .heals_soon()
}

fn lost(evidence: &Evidence, node: &str, summary: String) -> Finding {
    Finding::new(
        summary,
        "packets between pods of different nodes are lost: UDP port 8472 (VXLAN) is closed between the nodes, or flannel has an old address of a node",
        match etcd::is_anywhere(evidence) {
            true => "open UDP port 8472 between the nodes (51820 with the wireguard backend); if it is open, one of the nodes has a different address than before: give the node its old address, because a server with etcd does not start with a different one",
            false => "open UDP port 8472 between the nodes (51820 with the wireguard backend); if it is open, restart k3s on both (`sudo systemctl restart k3s`)",
        },
    )
    .look("ip route; ip -details link show flannel.1")
    .nixos(format!("services.homelab.clusterFirewall.enable = true; # on {node}"))
    .heals_soon()
}

/// Two nodes whose links of flannel have one hardware address, as machines that were copied have: each takes what is the
/// other's (systemd.link(5), `MACAddressPolicy=persistent` makes it of /etc/machine-id; flannel-io/flannel#1155).
fn twin(evidence: &Evidence, node: &str, summary: &str) -> Option<Finding> {
    let nodes = evidence.objects("nodes")?;
    let of = |object: &Value| -> Option<String> {
        let data: Value = serde_json::from_str(object.annotation(BACKEND)).ok()?;
        Some(data["VtepMAC"].as_str()?.to_owned())
    };
    let own = of(nodes.iter().find(|object| object.name() == node)?)?;
    let other = nodes.iter().find(|object| object.name() != node && of(object).as_ref() == Some(&own))?;
    let other = other.name();
    Some(
        Finding::new(
            summary,
            format!("the nodes `{node}` and `{other}` have the same MAC address `{own}` on flannel's interface: one machine is a copy of the other, with the same `/etc/machine-id`"),
            format!("on `{node}`, create a new machine id: `sudo rm /etc/machine-id && sudo systemd-machine-id-setup`, then reboot the machine; give copies another host name, too"),
        )
        .look("kubectl get nodes --output custom-columns=NAME:.metadata.name,MACHINE:.status.nodeInfo.machineID"),
    )
}

/// Flannel writes the address down when k3s starts, and the other nodes send there until it starts again.
fn old_address(evidence: &Evidence, node: &str, summary: &str) -> Option<Finding> {
    let nodes = evidence.objects("nodes")?;
    let object = nodes.iter().find(|object| object.name() == node)?;
    let noted = object.annotation(PUBLIC_IP);
    let addresses: Vec<&str> =
        entries(object, "/status/addresses").iter().map(|entry| at(entry, "/address")).collect();
    // With `--flannel-external-ip` it is the ExternalIP, which is among them. Alone, `--flannel-iface` sets the node's address, too.
    let both = |told: told::Told| {
        let has = |flag, variable| told.value(flag, variable).is_some();
        has("--flannel-iface", "K3S_FLANNEL_IFACE") && has("--node-ip", "K3S_NODE_IP")
    };
    let elsewhere = told::of(object).is_some_and(both);
    if noted.is_empty() || elsewhere || addresses.contains(&noted) {
        return None;
    }
    Some(
        Finding::new(
            summary,
            format!("flannel says that node `{node}` is at {noted}, an address that it no longer has ({}), so the other nodes send packets for its pods there", addresses.first().unwrap_or(&"none")),
            format!("on that node, {}", etcd::take_another_address(evidence, node)),
        )
        .look(command!("kubectl get node {} --output jsonpath='{.metadata.annotations}'", node)),
    )
}
