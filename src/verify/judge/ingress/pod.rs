//! What keeps one pod of the controller from being ready.

use serde_json::Value;

use super::{objects, pods::made_anew, ports};
use crate::{
    desired::ingress_nginx::{CONTROLLER, NAMESPACE},
    verify::{
        evidence::{Evidence, at, entries},
        model::{Finding, Outcome},
    },
};

/// What the last line of a log means: a part of it, the cause and the fix.
const LAST_WORDS: [(&str, &str, &str); 5] = [
    (
        "unknown flag",
        "the DaemonSet has an argument that this version of the controller does not know",
        "take the argument out",
    ),
    (
        "Address already in use",
        "another program on the node listens on the port",
        "find it on the node with `ss -ltnp` and move it to another port",
    ),
    (
        "is forbidden",
        "the controller's service account lacks a permission",
        "run `homelab up`, which applies its ClusterRole and Role",
    ),
    (
        "10.43.0.1:443",
        "pods on this node do not reach the API server: a firewall on the node drops what comes from `cni0`",
        "let the node accept what comes from `cni0`",
    ),
    ("No such host", "the controller cannot resolve a name that it needs", "look at CoreDNS"),
];

/// Judges the pod of node `node`; `all` are the pods of every namespace.
pub(super) fn one(evidence: &Evidence, set: &Value, all: &[Value], node: &str, pod: &Value) -> Outcome {
    let name = objects::name(pod);
    let condition = |kind: &str| {
        entries(pod, "/status/conditions").iter().find(|condition| at(condition, "/type") == kind)
    };
    if let Some(scheduled) = condition("PodScheduled").filter(|condition| at(condition, "/status") == "False")
    {
        return unscheduled(all, node, &name, at(scheduled, "/message")).into();
    }
    if condition("Ready").is_some_and(|condition| at(condition, "/status") == "True") {
        return Outcome::pass(format!("pod `{name}` is ready"));
    }
    let nothing = Value::Null;
    let status = entries(pod, "/status/containerStatuses").first().unwrap_or(&nothing);
    let waiting = at(status, "/state/waiting/reason");
    let said = at(status, "/state/waiting/message");
    let finding = match waiting {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
            not_pulled(node, at(status, "/image"), said)
        }
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => Finding::new(
            format!("the container of pod `{name}` on node `{node}` cannot be made"),
            said.trim_end_matches('.').to_owned(),
            "run `homelab up`; then look at the pod's events",
        )
        .heals(),
        _ if status.pointer("/lastState/terminated").is_some() || waiting == "CrashLoopBackOff" => {
            ends_again(evidence, set, node, pod, status)
        }
        _ => starting(evidence, node, pod),
    };
    finding.look(format!("kubectl -n {NAMESPACE} describe pod {}", at(pod, "/metadata/name"))).into()
}

fn unscheduled(all: &[Value], node: &str, pod: &str, message: &str) -> Finding {
    let summary = format!("the ingress controller has no place on node `{node}`: {message}");
    let look = format!("kubectl -n {NAMESPACE} describe pods");
    if message.contains("free ports") {
        let claims = ports::claims(all);
        let holder = claims.iter().find(|claim| at(claim.pod, "/spec/nodeName") == node);
        return match holder {
            Some(claim) => Finding::new(
                summary,
                format!("pod `{}` holds {} of the node", objects::name(claim.pod), claim.ports()),
                "take the `hostPort` out of that pod's owner, or give it another",
            ),
            None => Finding::new(
                summary,
                "the controller's pod before this one still holds the ports: it may serve its last connections for 5 minutes",
                "wait until it has ended",
            )
            .heals(),
        }
        .look(look);
    }
    let short = ["cpu", "memory"].into_iter().find(|what| message.contains(&format!("Insufficient {what}")));
    match short {
        Some(what) => Finding::new(
            summary,
            format!("the requests of all pods together leave too little {what} on the node"),
            format!("lower the {what} that other pods request, or take pods off the node"),
        )
        .look(format!("kubectl describe node {node}")),
        None => Finding::new(
            summary,
            format!("pod `{pod}` fits the node in no way that the scheduler knows"),
            "do what the message asks for",
        )
        .look(look),
    }
}

