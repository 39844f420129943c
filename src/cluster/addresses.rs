//! The addresses that homelab writes into the status of Ingresses, where their controller does not, and the note of who does so
//! again and again.
//!
//! A status is written by a merge patch with the version that was seen, under a field manager of its own. Not by server-side apply:
//! whoever applies a field has it taken away with the next apply that lacks it, and of this list nothing may ever be taken away;
//! it would also be refused, or had to be forced, where another controller has written the list by an update, as all do
//! (Kubernetes docs, "Server-Side Apply": the list is atomic, so it belongs to one alone). A patch takes it over from ingress-nginx
//! in silence, and ingress-nginx takes it back in the same way. Whoever else writes at the same moment wins, by the version.
//! And not under homelab's own field manager: what that one has applied, `up` and `down` may delete.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::{Cluster, LANES};
use crate::desired::addresses::{NAME, NAMESPACE};
use crate::desired::kind;
use crate::desired::object::Key;
use crate::error::{Error, Result};
use crate::evidence::at;
use crate::ingress::Traits;
use crate::plan::addresses::{Addresses, Rewrite, Stale};
use crate::plan::switching::workload;

/// How often is looked again where others have changed an Ingress meanwhile.
const TRIES: usize = 3;
/// How long one run of the timer is believed to be the newest, in seconds.
const VALID: i64 = 90;

/// What a run did.
#[derive(Debug, Default)]
pub struct WrittenAddresses {
    /// The addresses of the nodes that serve; none where no node qualifies, and then nothing was written.
    pub addresses: Addresses,
    /// How many Ingresses the controller serves.
    pub served: usize,
    /// Those that were written.
    pub written: Vec<Key>,
}

/// Everything that is looked at.
struct Looked {
    nodes: Vec<Value>,
    pods: Vec<Value>,
    classes: Vec<Value>,
    ingresses: Vec<Value>,
}

impl Cluster {
    /// Writes the addresses of the nodes that serve into every Ingress of the controller that has others.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses a write.
    pub async fn write_addresses(&self, controller: &Traits, takes_any: bool) -> Result<WrittenAddresses> {
        let mut done = WrittenAddresses::default();
        for _ in 0..TRIES {
            let Looked { nodes, pods, classes, ingresses } = self.look_for_addresses(controller).await?;
            done.addresses = Addresses::of_nodes(controller, &nodes, &pods);
            let Rewrite { stale, served } =
                done.addresses.rewrite(controller, takes_any, &classes, &ingresses);
            done.served = served;
            let status = done.addresses.status();
            let writes = stale.iter().map(|one| self.write_status(one, &status));
            let ended: Vec<Patched> = stream::iter(writes).buffered(LANES).try_collect().await?;
            let mut again = false;
            for (one, patched) in stale.into_iter().zip(ended) {
                match patched {
                    Patched::Written => done.written.push(one.key),
                    Patched::Changed => again = true,
                    Patched::Gone => {}
                }
            }
            if !again {
                return Ok(done);
            }
        }
        Err(Error::unfinished("some Ingresses change faster than their status can be written")
            .hint("`kubectl get ingresses -A --show-managed-fields -o yaml` shows who changes them"))
    }

    async fn look_for_addresses(&self, controller: &Traits) -> Result<Looked> {
        let workload = workload(controller);
        let (nodes, pods, classes, ingresses) = tokio::try_join!(
            self.all_nodes(),
            self.pods_of(&workload),
            self.all(&kind::INGRESS_CLASS),
            self.all(&kind::INGRESS),
        )?;
        Ok(Looked { nodes, pods, classes, ingresses })
    }

    async fn write_status(&self, one: &Stale, status: &Value) -> Result<Patched> {
        let path = format!("{}/status?fieldManager={NAME}&fieldValidation=Strict", request::object(&one.key));
        let body = json!({
            "metadata": { "resourceVersion": one.version },
            "status": { "loadBalancer": { "ingress": status } },
        });
        match self.send::<Value>(request::merge(&path, &body)).await {
            Ok(_) => Ok(Patched::Written),
            Err(Failed::Kube(kube::Error::Api(refusal))) if refusal.code == 409 => Ok(Patched::Changed),
            Err(Failed::Kube(kube::Error::Api(refusal))) if refusal.code == 404 => Ok(Patched::Gone),
            Err(failed) => {
                let purpose = Purpose { verb: "patch", what: format!("the status of {}", one.key) };
                Err(self.explain(&purpose, failed))
            }
        }
    }

