//! Writes: one server-side apply for each object that changed, one delete for each that goes.

use std::borrow::Cow;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::explain::is_webhook;
use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::{Cluster, LANES};
use crate::desired::meta::HOMELAB;
use crate::desired::object::{Key, Object};
use crate::error::Result;
use crate::evidence::entries;
use crate::plan::Change;
use crate::plan::ownership::Doomed;

/// Between two tries while a webhook starts.
const PAUSE: Duration = Duration::from_millis(500);

/// The API server's own, by which it deletes the objects of a definition first (Kubernetes docs, "Delete a
/// CustomResourceDefinition").
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

impl Cluster {
    /// Applies `changes` side by side and hands each answer to `written`. Force is used for nothing but what is adopted,
    /// and there only on the object that was seen. A webhook that does not answer yet is asked
    /// again until `deadline`, and `waiting` is told why.
    ///
    /// # Errors
    /// The first write that the server refuses; others may have gone through, and the next `up` finishes them.
    pub async fn apply<'c>(
        &self,
        changes: impl Iterator<Item = &'c Change>,
        deadline: Instant,
        written: impl Fn(&Object, Value),
        waiting: impl Fn(&Object, &str),
    ) -> Result<()> {
        let writes = changes.map(|change| async {
            let answer = self.apply_one(change, deadline, &waiting).await?;
            written(&change.object, answer);
            Ok(())
        });
        stream::iter(writes).buffer_unordered(LANES).try_collect::<()>().await
    }

    async fn apply_one(
        &self,
        change: &Change,
        deadline: Instant,
        waiting: impl Fn(&Object, &str),
    ) -> Result<Value> {
        let Change { object, adopts, .. } = change;
        let mut query = format!("fieldManager={HOMELAB}&fieldValidation=Strict");
        let mut body = Cow::Borrowed(&object.body);
        if let Some(uid) = adopts {
            query.push_str("&force=true");
            // An apply with a uid is refused for every other object of that name.
            body.to_mut()["metadata"]["uid"] = uid.as_str().into();
        }
        loop {
            let request = request::apply(&request::object(&object.key), &query, &body);
            match self.send::<Value>(request).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Kube(kube::Error::Api(status)))
                    if is_webhook(&status) && Instant::now() + PAUSE < deadline =>
                {
                    waiting(object, &status.message);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(failed) => return Err(self.explain(&purpose("apply", &object.key), failed)),
            }
        }
    }

    /// Deletes one object, if it still is what was seen.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn delete(&self, doomed: &Doomed) -> Result<Deleted> {
        match self.send::<Value>(request::delete(doomed)).await {
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
