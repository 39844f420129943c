//! What judges read out of objects: names, conditions, labels, times.

pub(super) mod etcd;
pub(super) mod last_words;
pub(super) mod logs;
pub(super) mod pod_resolv;
pub(super) mod pods;
pub(super) mod policies;
pub(super) mod told;
pub(super) mod zone;

use jiff::Timestamp;
use serde_json::Value;

use crate::evidence::at;

/// Why a list is not there, when it is not: the reason is another check's.
pub(super) const NOT_READ: &str = "the API server was not asked, or refused";

/// Whether a pod has done its work, has failed or was evicted: it comes back no more, and what replaces it is another pod.
pub(super) fn has_ended(pod: &Value) -> bool {
    ["Succeeded", "Failed"].contains(&at(pod, "/status/phase"))
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
