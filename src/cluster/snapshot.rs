//! One look at what a lab's inventory holds: one LIST for each kind, however many services there are.

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::request::{self, Failed, Purpose};
use super::{Cluster, LANES};
use crate::desired::kind::{self, KINDS, KindRef};
use crate::desired::meta::inventory_selector;
use crate::desired::object::Key;
use crate::error::Result;
use crate::plan::Snapshot;

impl Cluster {
    /// Lists every kind by the inventory's labels.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses a list.
    pub async fn snapshot(&self, owner: &str) -> Result<Snapshot> {
        let selector = inventory_selector(owner);
        let lists = KINDS.iter().map(|kind| self.list(kind, &selector));
        let lists: Vec<_> = stream::iter(lists).buffer_unordered(LANES).try_collect().await?;
        let mut snapshot = Snapshot::default();
        for (kind, list) in lists {
            let Some(list) = list else { continue };
            if let Some(version) = list["metadata"]["resourceVersion"].as_str() {
                snapshot.versions.insert(kind, version.to_owned());
            }
            for mut item in items(list) {
                let Some(key) = key(kind, &item) else { continue };
                // The items of a list come without these two.
                item["apiVersion"] = kind.api_version().into();
                item["kind"] = kind.kind.into();
                snapshot.objects.insert(key, item);
            }
        }
        Ok(snapshot)
    }

    /// One list, of everything if the selector is empty; none if the server does not know the kind (its definition is not there yet).
    pub(super) async fn list(&self, kind: KindRef, selector: &str) -> Result<(KindRef, Option<Value>)> {
        // Without `resourceVersion` the answer is the newest; lists are small, so that no paging is needed.
        let path = format!("{}?labelSelector={}", request::collection(kind, None), request::escape(selector));
        match self.send::<Value>(request::get(&path, *kind == kind::CRD)).await {
            Ok(list) => Ok((kind, Some(list))),
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == 404 => Ok((kind, None)),
            Err(failed) => Err(self.explain(&Purpose { verb: "list", what: kind.plural.to_owned() }, failed)),
        }
    }
}

/// The items of a list, taken out of it.
pub(super) fn items(mut list: Value) -> Vec<Value> {
    match list["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// The key of an object that lives.
pub(super) fn key(kind: KindRef, object: &Value) -> Option<Key> {
    let name = object["metadata"]["name"].as_str()?.to_owned();
    let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
    Some(Key { kind, namespace, name })
}