    /// Notes that the timer has run at this moment, and when it last asked for the lab's address on the internet.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn note_addresses_run(&self, now: Timestamp, asked: Option<Timestamp>) -> Result<()> {
        let key = lease();
        let mut body = json!({
            "apiVersion": key.kind.api_version(),
            "kind": key.kind.kind,
            "metadata": { "name": NAME, "namespace": NAMESPACE },
            "spec": { "holderIdentity": NAME, "leaseDurationSeconds": VALID, "renewTime": format!("{now:.6}") },
        });
        if let Some(asked) = asked {
            body["spec"]["acquireTime"] = format!("{asked:.6}").into();
        }
        let query = format!("fieldManager={NAME}&fieldValidation=Strict&force=true");
        let noted = self.send::<Value>(request::apply(&request::object(&key), &query, &body)).await;
        let purpose = Purpose { verb: "patch", what: key.to_string() };
        noted.map(|_| ()).map_err(|failed| self.explain(&purpose, failed))
    }

    /// How many seconds ago the timer ran, by the clock of the API server, which is mostly on the same machine; `None` where it
    /// never has.
    ///
    /// # Errors
    /// Why that cannot be known, in words.
    pub async fn addresses_ran(&self, deadline: Instant) -> Result<Option<i64>, String> {
        let asked = async {
            let (last, now) = futures::join!(self.last_addresses_run(), self.clock(deadline));
            let ago = |last: Timestamp| {
                let now = now.unwrap_or_else(|_| Timestamp::now());
                now.as_second() - last.as_second()
            };
            last.map(|last| last.map(ago)).map_err(|error| error.what)
        };
        timeout_at(deadline, asked).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// When the timer ran last; `None` where it never has.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    async fn last_addresses_run(&self) -> Result<Option<Timestamp>> {
        self.noted("/spec/renewTime").await
    }

    /// When somebody last asked for the lab's address on the internet; `None` where nobody has.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn address_asked(&self) -> Result<Option<Timestamp>> {
        self.noted("/spec/acquireTime").await
    }

    async fn noted(&self, field: &str) -> Result<Option<Timestamp>> {
        let live = self.one(&lease()).await?;
        Ok(live.and_then(|live| at(&live, field).parse().ok()))
    }
}

/// What came of a write.
enum Patched {
    Written,
    /// It is not what was seen any more.
    Changed,
    /// It is there no more.
    Gone,
}

