//! Writes: one server-side apply for each object that changed, one delete for each that goes.

use std::borrow::Cow;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::explain::is_webhook;
use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::{Cluster, LANES};
use crate::desired::kind::Stage;
use crate::desired::meta::HOMELAB;
use crate::desired::object::{Key, Object};
use crate::error::Result;
use crate::evidence::entries;
use crate::plan::Change;
use crate::plan::ownership::Doomed;

/// Between two tries while a webhook starts.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the API server may take over an object that a webhook judges (Kubernetes API concepts, `timeout`). It answers within
/// milliseconds; but to a Service that is seconds old, its call may get lost, and is not sent anew while it waits for it.
const JUDGED_WITHIN: &str = "&timeout=10s";

/// The API server's own, by which it deletes the objects of a definition first (Kubernetes docs, "Delete a
/// CustomResourceDefinition").
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

impl Cluster {
    /// Applies `changes` side by side, and gives what the API server answered to each, as it came. Force is used for nothing but what is adopted,
    /// and there only on the object that was seen. A webhook that does not answer yet is asked
    /// again until `deadline`, and `waiting` is told why; so is an API server that gives no answer about an object that one judges.
    ///
    /// # Errors
    /// The first write that the server refuses; others may have gone through, and the next `up` finishes them.
    pub async fn apply<'c>(
        &self,
        changes: impl Iterator<Item = &'c Change>,
        deadline: Instant,
        waiting: impl Fn(&Object, &str),
    ) -> Result<Vec<(Key, Value)>> {
        let writes = changes.map(|change| async {
            let answer = self.apply_one(change, deadline, &waiting).await?;
            Ok((change.object.key.clone(), answer))
        });
        stream::iter(writes).buffer_unordered(LANES).try_collect().await
    }

    async fn apply_one(
        &self,
        change: &Change,
        deadline: Instant,
        waiting: impl Fn(&Object, &str),
    ) -> Result<Value> {
        let Change { object, adopts, .. } = change;
        let mut query = format!("fieldManager={HOMELAB}&fieldValidation=Strict");
        let is_judged = object.stage() == Stage::Judged;
        if is_judged {
            query.push_str(JUDGED_WITHIN);
        }
        let mut body = Cow::Borrowed(&object.body);
        if let Some(uid) = adopts {
            query.push_str("&force=true");
            // An apply with a uid is refused for every other object of that name.
            body.to_mut()["metadata"]["uid"] = uid.as_str().into();
        }
        loop {
            let request = request::apply(&request::object(&object.key), &query, &body);
            let failed = match self.send::<Value>(request).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let why = match &failed {
                Failed::Kube(kube::Error::Api(status)) if is_webhook(status) => Some(status.message.as_str()),
                // kube asks again while the API server says that it had not enough time.
                Failed::Late if is_judged => Some("no answer in time"),
                _ => None,
            };
            let Some(why) = why.filter(|_| Instant::now() + PAUSE < deadline) else {
                return Err(self.explain(&purpose("apply", &object.key), failed));
            };
            waiting(object, why);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Deletes one object, if it still is what was seen; of one that others have something in, homelab's own entries alone.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn delete(&self, doomed: &Doomed) -> Result<Deleted> {
        let request = match doomed.entries_alone {
            true => request::give_back(doomed),
            false => request::delete(doomed),
        };
        match self.send::<Value>(request).await {
            Ok(_) if doomed.entries_alone => Ok(Deleted::Gone),
            Ok(left) => {
                let names = entries(&left, "/metadata/finalizers").iter().filter_map(Value::as_str);
                let names: Vec<String> = names.filter(|name| *name != CLEANUP).map(str::to_owned).collect();
                Ok(if names.is_empty() { Deleted::Gone } else { Deleted::Held(names) })
            }
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == 404 => Ok(Deleted::Gone),
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == 409 => Ok(Deleted::Changed),
            Err(failed) => Err(self.explain(&purpose("delete", &doomed.key), failed)),
        }
    }
}

/// What came of a delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// The object is gone, or on its way out.
    Gone,
    /// It is to go, and these finalizers keep it until whoever set them has done his part (Kubernetes docs, "Finalizers").
    Held(Vec<String>),
    /// It is not what was seen any more, and nothing was deleted: look at it again, and decide anew.
    Changed,
}

fn purpose(verb: &'static str, key: &Key) -> Purpose {
    // An apply is a `patch` in RBAC's words, and that is what a missing permission must name.
    let verb = if verb == "apply" { "patch" } else { verb };
    Purpose { verb, what: key.to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::cluster::REQUEST_DEADLINE;
    use crate::cluster::fake::{Log, slow_cluster};
    use crate::desired::{Inputs, bundle};
    use crate::plan::{Snapshot, plan};

    /// Everything of a small lab is applied, and the first request with that path gets no answer.
    async fn apply_without_an_answer_to(path: &'static str) -> (Result<()>, Log) {
        let asked = AtomicUsize::new(0);
        let takes = move |line: &str| {
            let is_first = line.contains(path) && asked.fetch_add(1, Ordering::Relaxed) == 0;
            if is_first { REQUEST_DEADLINE * 2 } else { Duration::ZERO }
        };
        let (cluster, log) = slow_cluster(|_, _| (200, json!({})), takes);
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        let wanted = bundle(&crate::config::parse(text).unwrap(), &Inputs::default());
        let changes = plan(wanted, &Snapshot::default()).apply;
        let deadline = Instant::now() + Duration::from_secs(60);
        (cluster.apply(changes.iter(), deadline, |_, _| ()).await.map(drop), log)
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_that_a_webhook_judges_is_sent_again_when_no_answer_comes() {
        let (ended, log) = apply_without_an_answer_to("/clusterissuers/letsencrypt?").await;
        ended.unwrap();
        let log = log.lock().unwrap();
        let sent: Vec<&String> = log.iter().filter(|line| line.contains("/letsencrypt?")).collect();
        assert!(sent.len() == 2 && sent[0].contains("timeout=10s"), "{sent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_api_server_that_does_not_answer_about_anything_else_is_told() {
        let (ended, _) = apply_without_an_answer_to("/clusterroles/").await;
        let error = ended.unwrap_err().to_string();
        assert!(error.contains("took longer than"), "{error}");
    }
}
