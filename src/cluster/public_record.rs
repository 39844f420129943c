//! Where the public record leads (`desired::public_record`), where it follows the lab's address.
//!
//! It is applied under the field manager of the timer, and not under homelab's own: what that one has applied and applies no more, the
//! next `up` takes away. A Service that is not there is not made: that is for `up` alone.

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::cluster::request::{self, Purpose};
use crate::desired::addresses::NAME as MANAGER;
use crate::desired::public_record::key;
use crate::error::Result;
use crate::evidence::View;

impl Cluster {
    /// Where the public record leads, by its annotation of this name; empty where it leads nowhere yet, `None` where there is no such
    /// record.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn public_target(&self, annotation: &str) -> Result<Option<String>> {
        let live = self.one(&key()).await?.filter(|live| !live.is_going());
        Ok(live.map(|live| live.annotation(annotation).to_owned()))
    }

    /// Leads it there.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn write_public_target(&self, annotation: &str, target: &str) -> Result<()> {
        let key = key();
        let body = json!({
            "apiVersion": key.kind.api_version(),
            "kind": key.kind.kind,
            "metadata": { "name": key.name, "namespace": key.namespace, "annotations": { annotation: target } },
        });
        let query = format!("fieldManager={MANAGER}&fieldValidation=Strict&force=true");
        let written = self.send::<Value>(request::apply(&request::object(&key), &query, &body)).await;
        let purpose = Purpose { verb: "patch", what: key.to_string() };
        written.map(|_| ()).map_err(|failed| self.explain(&purpose, failed))
    }
}
