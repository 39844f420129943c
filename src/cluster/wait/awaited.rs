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
}

impl Awaited {
    /// Why `component` is not ready; none if it is.
    pub fn reason(&self, component: Component) -> Option<String> {
        self.unready().find(|(_, c, _)| *c == component).map(|(key, _, why)| format!("{key}: {why}"))
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
