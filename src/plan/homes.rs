//! The namespaces of extra certificates. Others bring the programs that use these, and mostly the namespace, too: one that is
//! there already stays theirs, and one that homelab made goes only with the last thing that is in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::desired::extra;
use crate::desired::meta::COMPONENT;
use crate::desired::object::{Component, Key};
use crate::evidence::View;
use crate::plan::ownership::{Doomed, homes};
use crate::plan::{Plan, Snapshot, is_applied};

impl Plan {
    /// Leaves alone what others made; `met` is the metadata of what lives of the kinds of [`Plan::unseen`].
    pub fn leave_homes(&mut self, snapshot: &Snapshot, met: &BTreeMap<Key, Value>) {
        let before = self.apply.len();
        self.apply.retain(|change| {
            let key = &change.object.key;
            let live = snapshot.objects.get(key).or_else(|| met.get(key));
            !extra::is_home(key, change.object.component) || live.is_none_or(is_applied)
        });
        self.kept += before - self.apply.len();
    }
}

/// Those that homelab made and that are wanted no more. What is in them, this does not know.
pub fn leftover(wanted: &BTreeSet<Key>, snapshot: &Snapshot) -> Vec<Doomed> {
    let is_left = |doomed: &Doomed| {
        let live = snapshot.objects.get(&doomed.key);
        !wanted.contains(&doomed.key)
            && live.is_some_and(|live| live.label(COMPONENT) == Component::Issuer.name() && !live.is_going())
    };
    homes(snapshot).into_iter().filter(is_left).collect()
}
