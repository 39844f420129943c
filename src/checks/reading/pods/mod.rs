//! What keeps a pod from running, by what its status and its events say.

mod ends;
mod image;
mod maps;

use ends::{Ends, WRONG_PROCESSOR, is_hopeless};
use serde_json::Value;

use crate::checks::engine::Finding;
use crate::checks::reading::{age, one_line, when};
use crate::evidence::pod::{self, Container, Ended, Hindrance, KILLED, all_containers, has_ended};
use crate::evidence::{Evidence, View, at};
use crate::outside::command::Command;

/// What a pod may take to start before it counts as stuck.
const STARTING: i64 = 60;
/// An end for want of memory is news for this long.
const RECENTLY: i64 = 3600;
/// The conditions in which a node takes no pods, or sends away those that it has.
const PRESSURES: [&str; 3] = ["DiskPressure", "MemoryPressure", "PIDPressure"];

/// What keeps a pod from running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::checks) struct Trouble {
    /// By which check it is reported.
    pub(in crate::checks) kind: Obstacle,
    /// `namespace/name`.
    pub(in crate::checks) pod: String,
    /// Where it was placed; `None` before it is.
    pub(in crate::checks) node: Option<String>,
    summary: String,
    cause: String,
    fix: String,
    look: Option<Command>,
    nixos: Option<&'static str>,
    ends: Ends,
    /// Whether it ended without a word for the kubelet: its log alone may say why.
    is_silent: bool,
}

/// What keeps a pod from running: one for each cure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::checks) enum Obstacle {
    /// Its image cannot be pulled.
    Image,
    /// It waits for a volume.
    Volume,
    /// Everything else.
    Other,
}

impl Trouble {
    /// The same, with what the log of its program says of the cause, where nothing else does.
    pub(in crate::checks) fn or_by_its_log(self, said: Option<String>) -> Self {
        match said {
            Some(said) if self.is_silent => Self { cause: said, ..self },
            _ => self,
        }
    }

    /// The finding of the check that reports it.
    pub(in crate::checks) fn finding(self) -> Finding {
        let finding = Finding::new(self.summary, self.cause, self.fix).look(self.look);
        let finding = match self.nixos {
            Some(option) => finding.nixos(option),
            None => finding,
        };
        match self.ends {
            Ends::ByItself => finding.heals(),
            Ends::Soon => finding.heals_soon(),
            Ends::Never => finding,
        }
    }
}

/// What is wrong with a pod; `None` when nothing is, or it is on its way in or out.
pub(in crate::checks) fn trouble(evidence: &Evidence, pod: &Value) -> Option<Trouble> {
    let phase = at(pod, "/status/phase");
    // What has failed or ended was replaced by its owner, or has done its work.
    if pod.is_going() || has_ended(pod) {
        return None;
    }
    let named = NamedPod::of(pod);
    let containers: Vec<Container<'_>> = all_containers(pod).collect();
    if let Some(found) = containers.iter().find_map(|container| image::trouble(evidence, &named, container)) {
        return Some(found);
    }
    if let Some(found) =
        containers.iter().find_map(|container| container_trouble(evidence, &named, container))
    {
        return Some(found);
    }
    match pod::unplaced(pod) {
        Some(message) => Some(unplaced(&named, message)),
        None if phase == "Pending" => stuck(evidence, &named, pod),
        None => None,
    }
}

/// Whether what keeps all of these pods from being ready is their node, which the check of nodes tells.
pub(in crate::checks) fn wait_for_their_node(evidence: &Evidence, pods: &[&Value]) -> bool {
    let lives = |pod: &&&Value| !has_ended(pod);
    let nodes = evidence.objects("nodes").unwrap_or_default();
    let on_troubled = |pod: &&Value| {
        let mut named = nodes.iter().filter(|node| node.name() == at(pod, "/spec/nodeName"));
        named.any(|node| !node.holds("Ready") || PRESSURES.iter().any(|kind| node.holds(kind)))
    };
    let mut living = pods.iter().filter(lives).peekable();
    living.peek().is_some() && living.all(on_troubled)
}

