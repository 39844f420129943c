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
    /// Takes what the API server answered to writes.
    pub fn note(&mut self, answers: Vec<(Key, Value)>) {
        for (key, answer) in answers {
            if let Some(entry) = self.objects.get_mut(&key) {
                entry.1 = Some(answer);
            }
        }
    }

    /// The part of it that is of this kind and this component.
    #[must_use]
    pub fn of_kind(&self, kind: KindRef, component: Component) -> Self {
        let objects = self.objects.iter().filter(|(key, (of, _))| key.kind == kind && *of == component);
        let objects = objects.map(|(key, entry)| (key.clone(), entry.clone())).collect();
        Self { objects, versions: self.versions.clone(), ..Self::default() }
    }

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
