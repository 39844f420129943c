//! From the bundle and a snapshot to what has to be written and what has to go. Pure.

pub mod addresses;
mod adoption;
pub mod backup;
pub mod beside;
pub mod challenge_key;
pub mod challenges;
mod compare;
pub mod contested;
pub mod deployed;
mod difference;
pub mod downgrade;
pub mod homes;
pub mod inside;
pub mod members;
pub mod moving;
pub mod occupants;
pub mod ownership;
pub mod readiness;
pub mod shared;
pub mod skipped;
mod snapshot;
pub mod switching;
pub mod teardown;
pub mod tunnel;
pub mod upgrade;
pub mod users;
pub mod zones;

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::desired::object::{Component, Key, Object};
use crate::desired::{Bundle, kind};

pub use adoption::Stranger;
pub use deployed::is_of_lab;
pub use difference::Difference;
pub use ownership::{Removal, is_applied};
pub use snapshot::Snapshot;

/// The annotation with the hash of what was applied last.
pub const HASH: &str = "homelab/hash";

/// What has to be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// What has to be written, ordered by stage.
    pub apply: Vec<Change>,
    /// What has to go, and what was adopted and stays.
    pub removal: Removal,
    /// What is wanted, made by homelab or by others for it: by this it is decided anew what goes.
    pub wanted: BTreeSet<Key>,
    /// How many objects are as they should be.
    pub kept: usize,
    /// The controller that gives way to another one.
    pub switch: Option<switching::Switch>,
}

/// One object to be written.
#[derive(Debug)]
pub struct Change {
    /// The object, its hash noted in it.
    pub object: Object,
    /// Whether it is new.
    pub new: bool,
    /// The uid of the object of others that it takes over.
    pub adopts: Option<String>,
}

impl Plan {
    /// Whether nothing has to be written and nothing has to go.
    pub fn is_empty(&self) -> bool {
        self.apply.is_empty() && self.removal.gone.is_empty()
    }

    /// How many objects of `component` will be written.
    pub fn writes(&self, component: Component) -> usize {
        self.apply.iter().filter(|c| c.object.component == component).count()
    }
}

/// Compares what should exist with what does.
pub fn plan(bundle: Bundle, snapshot: &Snapshot) -> Plan {
    let wanted: BTreeSet<Key> =
        bundle.derived.into_iter().chain(bundle.objects.iter().map(|object| object.key.clone())).collect();
    let removal = ownership::removal(&wanted, snapshot);
    let mut plan = Plan { removal, wanted, ..Plan::default() };
    let by = deployed::deployer_of(snapshot);
    let is_theirs = |live: &Value| by.is_some() && deployed::deployer(live) == by;
    for mut object in bundle.objects {
        let live = snapshot.objects.get(&object.key);
        match live.is_some_and(|live| is_applied(live) && ownership::is_adopted(live)) {
            true => adoption::note_adopted(&mut object),
            false => note_hash(&mut object),
        }
        if live.is_some_and(|live| !is_theirs(live) && keeps(&object, live)) {
            plan.kept += 1;
        } else {
            plan.apply.push(Change { new: live.is_none(), object, adopts: None });
        }
    }
    plan.switch = switching::switch(&plan, snapshot);
    plan
}

/// An object stays as it is if we applied just this, and nobody changed what we want of it.
fn keeps(object: &Object, live: &Value) -> bool {
    if *object.key.kind == kind::CLAIM {
        // What it asks for can only grow, and whoever has made it larger must not be told otherwise.
        return is_applied(live);
    }
    if *object.key.kind == kind::CRD {
        // Of a definition, only the metadata was read: its schema is some hundred kilobytes.
        return is_applied(live)
            && live["metadata"]["annotations"][HASH] == object.body["metadata"]["annotations"][HASH];
    }
    is_applied(live) && compare::is_subset(&object.body, live)
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

#[cfg(test)]
mod tests;
