//! From the bundle and a snapshot to what has to be written and what has to go. Pure.

mod compare;
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
    let ours = |entry: &Value| entry["manager"] == HOMELAB && entry["operation"] == "Apply";
    let managed = live["metadata"]["managedFields"].as_array().is_some_and(|fields| fields.iter().any(ours));
    if *object.key.kind == kind::CRD {
        // Of a definition, only the metadata was read: its schema is some hundred kilobytes.
        return managed
            && live["metadata"]["annotations"][HASH] == object.body["metadata"]["annotations"][HASH];
    }
    managed && compare::is_subset(&object.body, live)
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

/// What bears our labels and is wanted no more. Definitions take every object of theirs with them and namespaces
/// everything in them, ours or not: those stay. An Ingress goes before its Certificate, and that before its Secret, or
/// cert-manager would make them again.
fn prune(bundle: &Bundle, snapshot: &Snapshot) -> Vec<Key> {
    let wanted = |key: &Key| bundle.derived.contains(key) || bundle.objects.iter().any(|o| o.key == *key);
    let stays = |key: &Key| *key.kind == kind::CRD || *key.kind == kind::NAMESPACE;
    // A bundle without cert-manager's manifest says nothing about its objects.
    let mut prune: Vec<Key> = snapshot.objects.keys().filter(|k| !stays(k) && !wanted(k)).cloned().collect();
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
