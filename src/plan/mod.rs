//! From the bundle and a snapshot to what has to be written and what has to go. Pure.

mod compare;
pub mod contested;
pub mod readiness;

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::desired::Bundle;
use crate::desired::kind::{self, KindRef};
use crate::desired::meta::HOMELAB;
use crate::desired::object::{Component, Key, Object};

/// The annotation with the hash of what was applied last.
pub const HASH: &str = "homelab/hash";

/// What a cluster holds of a lab's inventory.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The objects as they live; of a definition only the metadata.
    pub objects: BTreeMap<Key, Value>,
    /// The version of each kind's list, to watch from; a kind that the server does not know has none.
    pub versions: BTreeMap<KindRef, String>,
}

/// What has to be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// What has to be written, ordered by stage.
    pub apply: Vec<Change>,
    /// What has to go, in this order.
    pub prune: Vec<Key>,
    /// How many objects are as they should be.
    pub kept: usize,
}

/// One object to be written.
#[derive(Debug)]
pub struct Change {
    /// The object, its hash noted in it.
    pub object: Object,
    /// Whether it is new.
    pub new: bool,
}

impl Plan {
    /// Whether nothing has to be written and nothing has to go.
    pub fn is_empty(&self) -> bool {
        self.apply.is_empty() && self.prune.is_empty()
    }

    /// How many objects of `component` will be written.
    pub fn writes(&self, component: Component) -> usize {
        self.apply.iter().filter(|c| c.object.component == component).count()
    }
}

/// Compares what should exist with what does.
pub fn plan(bundle: Bundle, snapshot: &Snapshot) -> Plan {
    let mut plan = Plan { prune: prune(&bundle, snapshot), ..Plan::default() };
    for mut object in bundle.objects {
        note_hash(&mut object);
        let live = snapshot.objects.get(&object.key);
        if live.is_some_and(|live| keeps(&object, live)) {
            plan.kept += 1;
        } else {
            plan.apply.push(Change { new: live.is_none(), object });
        }
    }
    plan
}

/// An object stays as it is if we applied just this, and nobody changed what we want of it.
fn keeps(object: &Object, live: &Value) -> bool {
    if *object.key.kind == kind::CRD {
        // Of a definition, only the metadata was read: its schema is some hundred kilobytes.
        return is_applied(live)
            && live["metadata"]["annotations"][HASH] == object.body["metadata"]["annotations"][HASH];
    }
    is_applied(live) && compare::is_subset(&object.body, live)
}

/// Whether homelab has applied this object, as its managed fields say.
pub fn is_applied(live: &Value) -> bool {
    live["metadata"]["managedFields"].as_array().is_some_and(|fields| fields.iter().any(is_ours))
}

/// Whether an entry of the managed fields is what homelab has applied.
fn is_ours(entry: &Value) -> bool {
    entry["manager"] == HOMELAB && entry["operation"] == "Apply"
}

fn note_hash(object: &mut Object) {
    if object.is_secret() {
        return;
    }
    // serde_json keeps mappings sorted, so that equal bodies have equal text.
    let digest = Sha256::digest(object.body.to_string());
    let hash: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    object.map_at(&["metadata", "annotations"]).insert(HASH.to_owned(), hash.into());
}

/// What homelab has applied and is wanted no more, and what cert-manager made of it. Labels alone say nothing: the
/// cluster copies a Service's to its EndpointSlices. Definitions take every object of theirs with them and namespaces
/// everything in them, ours or not: those stay. An Ingress goes before its Certificate, and that before its Secret, or
/// cert-manager would make them again.
fn prune(bundle: &Bundle, snapshot: &Snapshot) -> Vec<Key> {
    let wanted = |key: &Key| bundle.derived.contains(key) || bundle.objects.iter().any(|o| o.key == *key);
    let stays = |key: &Key| *key.kind == kind::CRD || *key.kind == kind::NAMESPACE;
    let ours = |key: &Key, live: &Value| {
        is_applied(live) || *key.kind == kind::CERTIFICATE || *key.kind == kind::SECRET
    };
    let gone = snapshot.objects.iter().filter(|(key, live)| ours(key, live) && !stays(key) && !wanted(key));
    let mut prune: Vec<Key> = gone.map(|(key, _)| key.clone()).collect();
    prune.sort_by_key(|key| match key.kind.kind {
        "Ingress" => 0,
        "Certificate" => 1,
        "Secret" => 3,
        _ => 2,
    });
    prune
}

#[cfg(test)]
mod tests;
