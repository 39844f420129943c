//! Each node: whether it is ready, what presses it, what keeps pods away from it, and how old it is.

use serde_json::Value;

use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::k3s::address::UNINITIALISED;
use crate::checks::k3s::whole;
use crate::checks::reading::{NOT_READ, age, when};
use crate::evidence::{Evidence, View, at, entries};

/// As long as a machine takes to start again, in seconds.
const RESTART: i64 = 300;

pub(super) fn readiness_of_nodes(evidence: &Evidence) -> Vec<Judged> {
    let Some(nodes) = evidence.objects("nodes") else {
        return vec![whole(id::NODES, Outcome::unknown(NOT_READ))];
    };
    let server = evidence.cluster.as_ref().and_then(|cluster| cluster.version.as_ref()?.as_deref().ok());
    let one = |node: &Value| {
        let name = node.name();
        judged(id::NODES, Subject::node(name), Vantage::Api, readiness(evidence, node, name, server))
    };
    nodes.iter().map(one).collect()
}

fn readiness(evidence: &Evidence, node: &Value, name: &str, server: Option<&str>) -> Outcome {
    let failures = [
        not_ready(evidence, node, name),
        pressed(node, name),
        cordoned(node, name),
        skewed(node, name, server),
        tainted(node, name),
    ];
    match failures.into_iter().flatten().next() {
        Some(finding) => finding.into(),
        None => Outcome::pass(format!("ready, {}", at(node, "/status/nodeInfo/kubeletVersion"))),
    }
}

fn not_ready(evidence: &Evidence, node: &Value, name: &str) -> Option<Finding> {
    if node.holds("Ready") {
        return None;
    }
    let look = command!("kubectl describe node {}", name);
    let Some(ready) = node.condition("Ready") else {
        let cause = "its kubelet has joined the cluster, but has not reported its state";
        let fix = "wait a moment, then read the log of k3s on that machine";
        return Some(Finding::new(format!("node `{name}` has no state yet"), cause, fix).look(look).heals());
    };
    let message = at(ready, "/message").trim_end_matches('.');
    if at(ready, "/status") == "Unknown" {
        let last = when(ready, "/lastHeartbeatTime");
        let since = last.map_or_else(String::new, |last| {
            format!(" since {last}, {} ago", span(age(evidence.now, Some(last))))
        });
        let finding = Finding::new(
                format!("node `{name}` has not reported{since} ({})", at(ready, "/reason")),
                "the machine is off or has lost its network, or k3s does not run on it",
                "start the machine, and k3s on it: `systemctl restart k3s` (on an agent of another installer: `k3s-agent`); if the node will not come back, remove it with `kubectl delete node`",
            )
            .look(look);
        // One that starts again is back by then.
        let is_away = age(evidence.now, last) > RESTART;
        return Some(if is_away { finding } else { finding.heals() });
    }
    let (cause, fix) = if message.contains("cni plugin not initialized")
        || message.contains("NetworkPluginNotReady")
    {
        (
            "the network of pods is not set up on it: flannel has not started, or found no interface"
                .to_owned(),
            "look for `flannel` in the log of k3s there; with several interfaces, name one with `--flannel-iface=`",
        )
    } else if message.contains("PLEG") || message.contains("container runtime") {
        (
            format!("its containers cannot be managed: {message}"),
            "restart k3s there (`sudo systemctl restart k3s`); if it comes back, the disk is slow or full, or the memory is used up",
        )
    } else {
        (
            format!("its kubelet reports {}: {message}", at(ready, "/reason")),
            "read the log of k3s on that machine",
        )
    };
    let finding = Finding::new(format!("node `{name}` is not ready: {}", at(ready, "/reason")), cause, fix);
    Some(finding.look(look).look("journalctl -u k3s -b -n 50").heals_soon())
}

