//! What has to become ready.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::desired::kind::KindRef;
use crate::desired::object::{Component, Key};
use crate::plan::readiness::{Readiness, readiness};

/// What has to become ready, and what is known of it.
#[derive(Debug, Default)]
pub struct Awaited {
    /// The objects with the line of progress that each belongs to; none seen yet is [`None`].
    pub objects: BTreeMap<Key, (Component, Option<Value>)>,
    /// Versions to watch from.
    pub versions: BTreeMap<KindRef, String>,
    /// What the pods of a workload say, where they do not run.
    pub pods: BTreeMap<Key, String>,
}

impl Awaited {
    /// Why `component` is not ready; none if it is.
    pub fn reason(&self, component: Component) -> Option<String> {
        let (key, _, why) = self.unready().find(|(_, c, _)| *c == component)?;
        Some(match self.pods.get(key) {
            Some(note) => format!("{key}: {why}; {note}"),
            None => format!("{key}: {why}"),
        })
    }

    /// Whether there is nothing to wait for.
    pub fn is_ready(&self) -> bool {
        self.unready().next().is_none()
    }

    pub(super) fn unready(&self) -> impl Iterator<Item = (&Key, Component, String)> {
        self.objects.iter().filter_map(|(key, (component, object))| match object {
            None => Some((key, *component, "not there yet".to_owned())),
            Some(object) => match readiness(key.kind, object) {
                Readiness::Ready => None,
                Readiness::Waiting(why) => Some((key, *component, why)),
            },
        })
    }
}