fn lease() -> Key {
    Key { kind: &kind::LEASE, namespace: Some(NAMESPACE.to_owned()), name: NAME.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::cluster::fake::{Log, written_cluster};
    use crate::config::Controller;
    use crate::ingress::traits_of;

    fn list(items: &[Value]) -> (u16, Value) {
        (200, json!({ "metadata": {}, "items": items }))
    }

    fn conflict() -> (u16, Value) {
        (409, json!({ "kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict" }))
    }

    fn ingress(name: &str, class: &str, ip: &str) -> Value {
        json!({ "metadata": { "namespace": "a", "name": name, "resourceVersion": "5" },
            "spec": { "ingressClassName": class }, "status": { "loadBalancer": { "ingress": [{ "ip": ip }] } } })
    }

    /// A cluster with two Ingresses of the class, one right and one of before, and one of another class; `conflicts` writes
    /// are refused. With what was sent.
    fn serving(ready: &'static str, conflicts: usize) -> (Cluster, Log, Arc<Mutex<Vec<Value>>>) {
        let (bodies, refused) = (Arc::new(Mutex::new(Vec::new())), AtomicUsize::new(0));
        let noted = bodies.clone();
        let (cluster, log) = written_cluster(move |line, body| {
            let ready = json!([{ "type": "Ready", "status": ready }]);
            let is = |part: &str| line.contains(part);
            if line.starts_with("PATCH") {
                noted.lock().unwrap().push(body.clone());
                let is_late = refused.fetch_add(1, Ordering::Relaxed) < conflicts;
                return if is_late { conflict() } else { (200, json!({})) };
            }
            if is("/nodes") {
                return list(&[json!({ "metadata": { "name": "n" }, "status": { "conditions": ready,
                    "addresses": [{ "type": "InternalIP", "address": "192.168.1.10" }] } })]);
            }
            if is("/pods") {
                return list(&[json!({ "metadata": { "namespace": "paper-system", "name": "p",
                        "labels": { "app.kubernetes.io/name": "paper" } },
                    "spec": { "nodeName": "n" }, "status": { "phase": "Running", "conditions": ready } })]);
            }
            if is("/ingressclasses") {
                let class = |name: &str, by: &str| json!({ "metadata": { "name": name }, "spec": { "controller": by } });
                return list(&[class("paper", "paper.test/ingress"), class("other", "other.test/ingress")]);
            }
            list(&[
                ingress("right", "paper", "192.168.1.10"),
                ingress("before", "paper", "192.168.1.9"),
                ingress("theirs", "other", "10.0.0.1"),
            ])
        });
        (cluster, log, bodies)
    }

    fn paper() -> &'static Traits {
        traits_of(Controller::Paper)
    }

    #[tokio::test]
    async fn four_lists_and_one_write_of_what_was_seen_and_nothing_of_another_class() {
        let (cluster, log, bodies) = serving("True", 0);
        let done = cluster.write_addresses(paper(), false).await.unwrap();
        assert_eq!((done.served, done.written.len()), (2, 1));
        let log = log.lock().unwrap();
        assert_eq!(log.iter().filter(|line| line.starts_with("GET")).count(), 4, "{log:?}");
        let writes: Vec<&String> = log.iter().filter(|line| !line.starts_with("GET")).collect();
        assert_eq!(
            writes,
            [
                "PATCH /apis/networking.k8s.io/v1/namespaces/a/ingresses/before/status?fieldManager=homelab-addresses&fieldValidation=Strict"
            ]
        );
        let body = &bodies.lock().unwrap()[0];
        assert_eq!(body["metadata"]["resourceVersion"], "5");
        assert_eq!(body["status"]["loadBalancer"]["ingress"], json!([{ "ip": "192.168.1.10" }]));
    }

    #[tokio::test]
    async fn with_no_node_that_qualifies_nothing_is_written() {
        let (cluster, log, _) = serving("False", 0);
        let done = cluster.write_addresses(paper(), false).await.unwrap();
        assert!(done.addresses.is_empty() && done.written.is_empty());
        assert!(log.lock().unwrap().iter().all(|line| line.starts_with("GET")));
    }

    #[tokio::test]
    async fn what_others_change_meanwhile_is_looked_at_again_and_not_for_ever() {
        let (cluster, log, _) = serving("True", 1);
        assert_eq!(cluster.write_addresses(paper(), false).await.unwrap().written.len(), 1);
        assert_eq!(log.lock().unwrap().len(), 10);
        let (cluster, _, _) = serving("True", usize::MAX);
        let told = cluster.write_addresses(paper(), false).await.unwrap_err().to_string();
        assert!(told.contains("faster than their status can be written"), "{told}");
    }

    #[tokio::test]
    async fn the_note_of_a_run_is_read_back() {
        let kept = Arc::new(Mutex::new(Value::Null));
        let (write, now) = (kept.clone(), "2026-11-30T12:00:00.25Z".parse::<Timestamp>().unwrap());
        let (cluster, log) = written_cluster(move |line, body| {
            let mut kept = write.lock().unwrap();
            if line.starts_with("PATCH") {
                *kept = body.clone();
            }
            if kept.is_null() { (404, json!({ "code": 404 })) } else { (200, kept.clone()) }
        });
        assert_eq!(cluster.last_addresses_run().await.unwrap(), None);
        cluster.note_addresses_run(now, None).await.unwrap();
        assert_eq!(cluster.last_addresses_run().await.unwrap(), Some(now));
        assert_eq!(cluster.address_asked().await.unwrap(), None);
        // MicroTime of the API: with six places.
        assert_eq!(kept.lock().unwrap()["spec"]["renewTime"], "2026-11-30T12:00:00.250000Z");
        assert!(log.lock().unwrap()[1].contains("/namespaces/homelab/leases/homelab-addresses?"));
        cluster.note_addresses_run(now, Some(now)).await.unwrap();
        assert_eq!(cluster.address_asked().await.unwrap(), Some(now));
    }
}
