//! What keeps one pod of the controller from being ready.

use serde_json::Value;

use crate::checks::engine::{Finding, Outcome};
use crate::checks::id;
use crate::checks::ingress::pods::made_anew;
use crate::checks::ingress::{objects, ports, reload};
use crate::checks::reading::logs::{excerpt, written};
use crate::checks::reading::{age, pods};
use crate::desired::guard;
use crate::evidence::pod::{Container, Hindrance, KILLED, containers, is_ready, unplaced};
use crate::evidence::{Evidence, View, at};
use crate::facts::klog::severity;
use crate::ingress::{Traits, traits_of};

/// For how long what a pod said counts, in seconds.
const LATELY: i64 = 90;

/// Judges the pod of node `node`; `all` are the pods of every namespace.
pub(super) fn one(evidence: &Evidence, set: &Value, all: &[Value], node: &str, pod: &Value) -> Outcome {
    let controller = traits_of(evidence.controller);
    if is_ready(pod) {
        let well = || Outcome::pass(format!("pod `{}` is ready", pod.full_name()));
        return without_right(evidence, node, pod).map_or_else(well, Outcome::from);
    }
    if reload::is_refused(evidence, pod.name()) {
        return Outcome::Blocked { by: id::RELOAD };
    }
    if let Some(unplaced) = unplaced(pod).filter(|message| message.contains("free ports")) {
        return no_port(controller, all, node, unplaced).into();
    }
    if let Some(container) = containers(pod).next().filter(ends_again) {
        return crash(evidence, set, node, pod, &container).into();
    }
    let finding = pods::trouble(evidence, pod).map(pods::Trouble::finding);
    finding.unwrap_or_else(|| starting(evidence, node, pod)).into()
}

fn no_port(controller: &Traits, all: &[Value], node: &str, message: &str) -> Finding {
    let summary = format!(
        "the ingress controller cannot run on node `{node}`: a port that it needs, 80 or 443, is taken there"
    );
    let claims = ports::claims(controller, all);
    let finding = match claims.iter().find(|claim| at(claim.pod, "/spec/nodeName") == node) {
        Some(claim) => Finding::new(
            summary,
            format!("pod `{}` holds {} of the node", claim.pod.full_name(), claim.ports()),
            "remove the `hostPort` from that pod's owner, or give it another port",
        ),
        None => Finding::new(
            summary,
            format!(
                "the previous pod of the controller still has the ports: its last connections get some seconds to end. Kubernetes says: {}",
                message.trim_end_matches('.')
            ),
            "wait until it has ended",
        )
        .heals(),
    };
    finding.look(command!("kubectl -n {} describe pods", controller.namespace))
}

/// A pod that may not read what it serves: some controllers are ready all the same, and know no name. client-go says so again
/// within a minute (tools/cache/reflector.go, `NewReflectorWithOptions`).
fn without_right(evidence: &Evidence, node: &str, pod: &Value) -> Option<Finding> {
    let controller = traits_of(evidence.controller);
    let log =
        evidence.cluster.as_ref()?.logs.get(&format!("{}/{}", pod.full_name(), controller.container))?;
    let lately =
        |line: &&str| written(line, evidence.now).is_some_and(|at| age(evidence.now, Some(at)) <= LATELY);
    let denied = |line: &&str| {
        severity(line) == Some('E') && line.contains("failed to list") && line.contains("is forbidden")
    };
    let line = log.lines().rev().filter(denied).find(lately)?;
    let finding = Finding::new(
        format!(
            "the ingress controller on node `{node}` may not read what it serves: {}",
            excerpt(line, "failed to list")
        ),
        "its service account lacks a permission: somebody changed its ClusterRole or the binding. It knows no name that it has not read",
        "create them again",
    );
    let account = controller.account;
    Some(
        finding
            .command(command!("kubectl delete clusterrole,clusterrolebinding {} --ignore-not-found", account))
            .command("homelab up")
            .heals_soon(),
    )
}

