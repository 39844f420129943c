//! Whether an object does what it is there for, and if not, what it waits for. Pure functions of the object.

use std::time::Duration;

use serde_json::Value;

use crate::desired::kind::KindRef;
use crate::evidence::pod::{Hindrance, all_containers, has_ended, is_ready, unplaced};
use crate::evidence::{View, at};

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It does what it is there for, or there is nothing to wait for.
    Ready,
    /// Not yet, and why.
    Waiting(String),
}

/// Kinds whose objects have to become ready.
pub const AWAITED: [&str; 7] = [
    "DaemonSet",
    "Deployment",
    "CustomResourceDefinition",
    "ClusterIssuer",
    "Issuer",
    "Certificate",
    "Ingress",
];

/// What was written, and no controller has looked at.
const UNSEEN: &str = "written; Kubernetes has not acted on it yet";

/// Judges `object`, which is of kind `kind`.
pub fn readiness(kind: KindRef, object: &Value) -> Readiness {
    match kind.kind {
        "DaemonSet" => daemon_set(object),
        "Deployment" => deployment(object),
        "CustomResourceDefinition" => condition(object, "Established"),
        "ClusterIssuer" | "Issuer" | "Certificate" => current_condition(object, "Ready"),
        "Ingress" => ingress(object),
        _ => Readiness::Ready,
    }
}

fn daemon_set(object: &Value) -> Readiness {
    if let Some(waiting) = unseen(object) {
        return waiting;
    }
    let count = |field: &str| object["status"][field].as_i64().unwrap_or(0);
    let wanted = count("desiredNumberScheduled");
    let available = count("numberAvailable").min(count("updatedNumberScheduled"));
    if wanted == 0 {
        return Readiness::Waiting("waiting for a node to run on".to_owned());
    }
    if available < wanted {
        return Readiness::Waiting(format!("waiting for its pods ({available}/{wanted} ready)"));
    }
    Readiness::Ready
}

fn deployment(object: &Value) -> Readiness {
    if let Some(waiting) = unseen(object) {
        return waiting;
    }
    let count = |field: &str| object["status"][field].as_i64().unwrap_or(0);
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let available = count("availableReplicas").min(count("updatedReplicas"));
    if available < wanted || count("replicas") > count("updatedReplicas") {
        return Readiness::Waiting(format!("waiting for its pods ({available}/{wanted} ready)"));
    }
    Readiness::Ready
}

/// The controller has not looked at the newest version yet.
fn unseen(object: &Value) -> Option<Readiness> {
    let seen = object["status"]["observedGeneration"].as_i64().unwrap_or(0);
    let newest = object["metadata"]["generation"].as_i64().unwrap_or(0);
    (seen < newest).then(|| Readiness::Waiting(UNSEEN.to_owned()))
}

fn condition(object: &Value, name: &str) -> Readiness {
    match object.condition(name) {
        Some(_) if object.holds(name) => Readiness::Ready,
        Some(condition) => Readiness::Waiting(message(condition)),
        None => Readiness::Waiting(UNSEEN.to_owned()),
    }
}

/// Like [`condition`], and judged for the newest version of the object. A failed attempt is a better reason than
/// "does not exist".
fn current_condition(object: &Value, name: &str) -> Readiness {
    let newest = object["metadata"]["generation"].as_i64().unwrap_or(0);
    if let Some(ready) = object.condition(name).filter(|_| object.holds(name)) {
        let seen = ready["observedGeneration"].as_i64().unwrap_or(newest);
        let stale = || Readiness::Waiting(UNSEEN.to_owned());
        return if seen < newest { stale() } else { Readiness::Ready };
    }
    match failed_issuing(object) {
        Some(failed) => Readiness::Waiting(message(failed)),
        None => condition(object, name),
    }
}

/// The condition of a Certificate whose last attempt failed, which says more than that its Secret does not exist yet.
pub(crate) fn failed_issuing(certificate: &Value) -> Option<&Value> {
    let failed =
        |condition: &&Value| at(condition, "/status") == "False" && at(condition, "/reason") == "Failed";
    certificate.condition("Issuing").filter(failed)
}