fn not_pulled(node: &str, image: &str, said: &str) -> Finding {
    let summary = format!("node `{node}` cannot pull the controller's image `{image}`");
    let (cause, fix) = if said.contains("toomanyrequests") || said.contains("429") {
        (
            "the registry lets this address pull no more for now",
            "wait, or log in at the registry in `/etc/rancher/k3s/registries.yaml`",
        )
    } else if said.contains("not found")
        || said.contains("manifest unknown")
        || said.contains("InvalidImageName")
    {
        (
            "the registry has no such image",
            "correct `images: { ingressNginx: … }` in the configuration, and run `homelab up`",
        )
    } else if said.contains("no such host") || said.contains("timeout") || said.contains("refused") {
        (
            "the node does not reach the registry",
            "look at the node's own DNS and its way to the internet; containerd uses those, not the cluster's",
        )
    } else if said.contains("x509") {
        (
            "the node does not trust the registry's certificate",
            "look at the node's clock, and at what stands between it and the internet",
        )
    } else {
        ("the registry does not give it to the node", "look at what the pod's events say of it")
    };
    Finding::new(summary, cause, fix).heals()
}

/// It ran and ended, and is started again and again.
fn ends_again(evidence: &Evidence, set: &Value, node: &str, pod: &Value, status: &Value) -> Finding {
    let ended = &status["lastState"]["terminated"];
    let summary = format!("the ingress controller on node `{node}` ends again and again");
    if at(ended, "/reason") == "OOMKilled" {
        return Finding::new(
            summary,
            "it takes more memory than its limit, or than the node has",
            "raise the limit, or take pods off the node",
        );
    }
    let log = evidence
        .cluster
        .as_ref()
        .and_then(|cluster| cluster.logs.get(&format!("{}/controller", objects::name(pod))))
        .map(String::as_str)
        .unwrap_or_default();
    let words = last_words(log).unwrap_or_else(|| at(ended, "/message").trim());
    let code = ended["exitCode"].as_i64().map_or_else(String::new, |code| format!(" with exit code {code}"));
    let summary = match words {
        "" => format!("{summary}{code}"),
        words => format!("{summary}: {words}"),
    };
    let known = LAST_WORDS.iter().find(|(part, ..)| words.contains(part));
    let (cause, fix) = known.map_or(
        (
            "the program gives up on what its log says",
            "follow what the log says; `homelab up` brings back everything that homelab made",
        ),
        |(_, cause, fix)| (cause, fix),
    );
    let look = format!("kubectl -n {NAMESPACE} logs {} --previous --tail=20", at(pod, "/metadata/name"));
    match objects::editor(set) {
        Some(editor) => made_anew(Finding::new(
            summary,
            format!("{cause}; the DaemonSet was changed by hand, as `{editor}`"),
            "make the DaemonSet anew",
        )),
        None => Finding::new(summary, cause, fix),
    }
    .look(look)
    .heals()
}

/// The last line that tells of an error; else the last one.
fn last_words(log: &str) -> Option<&str> {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // klog: a letter for the severity, the day, the time, the thread, the place in the program, and then the text.
    let is_klog = |line: &str, letters: &str| {
        let mut chars = line.chars();
        chars.next().is_some_and(|letter| letters.contains(letter))
            && chars.next().is_some_and(|c| c.is_ascii_digit())
    };
    let telling = |line: &&&str| {
        is_klog(line, "FE")
            || line.contains("[emerg]")
            || line.starts_with("Error")
            || line.contains("unknown flag")
    };
    let line = lines.iter().rev().find(telling).or(lines.last())?;
    let text =
        if is_klog(line, "FEWI") { line.split_once("] ").map_or(*line, |(_, text)| text) } else { line };
    Some(text)
}

fn starting(evidence: &Evidence, node: &str, pod: &Value) -> Finding {
    let name = at(pod, "/metadata/name");
    let event = evidence.objects("events").into_iter().flatten().rev().find(|event| {
        at(event, "/involvedObject/kind") == "Pod" && at(event, "/involvedObject/name") == name
    });
    let cause = match event {
        Some(event) => format!("the cluster says: {}", at(event, "/message").trim_end_matches('.')),
        None => "it starts, and is ready once nginx has its first configuration".to_owned(),
    };
    Finding::new(
        format!("the ingress controller on node `{node}` is not ready yet"),
        cause,
        "wait a minute; then look at the pod's events and its log",
    )
    .look(format!("kubectl -n {NAMESPACE} logs daemonset/{CONTROLLER} --tail=20"))
    .heals()
}