/// The message of the newest warning about a pod with that reason; `None` when there is none.
pub(in crate::checks) fn event<'a>(evidence: &'a Evidence, pod: &Value, reasons: &[&str]) -> Option<&'a str> {
    let about = |event: &&Value| {
        at(event, "/involvedObject/namespace") == pod.namespace()
            && at(event, "/involvedObject/name") == pod.name()
            && reasons.contains(&at(event, "/reason"))
    };
    let events = evidence.objects("events")?.iter().filter(about);
    let newest = events.max_by_key(|event| {
        ["/lastTimestamp", "/series/lastObservedTime", "/eventTime", "/metadata/creationTimestamp"]
            .iter()
            .find_map(|time| when(event, time))
    });
    newest.map(|event| at(event, "/message").trim()).filter(|message| !message.is_empty())
}

/// Which pod it is, in the forms that findings need.
struct NamedPod<'a> {
    pod: &'a Value,
    full: String,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> NamedPod<'a> {
    fn of(pod: &'a Value) -> Self {
        let (namespace, name) = (pod.namespace(), pod.name());
        Self { pod, full: pod.full_name(), namespace, name }
    }

    fn trouble(
        &self,
        kind: Obstacle,
        summary: String,
        cause: impl Into<String>,
        fix: impl Into<String>,
    ) -> Trouble {
        let node = Some(at(self.pod, "/spec/nodeName")).filter(|node| !node.is_empty());
        Trouble {
            kind,
            pod: self.full.clone(),
            node: node.map(str::to_owned),
            summary,
            cause: sentence(&cause.into()),
            fix: fix.into(),
            look: command!("kubectl --namespace {} describe pod {}", self.namespace, self.name),
            nixos: None,
            ends: Ends::Soon,
            is_silent: false,
        }
    }

    fn logs(&self, container: &str) -> Option<Command> {
        command!(
            "kubectl --namespace {} logs {} --container {} --previous --tail=20",
            self.namespace,
            self.name,
            container
        )
    }
}

/// Text of others as a cause.
fn sentence(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() { "nothing else is known".to_owned() } else { line }
}

fn container_trouble(
    evidence: &Evidence,
    named: &NamedPod<'_>,
    container: &Container<'_>,
) -> Option<Trouble> {
    let Container { name, restarts, .. } = container;
    if let Some(waiting) = container.waiting.filter(|waiting| waiting.by == Hindrance::Refused) {
        return Some(unstartable(named, name, waiting.message));
    }
    let now = container.ended.filter(Ended::is_failure);
    let end = now.or(container.before)?;
    let crashing = container.is_kept_by(Hindrance::Crash) || now.is_some();
    let recent = age(evidence.now, end.at) < RECENTLY;
    if end.reason == "OOMKilled" && (crashing || recent) {
        let summary =
            format!("container `{name}` of pod `{}` ran out of memory, restarts: {restarts}", named.full);
        let fix = "raise `resources.limits.memory` of the container, or find out why it needs so much";
        let mut found = named.trouble(
            Obstacle::Other,
            summary,
            "it used more than its limit, or the node had no more",
            fix,
        );
        (found.look, found.ends) = (named.logs(name), Ends::Never);
        return Some(found);
    }
    if !crashing {
        return None;
    }
    let said = end.message.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let summary =
        format!("container `{name}` of pod `{}` exits again and again, restarts: {restarts}", named.full);
    if let Some(cause) = maps::too_few(evidence, named.pod, container.image, said, end.code) {
        let mut found = named.trouble(Obstacle::Other, summary, cause, maps::FIX);
        (found.look, found.nixos) = (named.logs(name), Some(maps::OPTION));
        found.ends = Ends::Never;
        return Some(found);
    }
    let cause = match (said, end.code) {
        (said, _) if said.contains(WRONG_PROCESSOR) => {
            "its image is for another kind of processor".to_owned()
        }
        ("", Some(0)) => "it exits by itself without an error, but a server should keep running".to_owned(),
        ("", Some(KILLED)) => {
            "it was killed, usually by its liveness probe or because memory ran out".to_owned()
        }
        ("", Some(code)) => format!("the program exits by itself with exit code {code}; its log says why"),
        ("", None) => "the program exits by itself; its log says why".to_owned(),
        (said, _) => format!("it says: {said}"),
    };
    let fix =
        "read its last lines, and correct what they name: an argument, a setting, a service that it needs";
    let mut found = named.trouble(Obstacle::Other, summary, cause, fix);
    found.look = named.logs(name);
    found.is_silent = said.is_empty() && ![Some(0), Some(KILLED)].contains(&end.code);
    found.ends = if is_hopeless(container, said) { Ends::Never } else { Ends::ByItself };
    Some(found)
}

