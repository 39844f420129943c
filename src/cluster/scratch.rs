//! An Ingress that lives for some seconds, to see whether the controller follows what is written.

use kube::core::Status;
use serde_json::{Value, json};

use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::snapshot::items;
use crate::cluster::{Cluster, Deleted};
use crate::desired::kind;
use crate::desired::meta::HOMELAB;
use crate::desired::object::Key;
use crate::desired::service::NAMESPACE;
use crate::error::{Error, Result};
use crate::evidence::{Objects, ScratchFailure, View, at};
use crate::ingress::Traits;
use crate::plan::is_applied;
use crate::plan::ownership::Doomed;

/// Marks it, so that it is found again. The labels of the inventory would have `up` prune it.
const MARK: &str = "homelab/scratch";

/// How its name begins.
const NAME: &str = "homelab-doctor-";
/// How often what is left is looked at while the controller writes to it.
const TRIES: usize = 5;

/// Whether the object is one of these: a label is copied easily, so homelab must have applied it, with a name and a host
/// that it gives to no other.
pub(super) fn is_scratch(object: &Value) -> bool {
    let name = object.name();
    object["metadata"]["labels"][MARK] == "true"
        && is_applied(object)
        && name.starts_with(NAME)
        && at(object, "/spec/rules/0/host") == host(name)
}

/// Its host, below a domain that never exists (RFC 2606).
fn host(name: &str) -> String {
    format!("{name}.invalid")
}

/// The place and the host of a scratch Ingress.
#[derive(Debug, Clone)]
pub struct Scratch {
    /// Where it lies.
    pub key: Key,
    /// Its host, below a domain that never exists (RFC 2606).
    pub host: String,
    /// Its class.
    class: String,
}

impl Scratch {
    /// A new one, by a number that no other has; beside homelab's services if those have a namespace.
    pub fn new(objects: &Objects, controller: &Traits, class: &str, number: i128) -> Self {
        let namespace = match objects.find("namespaces", "", NAMESPACE) {
            Some(_) => NAMESPACE,
            None if controller.namespace.is_empty() => "default",
            None => controller.namespace,
        };
        let name = format!("{NAME}{number:x}");
        let host = host(&name);
        Self {
            key: Key { kind: &kind::INGRESS, namespace: Some(namespace.to_owned()), name },
            host,
            class: class.to_owned(),
        }
    }

    /// `prefix` is that of external-dns' annotations: it leaves alone what names another controller.
    fn body(&self, prefix: &str) -> Value {
        let backend = json!({ "service": { "name": crate::config::WHOAMI, "port": { "number": 80 } } });
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {
                "name": self.key.name,
                "namespace": self.key.namespace,
                "labels": { MARK: "true" },
                "annotations": { format!("{prefix}controller"): "homelab-doctor" },
            },
            "spec": {
                "ingressClassName": self.class,
                "rules": [{
                    "host": self.host,
                    "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] },
                }],
            },
        })
    }
}

impl Cluster {
    /// Makes it.
    ///
    /// # Errors
    /// What the API server said against it.
    pub async fn make_scratch(
        &self,
        scratch: &Scratch,
        prefix: &str,
    ) -> std::result::Result<(), ScratchFailure> {
        let query = format!("fieldManager={HOMELAB}");
        let made = request::apply(&request::object(&scratch.key), &query, &scratch.body(prefix));
        match self.send::<Value>(made).await {
            Ok(_) => Ok(()),
            Err(Failed::Kube(kube::Error::Api(status))) => Err(failure(&status)),
            Err(failed) => {
                let purpose = Purpose { verb: "patch", what: scratch.key.to_string() };
                Err(ScratchFailure { why: self.explain(&purpose, failed).what, forbidden: false })
            }
        }
    }

    /// Removes the one at `only`, or every one that an interrupted run has left.
    ///
    /// # Errors
    /// When the API server cannot be asked, or refuses.
    pub async fn remove_scratches(&self, only: Option<&Key>) -> Result<()> {
        for _ in 0..TRIES {
            let (_, list) = self.list(&kind::INGRESS, &format!("{MARK}=true")).await?;
            let left = list.map(items).unwrap_or_default();
            let left = left.iter().filter(|object| is_scratch(object));
            let found = left.filter_map(|object| Some((Key::of(&kind::INGRESS, object)?, object)));
            let mut all_gone = true;
            for (key, object) in found.filter(|(key, _)| only.is_none_or(|only| only == key)) {
                all_gone &= self.delete(&Doomed::of(&key, object)).await? == Deleted::Gone;
            }
            if all_gone {
                return Ok(());
            }
        }
        Err(Error::unfinished("the scratch Ingress changes faster than it can be removed"))
    }
}

fn failure(status: &Status) -> ScratchFailure {
    // Webhooks and quotas say no with code 403, too; only a missing permission is told in these words.
    let forbidden = status.code == 403 && status.message.contains(" cannot ");
    ScratchFailure { why: status.message.trim().to_owned(), forbidden }
}
