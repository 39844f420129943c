//! The controller's pods: one on each node that can have one, ready.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::{lab_wide, objects, pod, unread};
use crate::evidence::{Evidence, View, at, entries};
use crate::ingress::{Traits, traits_of};

/// What every DaemonSet tolerates without saying so (Kubernetes docs, "DaemonSet", "Taints and tolerations").
const ALWAYS_TOLERATED: [&str; 6] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unschedulable",
];

/// What makes the DaemonSet anew as homelab wants it.
pub(super) fn made_anew(controller: &Traits, finding: Finding) -> Finding {
    finding
        .command(command!("kubectl -n {} delete daemonset {}", controller.namespace, controller.workload))
        .command("homelab up")
        .restarts_controller()
}

pub(super) fn pods_of_controller(evidence: &Evidence) -> Vec<Judged> {
    let controller = traits_of(evidence.controller);
    let Some(pods) = evidence.objects("pods") else {
        return unread(id::PODS, "pods");
    };
    let Some(nodes) = evidence.objects("nodes") else {
        return unread(id::PODS, "nodes");
    };
    if evidence.objects("daemonsets.apps").is_none() {
        return unread(id::PODS, "DaemonSets");
    }
    let Some(set) = objects::daemon_set(evidence) else {
        let place = format!("{}/{}", controller.namespace, controller.workload);
        let finding = Finding::new(
            format!("there is no DaemonSet `{place}`"),
            "it was never applied, or somebody removed it: nothing answers on ports 80 and 443",
            "apply it",
        );
        return vec![lab_wide(id::PODS, finding.command("homelab up"))];
    };
    let excluded: Vec<Option<String>> = nodes.iter().map(|node| exclusion(set, node)).collect();
    if let Some(Some(why)) = excluded.first()
        && excluded.iter().all(Option::is_some)
    {
        return vec![lab_wide(id::PODS, nowhere(controller, set, why))];
    }
    let mine: Vec<&Value> = pods.iter().filter(|pod| controller.is_pod(pod)).collect();
    let each = nodes.iter().zip(excluded).map(|(node, excluded)| {
        let name = node.name();
        let outcome = match excluded {
            Some(why) => Outcome::skip(format!("the controller does not run there: {why}")),
            None if !is_ready(evidence, name) => Outcome::skip("the node is not ready"),
            None => on_node(evidence, set, pods, &mine, name),
        };
        judged(id::PODS, Subject::node(name), Vantage::Api, outcome)
    });
    each.collect()
}

fn is_ready(evidence: &Evidence, node: &str) -> bool {
    evidence.nodes.iter().flatten().any(|seen| seen.name == node && seen.ready)
}

/// Why the DaemonSet has no pod on the node; `None` where it should have one.
fn exclusion(set: &Value, node: &Value) -> Option<String> {
    let selector = set.pointer("/spec/template/spec/nodeSelector").and_then(Value::as_object);
    let missing = selector
        .into_iter()
        .flatten()
        .find(|(key, value)| node["metadata"]["labels"][key.as_str()] != **value);
    if let Some((key, value)) = missing {
        return Some(format!(
            "its nodeSelector needs the label `{key}={}`",
            value.as_str().unwrap_or_default()
        ));
    }
    let tolerations = entries(set, "/spec/template/spec/tolerations");
    let keeps_out = |taint: &&Value| {
        at(taint, "/effect") != "PreferNoSchedule"
            && !ALWAYS_TOLERATED.contains(&at(taint, "/key"))
            && !tolerations.iter().any(|toleration| tolerates(toleration, taint))
    };
    let taint = entries(node, "/spec/taints").iter().find(keeps_out)?;
    Some(format!("the node has the taint `{}:{}`", at(taint, "/key"), at(taint, "/effect")))
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let is = |field: &str| at(toleration, field).is_empty() || at(toleration, field) == at(taint, field);
    let value = at(toleration, "/operator") == "Exists" || at(toleration, "/value") == at(taint, "/value");
    is("/key") && is("/effect") && value
}

/// No node of all may have a pod.
fn nowhere(controller: &Traits, set: &Value, why: &str) -> Finding {
    let summary = format!("the ingress controller can run on no node: {why}");
    match objects::editor(set) {
        Some(editor) => made_anew(
            controller,
            Finding::new(
                summary,
                format!("somebody changed the DaemonSet by hand, as `{editor}`"),
                "create the DaemonSet again",
            ),
        ),
        None => Finding::new(
            summary,
            "the DaemonSet tolerates the taint of control planes only",
            "remove the taint from at least one node: `kubectl taint nodes NODE KEY-`",
        )
        .look("kubectl describe nodes | grep -A3 Taints"),
    }
}

fn on_node(evidence: &Evidence, set: &Value, pods: &[Value], mine: &[&Value], node: &str) -> Outcome {
    let here: Vec<&Value> = mine.iter().copied().filter(|pod| node_of(pod) == node).collect();
    let ending = |pod: &&&Value| pod.pointer("/metadata/deletionTimestamp").is_some();
    if let Some(pod) = here.iter().find(|pod| !ending(pod)) {
        return pod::one(evidence, set, pods, node, pod);
    }
    let controller = traits_of(evidence.controller);
    let look = command!("kubectl -n {} describe daemonset {}", controller.namespace, controller.workload);
    if let Some(pod) = here.first() {
        return Finding::new(
            format!("pod `{}` on node `{node}` is ending", pod.full_name()),
            "the DaemonSet is being rolled out, or the pod was removed; its last connections get some seconds to end",
            "wait until the next pod is ready",
        )
        .look(look)
        .heals()
        .into();
    }
    let event = evidence.objects("events").into_iter().flatten().rev().find(|event| {
        at(event, "/involvedObject/kind") == "DaemonSet"
            && at(event, "/involvedObject/name") == controller.workload
    });
    let cause = event
        .map_or("the DaemonSet was created or the node joined a moment ago".to_owned(), |event| {
            format!("Kubernetes says: {}", at(event, "/message"))
        });
    Finding::new(
        format!("the ingress controller has no pod on node `{node}`"),
        cause,
        "wait a moment; then read the events of the DaemonSet",
    )
    .look(look)
    .heals()
    .into()
}

/// The node that a pod of a DaemonSet runs on, or is meant for (the controller of DaemonSets pins it by affinity).
pub(super) fn node_of(pod: &Value) -> &str {
    let pinned = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0";
    match at(pod, "/spec/nodeName") {
        "" => at(pod, pinned),
        node => node,
    }
}
