//! Writes: one server-side apply for each object that changed, one delete for each that goes.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::Instant;

use super::explain::is_webhook;
use super::request::{self, Failed, Purpose};
use super::{Cluster, LANES};
use crate::desired::meta::HOMELAB;
use crate::desired::object::{Key, Object};
use crate::error::Result;

/// Between two tries while a webhook starts.
const PAUSE: Duration = Duration::from_millis(500);

impl Cluster {
    /// Applies `objects` side by side and hands each answer to `written`. A webhook that does not answer yet is asked
    /// again until `deadline`, and `waiting` is told why.
    ///
    /// # Errors
    /// The first write that the server refuses; others may have gone through, and the next `up` finishes them.
    pub async fn apply<'o>(
        &self,
        objects: impl Iterator<Item = &'o Object>,
        deadline: Instant,
        written: impl Fn(&Object, Value),
        waiting: impl Fn(&Object, &str),
    ) -> Result<()> {
        let writes = objects.map(|object| async {
            let answer = self.apply_one(object, deadline, &waiting).await?;
            written(object, answer);
            Ok(())
        });
        stream::iter(writes).buffer_unordered(LANES).try_collect::<()>().await
    }

    async fn apply_one(
        &self,
        object: &Object,
        deadline: Instant,
        waiting: impl Fn(&Object, &str),
    ) -> Result<Value> {
        let query = format!("fieldManager={HOMELAB}&fieldValidation=Strict");
        loop {
            let request = request::apply(&request::object(&object.key), &query, &object.body);
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

    /// Deletes `key`; one that is gone already is fine.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        match self.send::<Value>(request::delete(&request::object(key))).await {
            Ok(_) => Ok(()),
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == 404 => Ok(()),
            Err(failed) => Err(self.explain(&purpose("delete", key), failed)),
        }
    }
}

fn purpose(verb: &'static str, key: &Key) -> Purpose {
    // An apply is a `patch` in RBAC's words, and that is what a missing permission must name.
    let verb = if verb == "apply" { "patch" } else { verb };
    Purpose { verb, what: key.to_string() }
}