/// Whether it ran, ended and is started again; that it ran out of memory is told of every pod alike.
fn ends_again(container: &Container<'_>) -> bool {
    let crashes = container.is_kept_by(Hindrance::Crash);
    let ended = container.before.or(container.ended);
    ended.is_some_and(|ended| ended.reason != "OOMKilled" && (crashes || ended.is_failure()))
}

fn crash(evidence: &Evidence, set: &Value, node: &str, pod: &Value, container: &Container<'_>) -> Finding {
    let controller = traits_of(evidence.controller);
    let place = format!("{}/{}", pod.full_name(), controller.container);
    let name = pod.name();
    let end = container.before.or(container.ended);
    if end.and_then(|end| end.code) == Some(KILLED) {
        return killed(controller, node, name);
    }
    let log = evidence.cluster.as_ref().and_then(|cluster| cluster.logs.get(&place));
    let ended = container.before.map_or("", |ended| ended.message.trim());
    let words = log.and_then(|log| last_words(controller, log)).unwrap_or(ended);
    let summary = format!("the ingress controller on node `{node}` exits again and again");
    let summary = if words.is_empty() { summary } else { format!("{summary}: {words}") };
    let known = controller.log.last_words.iter().find(|known| words.contains(known.part));
    let (cause, fix) = known.map_or(
        (
            "the program exits for the reason in its log",
            "fix what the log names; `homelab up` restores everything that homelab created",
        ),
        |known| (known.cause, known.fix),
    );
    let finding = match objects::editor(set) {
        Some(editor) => made_anew(
            controller,
            Finding::new(
                summary,
                format!("{cause}; the DaemonSet was changed by hand, as `{editor}`"),
                "create the DaemonSet again",
            ),
        ),
        None => Finding::new(summary, cause, fix),
    };
    finding
        .look(command!("kubectl -n {} logs {} --previous --tail=20", controller.namespace, name))
        .heals_soon()
}

/// Who is killed writes nothing about it: the last lines of its log are of something else.
fn killed(controller: &Traits, node: &str, pod: &str) -> Finding {
    Finding::new(
        format!("the ingress controller on node `{node}` is killed again and again (exit code {KILLED})"),
        "something kills it, which its own log cannot tell: the kernel when the node has no memory left, the kubelet when its liveness \
         probe fails (a node that is too busy), or another program",
        "look at the pod's events and the kernel's log for the killer. If the node has too little memory, give it more, or run less on it",
    )
    .look(command!("kubectl -n {} describe pod {}", controller.namespace, pod))
    .look("journalctl -k --since -1h --grep 'out of memory|killed process'")
    .heals_soon()
}

/// The last line that tells of an error; else the last one.
fn last_words<'a>(controller: &Traits, log: &'a str) -> Option<&'a str> {
    let lines = log.lines().map(str::trim).filter(|line| !line.is_empty());
    // That the guard refused a write of the status is as it should be, and ends no controller.
    let lines: Vec<&str> = lines.filter(|line| !line.contains(guard::NAME)).collect();
    let telling = |line: &&&str| matches!(severity(line), Some('E' | 'F')) || (controller.log.is_fatal)(line);
    let line = lines.iter().rev().find(telling).or(lines.last())?;
    let text = severity(line).and_then(|_| line.split_once("] ")).map(|(_, text)| text);
    Some(text.unwrap_or(line))
}

fn starting(evidence: &Evidence, node: &str, pod: &Value) -> Finding {
    let controller = traits_of(evidence.controller);
    let event = pods::event(evidence, pod, &["FailedCreatePodSandBox", "FailedMount", "Unhealthy"]);
    let cause = match event {
        Some(message) => format!("Kubernetes says: {}", message.trim_end_matches('.')),
        None => {
            format!("it is starting, and is ready when {} has its first configuration", controller.program)
        }
    };
    Finding::new(
        format!("the ingress controller on node `{node}` is not ready yet"),
        cause,
        "wait a minute; then read the pod's events and its log",
    )
    .look(controller.show_log("20"))
    .heals()
}
