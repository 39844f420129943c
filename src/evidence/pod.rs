//! A pod and its containers, as the kubelet tells of them: why one does not run is read here alone. What each room makes of it
//! is its own.

use jiff::Timestamp;
use serde_json::Value;

use super::{View, at, entries};
use crate::facts::namespaces::SYSTEM;

/// How a kubelet says that it has no image.
const NO_IMAGE: [&str; 7] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];
/// How it says that the container cannot be made or started.
const REFUSED: [&str; 3] = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];

/// Whether it is a pod of CoreDNS, whose label k3s keeps from its forerunner (k3s, manifests/coredns.yaml).
pub fn is_coredns(pod: &Value) -> bool {
    pod.namespace() == SYSTEM && pod.label("k8s-app") == "kube-dns"
}

/// A container of a pod.
#[derive(Debug, Clone, Copy)]
pub struct Container<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its image, as the kubelet has it.
    pub image: &'a str,
    /// How often it was started again.
    pub restarts: i64,
    /// Why it waits; `None` when it runs or has ended.
    pub waiting: Option<Waiting<'a>>,
    /// Since when it runs; `None` when it does not.
    pub running: Option<Timestamp>,
    /// How it ended; `None` when it runs or waits.
    pub ended: Option<Ended<'a>>,
    /// How it ended the time before.
    pub before: Option<Ended<'a>>,
}

/// Why a container waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// What is in the way.
    pub by: Hindrance,
    /// The kubelet's word for it.
    pub reason: &'a str,
    /// What it says further.
    pub message: &'a str,
}

/// What keeps a container from running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// Its image cannot be pulled.
    Image,
    /// It cannot be made or started: what it refers to is missing, or the runtime refuses it.
    Refused,
    /// It ended again and again, and is given a pause.
    Crash,
    /// Nothing but time, as far as is known.
    Time,
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended<'a> {
    /// Its exit code.
    pub code: Option<i64>,
    /// The kubelet's word for it, for example `OOMKilled`.
    pub reason: &'a str,
    /// Its last words, where it wrote them for the kubelet.
    pub message: &'a str,
    /// When.
    pub at: Option<Timestamp>,
}

impl Ended<'_> {
    /// Whether it ended with an error, or nobody knows with what.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.code != Some(0)
    }
}

/// The exit code of a program that SIGKILL has ended: 128 and the signal's number, 9.
pub const KILLED: i64 = 137;

/// Whether a pod has done its work, has failed or was evicted: it comes back no more, and what replaces it is another pod.
#[must_use]
pub fn has_ended(pod: &Value) -> bool {
    ["Succeeded", "Failed"].contains(&at(pod, "/status/phase"))
}

/// The pod's containers, without those that only prepare it.
pub fn containers(pod: &Value) -> impl Iterator<Item = Container<'_>> {
    entries(pod, "/status/containerStatuses").iter().map(Container::of)
}

/// All containers of the pod, those that prepare it first.
pub fn all_containers(pod: &Value) -> impl Iterator<Item = Container<'_>> {
    entries(pod, "/status/initContainerStatuses").iter().map(Container::of).chain(containers(pod))
}

/// Why no node takes the pod, in the scheduler's words; `None` when one has, or it was not tried yet.
#[must_use]
pub fn unplaced(pod: &Value) -> Option<&str> {
    let scheduled = pod.condition("PodScheduled")?;
    (at(scheduled, "/status") == "False").then(|| at(scheduled, "/message"))
}

/// Whether the pod takes requests and is not on its way out.
#[must_use]
pub fn is_ready(pod: &Value) -> bool {
    pod.holds("Ready") && !pod.is_going()
}

impl<'a> Container<'a> {
    fn of(status: &'a Value) -> Self {
        Self {
            name: at(status, "/name"),
            image: at(status, "/image"),
            restarts: status["restartCount"].as_i64().unwrap_or(0),
            waiting: status.pointer("/state/waiting").map(Waiting::of),
            running: at(status, "/state/running/startedAt").parse().ok(),
            ended: status.pointer("/state/terminated").map(Ended::of),
            before: status.pointer("/lastState/terminated").map(Ended::of),
        }
    }

    /// Whether it waits because of that.
    #[must_use]
    pub fn is_kept_by(&self, hindrance: Hindrance) -> bool {
        self.waiting.is_some_and(|waiting| waiting.by == hindrance)
    }
}

impl<'a> Waiting<'a> {
    fn of(state: &'a Value) -> Self {
        let reason = at(state, "/reason");
        let by = match reason {
            "CrashLoopBackOff" => Hindrance::Crash,
            _ if NO_IMAGE.contains(&reason) => Hindrance::Image,
            _ if REFUSED.contains(&reason) => Hindrance::Refused,
            _ => Hindrance::Time,
        };
        Self { by, reason, message: at(state, "/message") }
    }
}

impl<'a> Ended<'a> {
    fn of(state: &'a Value) -> Self {
        Self {
            code: state["exitCode"].as_i64(),
            reason: at(state, "/reason"),
            message: at(state, "/message"),
            at: at(state, "/finishedAt").parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_tells_what_keeps_it_and_how_it_ended() {
        let pod = json!({ "status": {
            "conditions": [{ "type": "PodScheduled", "status": "True" }],
            "initContainerStatuses": [{ "name": "first", "state": { "terminated": { "exitCode": 0 } } }],
            "containerStatuses": [
                { "name": "crashed", "restartCount": 4, "state": { "waiting": { "reason": "CrashLoopBackOff" } },
                  "lastState": { "terminated": { "exitCode": 2, "reason": "Error", "message": "no", "finishedAt": "2026-01-02T03:04:05Z" } } },
                { "name": "lacks", "state": { "waiting": { "reason": "ErrImagePull", "message": "not found" } } },
                { "name": "runs", "state": { "running": { "startedAt": "2026-01-02T03:04:05Z" } } },
            ] } });
        let all: Vec<Container<'_>> = all_containers(&pod).collect();
        assert_eq!((all.len(), all[0].name, containers(&pod).count()), (4, "first", 3));
        assert!(!all[0].ended.unwrap().is_failure() && all[1].is_kept_by(Hindrance::Crash));
        let ended = all[1].before.unwrap();
        assert_eq!((all[1].restarts, ended.code, ended.reason, ended.message), (4, Some(2), "Error", "no"));
        assert!(ended.is_failure() && ended.at.is_some());
        assert_eq!(all[2].waiting.unwrap().message, "not found");
        assert!(all[2].is_kept_by(Hindrance::Image) && all[3].waiting.is_none() && all[3].running.is_some());
        assert_eq!(unplaced(&pod), None);
    }

    #[test]
    fn a_pod_on_its_way_out_is_not_ready_and_one_that_fits_nowhere_says_so() {
        let ready = json!({ "status": { "conditions": [{ "type": "Ready", "status": "True" }] } });
        assert!(is_ready(&ready));
        let mut going = ready;
        going["metadata"] = json!({ "deletionTimestamp": "2026-01-02T03:04:05Z" });
        assert!(!is_ready(&going));
        let nowhere = json!({ "status": { "conditions": [
            { "type": "PodScheduled", "status": "False", "message": "0/1 nodes are available" }] } });
        assert_eq!((unplaced(&nowhere), is_ready(&nowhere)), (Some("0/1 nodes are available"), false));
    }
}
