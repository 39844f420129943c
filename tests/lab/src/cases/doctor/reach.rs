//! What pods reach: the API server, names, the world outside, and each other.

use serde_json::json;

use super::{Ask, Injury};
use crate::cases::hands::Hands;
use crate::cluster::Node;
use crate::error::{Context, Result};
use crate::files;
use crate::network::{CLOUDFLARE_API, PODS};
use crate::vantage::{Place, Vantage};

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "pods do not reach the API server",
        id: "net.pod-api",
        says: &["kube-system/coredns", "10.43.0.1:443", "`cni0`"],
        ask: Ask::NODE,
        always: false,
        make: drop_pods_to_api,
        undo: let_pods_to_api,
    },
    Injury {
        name: "CoreDNS forwards DNS to itself",
        id: "net.coredns",
        says: &["found the loop", "forward . 127.0.0.1"],
        ask: Ask::NODE,
        always: false,
        make: |hands| corefile(hands, "forward . 127.0.0.1"),
        undo: sound_corefile,
    },
    Injury {
        name: "CoreDNS was scaled to 0",
        id: "net.coredns",
        says: &["scaled to 0"],
        ask: Ask::NODE,
        always: true,
        make: no_coredns,
        undo: one_coredns,
    },
    Injury {
        name: "the resolver behind CoreDNS does not answer",
        id: "net.pod-dns",
        says: &["api.cloudflare.com", "10.43.0.10"],
        ask: Ask::NODE,
        always: false,
        make: |hands| corefile(hands, "forward . 10.99.0.77"),
        undo: sound_corefile,
    },
    Injury {
        name: "an entry of coredns-custom leads every question to a resolver that does not answer",
        id: "net.pod-dns",
        says: &["api.cloudflare.com", "coredns-custom", "lab.override"],
        ask: Ask::NODE,
        always: false,
        make: custom_forward,
        undo: no_custom,
    },
    Injury {
        name: "a wildcard answers for what pods look up",
        id: "net.ndots",
        says: &["certificate for", "search domains"],
        ask: Ask::NODE,
        always: false,
        make: answer_everything,
        undo: sound_corefile,
    },
    Injury {
        name: "pods do not get out, and the node does",
        id: "net.egress",
        says: &["api.cloudflare.com", "FORWARD"],
        ask: Ask::NODE,
        always: false,
        make: keep_pods_in,
        undo: let_pods_out,
    },
    Injury {
        name: "pods of another node are not reached",
        id: "net.cross-node",
        says: &["node2", "8472"],
        ask: Ask::NODE,
        always: false,
        make: part_nodes,
        undo: join_nodes,
    },
    Injury {
        name: "a firewall rejects what the API server sends to the pods of another node",
        id: "net.cross-node",
        says: &["node2", "while dialing", "got the error at once"],
        ask: Ask::NODE,
        always: false,
        make: |hands| on_the_other(hands, "-I"),
        undo: |hands| on_the_other(hands, "-D"),
    },
    Injury {
        name: "a mistake in coredns-custom",
        id: "net.coredns",
        says: &["does not start", "`lan.override`", "frward"],
        ask: Ask::NODE,
        always: false,
        make: mistaken_custom,
        undo: no_custom,
    },
];

/// What firewalld's last rule does on a node whose zone does not know the others: refused with a word. On the node that
/// asks, in `OUTPUT`, Linux would keep the word of a REJECT from the socket until its second attempt.
const FROM_ANOTHER: [&str; 12] = [
    "FORWARD",
    "-s",
    "10.99.0.10",
    "-d",
    "10.42.1.0/24",
    "-p",
    "tcp",
    "--dport=80",
    "-j",
    "REJECT",
    "--reject-with",
    "icmp-host-prohibited",
];

const COREDNS: [&str; 4] = ["-n", "kube-system", "-l", "k8s-app=kube-dns"];
const FORWARD: &str = "forward . /etc/resolv.conf";
/// CoreDNS takes the plugin once in a block.
const HOSTS: &str = "hosts /etc/coredns/NodeHosts {";
/// The file that has the Corefile as it was.
const KEPT: &str = "Corefile.kept";

/// Adds (`-I`) or takes away (`-D`) the rule on the second node.
fn on_the_other(hands: &Hands, how: &str) -> Result<()> {
    let node = Vantage::find(&hands.run, Place::NODES[1])?;
    node.run("iptables", &[&["-w", how][..], &FROM_ANOTHER].concat()).map(drop)
}

/// Adds (`-I`) or takes away (`-D`) a rule on every node.
fn rule(hands: &Hands, how: &str, chain: &str, words: &[&str]) -> Result<()> {
    for place in Place::NODES {
        let node = Vantage::find(&hands.run, place)?;
        node.run("iptables", &[&["-w", how, chain][..], words].concat())?;
    }
    Ok(())
}

fn restart_coredns(hands: &Hands) -> Result<()> {
    hands.kubectl(&[&["delete", "pod", "--grace-period=1"][..], &COREDNS].concat()).map(drop)
}

fn coredns_is_ready(hands: &Hands) -> Result<()> {
    let words = ["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=90s"];
    hands.kubectl(&words).map(drop)
}