/// Secrets, ConfigMaps and what the container runtime refuses.
fn unstartable(named: &NamedPod<'_>, container: &str, message: &str) -> Trouble {
    let summary =
        format!("container `{container}` of pod `{}` cannot start: {}", named.full, sentence(message));
    let quoted = message.split('"').nth(1).unwrap_or_default();
    let mut ends = Ends::Never;
    let (cause, fix) = if message.starts_with("secret ") && message.contains("not found") {
        ends = Ends::Soon;
        (
            format!("the pod refers to the Secret `{quoted}`, which is not in its namespace"),
            format!(
                "make the Secret `{quoted}` in the namespace `{}`, or correct the name in the pod's workload",
                named.namespace
            ),
        )
    } else if message.starts_with("configmap ") && message.contains("not found") {
        ends = Ends::Soon;
        (
            format!("the pod refers to the ConfigMap `{quoted}`, which is not in its namespace"),
            format!(
                "make the ConfigMap `{quoted}` in the namespace `{}`, or correct the name",
                named.namespace
            ),
        )
    } else if message.contains("couldn't find key") {
        (
            "the Secret or ConfigMap is there, and lacks the key".to_owned(),
            "add the key, or correct its name in the pod's workload".to_owned(),
        )
    } else if message.contains("runAsNonRoot") || message.contains("non-numeric user") {
        (
            "the pod may not run as root, and its image names no other user by number".to_owned(),
            "set `securityContext.runAsUser` to a number that the image knows".to_owned(),
        )
    } else if message.contains("executable file not found") || message.contains("no such file or directory") {
        (
            "the image does not have the program that `command` names".to_owned(),
            "correct `command`, or leave it out: the image's own entry point is used then".to_owned(),
        )
    } else {
        ends = Ends::Soon;
        (
            "the container runtime refuses it".to_owned(),
            "correct what the message names in the pod's workload".to_owned(),
        )
    };
    Trouble { ends, ..named.trouble(Obstacle::Other, summary, cause, fix) }
}

fn unplaced(named: &NamedPod<'_>, message: &str) -> Trouble {
    let summary = format!("pod `{}` fits on no node", named.full);
    let has = |words: &str| message.contains(words);
    if has("persistentvolumeclaim") || has("PersistentVolumeClaim") {
        let fix = "see that its volume comes: look at the claim and its StorageClass";
        return named.trouble(Obstacle::Volume, summary, message, fix);
    }
    let fix = if has("Insufficient memory") || has("Insufficient cpu") {
        "lower `resources.requests` of the pod or of others, stop something, or add a node: `kubectl describe nodes` shows what is set aside"
    } else if has("disk-pressure") || has("memory-pressure") {
        "free what the node lacks: its own check says how"
    } else if has("free ports") {
        "find the pod that holds the port: `kubectl get pods -A -o wide`"
    } else if has("node affinity") || has("node selector") || has("node(s) didn't match") {
        "correct `nodeSelector` or `affinity` of the workload, or label a node: `kubectl get nodes --show-labels`"
    } else if has("untolerated taint") || has("unschedulable") {
        "let the node accept pods again (`kubectl uncordon`), or give the workload the toleration"
    } else {
        "make room as the message says"
    };
    named.trouble(Obstacle::Other, summary, message, fix)
}

/// Placed long ago, and still no container.
fn stuck(evidence: &Evidence, named: &NamedPod<'_>, pod: &Value) -> Option<Trouble> {
    let since = when(pod, "/status/startTime").or_else(|| when(pod, "/metadata/creationTimestamp"));
    if age(evidence.now, since) < STARTING {
        return None;
    }
    let message = event(evidence, pod, &["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"])?;
    let summary = format!("pod `{}` does not start", named.full);
    let (kind, fix) = if message.contains("secret \"") || message.contains("configmap \"") {
        (
            Obstacle::Other,
            "create the object that it mounts in the pod's namespace, or correct the name in its workload",
        )
    } else if message.contains("sandbox") || message.contains("cni") {
        (
            Obstacle::Other,
            "look for `flannel` and `cni` in the log of k3s on that node; restarting k3s there often helps",
        )
    } else {
        (Obstacle::Volume, "check that the volume exists and can be mounted on that node")
    };
    Some(named.trouble(kind, summary, message, fix))
}