fn ingress(object: &Value) -> Readiness {
    match object["status"]["loadBalancer"]["ingress"].as_array() {
        Some(addresses) if !addresses.is_empty() => Readiness::Ready,
        _ => Readiness::Waiting("waiting for the ingress controller to write its address".to_owned()),
    }
}

/// What keeps a pod from running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// In words.
    pub why: String,
    /// How long it may last before nobody believes that it mends itself.
    pub patience: Duration,
}

/// An image that fails to be pulled may come the next time, and a port become free.
const PATIENCE: Duration = Duration::from_secs(45);
/// A program that ends because something it needs is not there yet starts again, after a pause that doubles from ten
/// seconds on (Kubernetes docs, "Pod Lifecycle").
const CRASH_PATIENCE: Duration = Duration::from_secs(150);

/// What keeps a pod from running, if anything does.
pub fn pod_trouble(pod: &Value) -> Option<Trouble> {
    let stuck = |why: String| Some(Trouble { why, patience: PATIENCE });
    if let Some(message) = unplaced(pod) {
        return stuck(format!("no node can run it: {}", or_none(message)));
    }
    for container in all_containers(pod) {
        let Some(waiting) = container.waiting else { continue };
        match waiting.by {
            Hindrance::Image => {
                let image = container.image;
                return stuck(format!("image `{image}` cannot be pulled: {}", waiting.message));
            }
            Hindrance::Crash => {
                let ended = container.before;
                let code = ended.and_then(|ended| ended.code).unwrap_or(-1);
                let last = ended.map(|ended| ended.message.trim()).filter(|last| !last.is_empty());
                let last = last.map_or_else(String::new, |last| format!(": {last}"));
                let why = format!("its container exits again and again with exit code {code}{last}");
                return Some(Trouble { why, patience: CRASH_PATIENCE });
            }
            Hindrance::Refused => {
                return stuck(format!("its container cannot be created: {}", waiting.message));
            }
            Hindrance::Time => {}
        }
    }
    if at(pod, "/status/phase") != "Failed" {
        return None;
    }
    stuck(format!("it failed: {}", or_none(at(pod, "/status/message"))))
}

/// What a pod that does not run says for itself, in a few words: `CrashLoopBackOff, 3 restarts: exit code 1`. `None` while it is
/// only starting.
pub fn pod_note(pod: &Value) -> Option<String> {
    if is_ready(pod) || has_ended(pod) {
        return None;
    }
    all_containers(pod).find_map(|container| {
        let waiting = container.waiting.filter(|waiting| waiting.by != Hindrance::Time);
        let restarts = match container.restarts {
            0 => None,
            1 => Some("1 restart".to_owned()),
            more => Some(format!("{more} restarts")),
        };
        let what: Vec<String> =
            waiting.map(|waiting| waiting.reason.to_owned()).into_iter().chain(restarts).collect();
        let ended = container.ended.or(container.before).map(|ended| match (ended.reason, ended.code) {
            ("" | "Error" | "Completed", Some(code)) => format!("exit code {code}"),
            (reason, _) => reason.to_owned(),
        });
        let why = match waiting.map(|waiting| waiting.by) {
            Some(Hindrance::Image) => Some(format!("image {}", container.image)),
            Some(Hindrance::Refused) => waiting.map(|waiting| waiting.message.to_owned()),
            _ => ended,
        };
        let what = what.join(", ");
        (!what.is_empty()).then(|| why.map_or(what.clone(), |why| format!("{what}: {why}")))
    })
}

fn or_none(said: &str) -> &str {
    if said.is_empty() { "no reason given" } else { said }
}

/// The reason of a Certificate whose first attempt goes on; its message, "Issuing certificate as Secret does not exist", reads as
/// an error (cert-manager v1.21, internal/controller/certificates/policies/checks.go, `SecretDoesNotExist`).
const NO_SECRET_YET: &str = "DoesNotExist";

