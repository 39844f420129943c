//! What judges read out of objects: names, conditions, labels, times.

pub(super) mod etcd;
pub(super) mod logs;
pub(super) mod pod_resolv;
pub(super) mod pods;
pub(super) mod zone;

use jiff::Timestamp;
use serde_json::Value;

use crate::evidence::{at, entries};

/// `namespace/name`.
pub(super) fn full_name(object: &Value) -> String {
    format!("{}/{}", at(object, "/metadata/namespace"), at(object, "/metadata/name"))
}

/// The condition of that type; `None` when there is none.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    entries(object, "/status/conditions").iter().find(|condition| at(condition, "/type") == kind)
}

/// Whether a pod has done its work, has failed or was evicted: it comes back no more, and what replaces it is another pod.
pub(super) fn has_ended(pod: &Value) -> bool {
    ["Succeeded", "Failed"].contains(&at(pod, "/status/phase"))
}

/// A text of a label or annotation, whose names may hold slashes; empty when there is none.
pub(super) fn text<'a>(object: &'a Value, of: &str, name: &str) -> &'a str {
    object["metadata"][of][name].as_str().unwrap_or_default()
}

/// Whether `labels` has every pair of `selector`; nothing is selected by an empty selector.
pub(super) fn selects(selector: &Value, labels: &Value) -> bool {
    let Some(pairs) = selector.as_object().filter(|pairs| !pairs.is_empty()) else { return false };
    pairs.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The moment at a pointer; `None` when there is none.
pub(super) fn when(object: &Value, pointer: &str) -> Option<Timestamp> {
    at(object, pointer).parse().ok()
}

/// Seconds from then to now; 0 when it is not known.
pub(super) fn age(now: Timestamp, then: Option<Timestamp>) -> i64 {
    then.map_or(0, |then| now.as_second() - then.as_second())
}
