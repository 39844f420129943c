//! The pods that cannot run, for as long as what they belong to is not ready.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::wait::awaited::Awaited;
use crate::desired::kind::{self, KindRef};
use crate::desired::object::Key;
use crate::evidence::pod::has_ended;
use crate::evidence::selects;
use crate::facts::namespaces::is_home;
use crate::plan::readiness::{Readiness, Trouble, pod_note, pod_trouble, readiness};

/// The pods, as they were last seen, and since when what keeps them from running.
#[derive(Default)]
pub(super) struct Troubles(BTreeMap<Key, Pod>);

struct Pod {
    trouble: Option<(Instant, Trouble)>,
    seen: Value,
}

impl Troubles {
    /// Notes how a pod is now. `homes` are namespaces beside homelab's own.
    pub(super) fn note(&mut self, homes: &BTreeSet<String>, kind: KindRef, pod: Value) {
        let Some(key) = Key::of(kind, &pod) else { return };
        // The label that finds them is anybody's to set; homelab's pods run in its own namespaces.
        if !key.namespace.as_deref().is_some_and(|at| is_home(at) || homes.contains(at)) {
            return;
        }
        let before = self.0.get(&key).and_then(|pod| pod.trouble.as_ref()).map(|(since, _)| *since);
        let trouble = pod_trouble(&pod).map(|trouble| (before.unwrap_or_else(Instant::now), trouble));
        self.0.insert(key, Pod { trouble, seen: pod });
    }

    /// A pod was deleted.
    pub(super) fn forget(&mut self, kind: KindRef, pod: &Value) {
        Key::of(kind, pod).map(|key| self.0.remove(&key));
    }

    /// Those that matter.
    pub(super) fn of(&self, awaited: &Awaited) -> BTreeMap<&Key, &Trouble> {
        self.counting(awaited).map(|(key, (_, trouble))| (key, trouble)).collect()
    }

    /// What the pods of each workload that is not ready say, where they do not run.
    pub(super) fn notes(&self, awaited: &Awaited) -> BTreeMap<Key, String> {
        let notes = self.0.iter().filter_map(|(key, pod)| {
            let (workload, _) = workload(awaited, key, &pod.seen)?;
            Some((workload.clone(), pod_note(&pod.seen)?))
        });
        notes.collect()
    }

    /// When the first of those that matter has lasted too long; `None` without any.
    pub(super) fn end_of_patience(&self, awaited: &Awaited) -> Option<Instant> {
        self.counting(awaited).map(|(_, (since, trouble))| *since + trouble.patience).min()
    }

    fn counting(&self, awaited: &Awaited) -> impl Iterator<Item = (&Key, &(Instant, Trouble))> {
        self.0.iter().filter_map(|(key, pod)| {
            let trouble = pod.trouble.as_ref()?;
            let over = workload(awaited, key, &pod.seen).is_some_and(|(at, object)| {
                readiness(at.kind, object) == Readiness::Ready
                    || (has_ended(&pod.seen) && self.is_replaced(at, object))
            });
            (!over).then_some((key, trouble))
        })
    }

    /// Whether a Deployment has a pod that goes on: one that was evicted or rejected stays as a record, and another is made in its
    /// place (Kubernetes docs, "Pod Lifecycle"). A DaemonSet deletes its own.
    fn is_replaced(&self, workload: &Key, object: &Value) -> bool {
        *workload.kind == kind::DEPLOYMENT
            && self.0.iter().any(|(key, pod)| {
                key.namespace == workload.namespace && !has_ended(&pod.seen) && chose(object, &pod.seen)
            })
    }
}

/// What is waited for and has chosen the pod.
fn workload<'a>(awaited: &'a Awaited, key: &Key, pod: &Value) -> Option<(&'a Key, &'a Value)> {
    let mut objects = awaited.objects.iter().filter_map(|(at, (_, object))| Some((at, object.as_ref()?)));
    objects.find(|(at, object)| {
        [&kind::DEPLOYMENT, &kind::DAEMON_SET].contains(&at.kind)
            && at.namespace == key.namespace
            && chose(object, pod)
    })
}

fn chose(workload: &Value, pod: &Value) -> bool {
    selects(&workload["spec"]["selector"]["matchLabels"], &pod["metadata"]["labels"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::object::Component;

    const REJECTED: &str = "Pod was rejected: The node had condition: [DiskPressure]. ";

    fn pod(name: &str, phase: &str) -> Value {
        json!({ "metadata": { "namespace": "homelab", "name": name, "labels": { "app": "whoami", "hash": name } },
            "status": { "phase": phase, "message": REJECTED } })
    }

    /// The demo's Deployment with that many pods available, of one that it wants.
    fn awaited(available: u64) -> Awaited {
        let key = Key { kind: &kind::DEPLOYMENT, namespace: Some("homelab".into()), name: "whoami".into() };
        let object = json!({ "metadata": { "generation": 1 },
            "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "whoami" } } },
            "status": { "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": available,
                "availableReplicas": available } });
        Awaited { objects: [(key, (Component::Services, Some(object)))].into(), ..Awaited::default() }
    }

    fn noted(pods: &[Value]) -> Troubles {
        let mut troubles = Troubles::default();
        pods.iter().for_each(|pod| troubles.note(&BTreeSet::new(), &kind::POD, pod.clone()));
        troubles
    }

    #[test]
    fn a_pod_that_was_rejected_and_replaced_long_ago_ends_no_run() {
        let troubles = noted(&[pod("old", "Failed"), pod("new", "Running")]);
        assert!(troubles.of(&awaited(1)).is_empty() && troubles.end_of_patience(&awaited(1)).is_none());
        // The next one is being made: its image may take minutes to come.
        assert!(troubles.of(&awaited(0)).is_empty());
    }

    #[test]
    fn a_pod_that_restarts_is_told_beside_what_waits_for_it() {
        let mut restarting = pod("web", "Running");
        restarting["status"]["containerStatuses"] = json!([{ "restartCount": 3,
            "state": { "waiting": { "reason": "CrashLoopBackOff" } }, "lastState": { "terminated": { "exitCode": 1 } } }]);
        let mut awaited = awaited(0);
        awaited.pods = noted(&[restarting]).notes(&awaited);
        assert_eq!(
            awaited.reason(Component::Services).unwrap(),
            "Deployment homelab/whoami: waiting for its pods (0/1 ready); CrashLoopBackOff, 3 restarts: exit code 1"
        );
    }

    #[test]
    fn a_pod_that_is_rejected_and_has_no_other_in_its_place_is_told() {
        let troubles = noted(&[pod("only", "Failed")]);
        let (unready, ready) = (awaited(0), awaited(1));
        let told: Vec<&str> = troubles.of(&unready).values().map(|trouble| trouble.why.as_str()).collect();
        assert_eq!(told, [format!("it failed: {REJECTED}")]);
        assert!(troubles.of(&ready).is_empty());
    }
}