fn message(condition: &Value) -> String {
    if at(condition, "/reason") == NO_SECRET_YET {
        return "being issued, which takes about a minute".to_owned();
    }
    let said = match at(condition, "/message") {
        "" => at(condition, "/reason"),
        message => message,
    };
    or_none(said).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::kind;
    use serde_json::json;

    fn waits(kind: KindRef, object: Value) -> String {
        match readiness(kind, &object) {
            Readiness::Waiting(why) => why,
            Readiness::Ready => "ready".to_owned(),
        }
    }

    #[test]
    fn a_daemon_set_waits_for_every_node() {
        let object = |available: i64| {
            json!({ "metadata": { "generation": 2 }, "status": { "observedGeneration": 2,
            "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": available } })
        };
        assert_eq!(waits(&kind::DAEMON_SET, object(1)), "waiting for its pods (1/2 ready)");
        assert_eq!(waits(&kind::DAEMON_SET, object(2)), "ready");
    }

    #[test]
    fn a_workload_whose_controller_has_not_seen_the_change_is_not_ready() {
        let object = json!({ "metadata": { "generation": 3 }, "spec": { "replicas": 1 },
            "status": { "observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1 } });
        assert_eq!(waits(&kind::DEPLOYMENT, object), UNSEEN);
    }

    #[test]
    fn a_failed_issuance_says_why() {
        let object = json!({ "status": { "conditions": [
            { "type": "Ready", "status": "False", "message": "Secret does not exist" },
            { "type": "Issuing", "status": "False", "reason": "Failed", "message": "CAA record forbids" } ] } });
        assert_eq!(waits(&kind::CERTIFICATE, object), "CAA record forbids");
    }

    #[test]
    fn an_ingress_without_an_address_waits_for_its_controller() {
        let none = json!({ "status": { "loadBalancer": {} } });
        assert_eq!(waits(&kind::INGRESS, none), "waiting for the ingress controller to write its address");
        let one = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "10.0.0.2" }] } } });
        assert_eq!(waits(&kind::INGRESS, one), "ready");
    }

    #[test]
    fn a_pod_that_restarts_says_how_often_and_why() {
        let note = |status: Value| pod_note(&json!({ "status": { "containerStatuses": [status] } }));
        let ended = json!({ "terminated": { "exitCode": 1, "reason": "Error" } });
        let crash = json!({ "restartCount": 3, "state": { "waiting": { "reason": "CrashLoopBackOff" } }, "lastState": ended });
        assert_eq!(note(crash).unwrap(), "CrashLoopBackOff, 3 restarts: exit code 1");
        let again = json!({ "restartCount": 1, "state": { "running": {} },
            "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } } });
        assert_eq!(note(again).unwrap(), "1 restart: OOMKilled");
        let image = json!({ "image": "a/b:1", "restartCount": 0, "state": { "waiting": { "reason": "ErrImagePull" } } });
        assert_eq!(note(image).unwrap(), "ErrImagePull: image a/b:1");
        let starting =
            json!({ "restartCount": 0, "state": { "waiting": { "reason": "ContainerCreating" } } });
        assert_eq!(note(starting), None);
    }

    #[test]
    fn a_pod_says_that_its_port_is_taken_or_its_image_is_missing() {
        let taken = json!({ "status": { "conditions": [{ "type": "PodScheduled", "status": "False",
            "message": "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports." }] } });
        assert!(pod_trouble(&taken).unwrap().why.contains("didn't have free ports"));
        let image = json!({ "status": { "containerStatuses": [{ "image": "x:1",
            "state": { "waiting": { "reason": "ImagePullBackOff", "message": "not found" } } }] } });
        assert_eq!(pod_trouble(&image).unwrap().why, "image `x:1` cannot be pulled: not found");
        assert_eq!(pod_trouble(&json!({ "status": { "phase": "Running" } })), None);
    }
}
