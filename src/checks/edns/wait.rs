//! For how long something has been as it is: nobody is told to wait for what will not come.

use jiff::Timestamp;

use crate::checks::edns::{filter, service, sync};
use crate::checks::engine::Finding;
use crate::evidence::{Evidence, at, entries};

/// How long "wait a minute" is true.
pub(super) const PATIENCE: i64 = 600;

/// For how many seconds the host's Ingresses and external-dns have been as they are, where that is so long, and external-dns
/// has looked since, that waiting is no answer.
pub(super) fn lasts(evidence: &Evidence, host: &str) -> Option<i64> {
    let mut times = Vec::new();
    for ingress in filter::asking_for(evidence, host) {
        times.push(at(ingress, "/metadata/creationTimestamp"));
        times.extend(entries(ingress, "/metadata/managedFields").iter().map(|entry| at(entry, "/time")));
    }
    let changed = times.into_iter().filter_map(|text| text.parse::<Timestamp>().ok()).max()?;
    let since = changed.max(service::started(evidence).unwrap_or(changed));
    let age = evidence.now.duration_since(since).as_secs();
    let looked = sync::metrics(evidence).and_then(|seen| seen.synced).is_none_or(|synced| synced > since);
    (looked && age > PATIENCE).then_some(age)
}

/// What its next look sets right.
pub(super) fn for_next_look(evidence: &Evidence, summary: String, cause: &str) -> Finding {
    Finding::new(summary, cause, "wait a minute; if nothing has changed then, read its log")
        .look(service::LOG)
        .heals()
        .retry_at(sync::next_look(evidence))
}

/// A filter that could not be tried here, as a further clause; empty where all were.
pub(super) fn not_applied(evidence: &Evidence) -> String {
    filter::regular_expressions(evidence).map_or_else(String::new, |filter| {
        format!("; whether the name fits {filter}, this check does not try")
    })
}