/// New connections from pods to the API server are refused on whichever node, as a firewall of the host does it that
/// knows nothing of pods.
const TO_API: [&str; 13] = [
    "-s",
    PODS,
    "-p",
    "tcp",
    "--dport",
    "6443",
    "-m",
    "conntrack",
    "--ctstate",
    "NEW",
    "-j",
    "REJECT",
    "--reject-with=icmp-host-prohibited",
];

fn drop_pods_to_api(hands: &Hands) -> Result<()> {
    rule(hands, "-I", "INPUT", &TO_API)?;
    rule(hands, "-I", "FORWARD", &TO_API)?;
    restart_coredns(hands)
}

fn let_pods_to_api(hands: &Hands) -> Result<()> {
    rule(hands, "-D", "INPUT", &TO_API)?;
    rule(hands, "-D", "FORWARD", &TO_API)?;
    restart_coredns(hands)?;
    coredns_is_ready(hands)
}

/// The Corefile with another line in the place of the one that passes questions on.
fn corefile(hands: &Hands, line: &str) -> Result<()> {
    change_corefile(hands, |text| text.replace(FORWARD, line))
}

/// Changes the Corefile and keeps the old one beside the run's files.
fn change_corefile(hands: &Hands, change: impl Fn(&str) -> String) -> Result<()> {
    let map = hands.get(&["configmap", "coredns", "-n", "kube-system"])?;
    let text = map["data"]["Corefile"].as_str().context("the Corefile")?;
    hands.config_file(KEPT, text)?;
    write_corefile(hands, &change(text))
}

fn write_corefile(hands: &Hands, text: &str) -> Result<()> {
    let patch = json!({ "data": { "Corefile": text } }).to_string();
    let words = ["patch", "configmap", "coredns", "-n", "kube-system", "--type=merge", "-p", &patch];
    hands.kubectl(&words)?;
    restart_coredns(hands)
}

fn sound_corefile(hands: &Hands) -> Result<()> {
    write_corefile(hands, &files::read_text(&hands.run.path(KEPT))?)?;
    coredns_is_ready(hands)?;
    restart_external_dns(hands)
}

/// The name of the provider leads to the lab's own ingress, as behind a search domain with a wildcard.
fn answer_everything(hands: &Hands) -> Result<()> {
    let node = Node::find(&hands.run, Place::Node)?.address()?;
    let entry = format!("{HOSTS}\n        {node} api.cloudflare.com");
    change_corefile(hands, |text| text.replace(HOSTS, &entry))?;
    coredns_is_ready(hands)?;
    restart_external_dns(hands)
}

/// The entry comes before the Corefile's own line, and wins.
fn custom_forward(hands: &Hands) -> Result<()> {
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "coredns-custom", "namespace": "kube-system" },
        "data": { "lab.override": "forward . 10.99.0.77" } });
    hands.kubectl_apply("coredns-custom.json", &map.to_string())?;
    restart_coredns(hands)
}

fn no_custom(hands: &Hands) -> Result<()> {
    hands.kubectl(&["delete", "configmap", "coredns-custom", "-n", "kube-system"])?;
    restart_coredns(hands)?;
    coredns_is_ready(hands)?;
    restart_external_dns(hands)
}

fn no_coredns(hands: &Hands) -> Result<()> {
    hands.kubectl(&["-n", "kube-system", "scale", "deployment/coredns", "--replicas=0"])?;
    hands.kubectl(&[&["wait", "--for=delete", "pod", "--timeout=60s"][..], &COREDNS].concat()).map(drop)
}

fn one_coredns(hands: &Hands) -> Result<()> {
    hands.kubectl(&["-n", "kube-system", "scale", "deployment/coredns", "--replicas=1"])?;
    coredns_is_ready(hands)
}

/// It starts anew with new connections, and its old complaints are gone.
fn restart_external_dns(hands: &Hands) -> Result<()> {
    hands.kubectl(&["-n", "external-dns", "delete", "pod", "--all", "--grace-period=1"]).map(drop)
}

const OUT: [&str; 7] =
    ["-s", PODS, "-d", CLOUDFLARE_API, "-j", "REJECT", "--reject-with=icmp-host-unreachable"];

fn keep_pods_in(hands: &Hands) -> Result<()> {
    rule(hands, "-I", "FORWARD", &OUT)?;
    restart_external_dns(hands)
}

fn let_pods_out(hands: &Hands) -> Result<()> {
    rule(hands, "-D", "FORWARD", &OUT)?;
    restart_external_dns(hands)
}

/// The API server's node loses its way to the pods of the other one, as when the overlay between them is blocked.
fn part_nodes(hands: &Hands) -> Result<()> {
    hands.node.run("ip", &["route", "del", "10.42.1.0/24"]).map(drop)
}

fn join_nodes(hands: &Hands) -> Result<()> {
    Node::find(&hands.run, Place::Node)?.route_to_others()
}

/// What a user lays into the Corefile, with a directive that there is not.
fn mistaken_custom(hands: &Hands) -> Result<()> {
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "coredns-custom", "namespace": "kube-system" },
        "data": { "lan.override": "frward . 10.99.0.1\n" } });
    hands.kubectl_apply("coredns-custom.json", &map.to_string())?;
    restart_coredns(hands)
}