fn pressed(node: &Value, name: &str) -> Option<Finding> {
    let kinds = [
        (
            "DiskPressure",
            "its disk is nearly full (k3s' limit is 5 % free): no new pod starts there, and running pods are evicted",
            "free disk space on it: `sudo k3s crictl rmi --prune`, `sudo journalctl --vacuum-size=200M`, and on NixOS `sudo nix-collect-garbage -d`; the node recovers by itself some five minutes later",
        ),
        (
            "MemoryPressure",
            "its memory is nearly used up: pods without a memory request are evicted",
            "stop something on it, give it more memory, or set limits for the pod that uses it: `kubectl top pods -A`",
        ),
        (
            "PIDPressure",
            "it has nearly reached its limit of processes",
            "find the program that starts so many and restart it; count them with `ps -e --no-headers | wc -l`",
        ),
        (
            "NetworkUnavailable",
            "the network of pods is not set up on it",
            "look for `flannel` in the log of k3s on that machine",
        ),
    ];
    let (kind, cause, fix) = kinds.into_iter().find(|(kind, ..)| node.holds(kind))?;
    let message = node.condition(kind).map(|condition| at(condition, "/message")).unwrap_or_default();
    let finding =
        Finding::new(format!("node `{name}` reports {kind}: {}", message.trim_end_matches('.')), cause, fix);
    let finding = finding.look(command!("kubectl describe node {}", name)).heals_soon();
    Some(if kind == "DiskPressure" {
        finding.nixos("nix.gc = { automatic = true; options = \"--delete-older-than 14d\"; };")
    } else {
        finding
    })
}

fn cordoned(node: &Value, name: &str) -> Option<Finding> {
    if node.pointer("/spec/unschedulable") != Some(&Value::Bool(true)) {
        return None;
    }
    Some(
        Finding::new(
            format!("node `{name}` accepts no new pods"),
            "somebody has cordoned or drained it, for example for an update",
            "allow pods on it again",
        )
        .command(command!("kubectl uncordon {}", name))
        .only(Severity::Warning),
    )
}

/// A kubelet may be three minor versions older than the API server and never newer (Kubernetes, "Version Skew Policy").
fn skewed(node: &Value, name: &str, server: Option<&str>) -> Option<Finding> {
    let version = at(node, "/status/nodeInfo/kubeletVersion");
    let (kubelet, api) = (minor(version)?, minor(server?)?);
    let cause = match api - kubelet {
        0..=3 => return None,
        ..0 => "a node may not be newer than the API server: this one was updated first",
        4.. => "a node may be three minor versions older than the API server at most",
    };
    let summary = format!("node `{name}` runs {version}, and the API server {}", server.unwrap_or_default());
    let fix = "update k3s on every machine to one version, the servers before the agents";
    Some(Finding::new(summary, cause, fix).look("kubectl get nodes -o wide").only(Severity::Warning))
}

/// The minor version of `v1.34.1+k3s1`.
fn minor(version: &str) -> Option<i32> {
    version.trim_start_matches('v').split('.').nth(1)?.parse().ok()
}

/// Those that Kubernetes sets itself follow from what the node reports, and the cloud controller's is told with the address.
fn tainted(node: &Value, name: &str) -> Option<Finding> {
    let keeps_away = |taint: &&Value| {
        ["NoSchedule", "NoExecute"].contains(&at(taint, "/effect"))
            && !at(taint, "/key").starts_with("node.kubernetes.io/")
            && at(taint, "/key") != UNINITIALISED
    };
    let taint = entries(node, "/spec/taints").iter().find(keeps_away)?;
    let key = at(taint, "/key");
    Some(
        Finding::new(
            format!("the taint `{key}` keeps pods away from node `{name}`"),
            "somebody has set it, for example with `--node-taint`, so that only pods that tolerate it run there",
            match command!("kubectl taint node {} {}", name, format!("{key}-")) {
                Some(command) => format!("if pods should run on the node again: `{command}`"),
                None => "remove the taint if pods should run on the node again".to_owned(),
            },
        )
        .look(command!("kubectl describe node {}", name))
        .only(Severity::Info),
    )
}
