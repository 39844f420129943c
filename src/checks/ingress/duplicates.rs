//! Two Ingresses with the same host and path: the controller takes the older one, without a word.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::{objects, or_pass, unread};
use crate::evidence::{Evidence, View, at, entries};
use crate::ingress::traits_of;

/// Two Ingresses at one place: where, the older one, the later one.
pub(super) type Pair<'a> = (Place<'a>, &'a Value, &'a Value);

pub(super) fn hosts_named_twice(evidence: &Evidence) -> Vec<Judged> {
    let Some(pairs) = pairs(evidence) else {
        return unread(id::DUPLICATES, "Ingresses or their classes");
    };
    let told = |(place, first, second): Pair<'_>| {
        judged(id::DUPLICATES, Subject::host(place.0), Vantage::Api, twice(place, first, second))
    };
    let found = pairs.into_iter().map(told).collect();
    or_pass(found, id::DUPLICATES, "no two Ingresses have the same host and path")
}

/// `None` where the Ingresses or their classes were not read.
pub(super) fn pairs(evidence: &Evidence) -> Option<Vec<Pair<'_>>> {
    let mut ingresses = objects::served(evidence)?;
    // A second Ingress for the same place that takes a share of its requests, on purpose.
    let canary = format!("{}canary", traits_of(evidence.controller).annotations);
    ingresses.retain(|ingress| objects::annotation(ingress, &canary) != "true");
    // As the controller sorts them: by age, and of the same age the later name first (`sortIngressSlice`).
    ingresses.sort_by_cached_key(|ingress| {
        (at(ingress, "/metadata/creationTimestamp").to_owned(), std::cmp::Reverse(ingress.full_name()))
    });
    let mut taken: BTreeMap<Place<'_>, &Value> = BTreeMap::new();
    let mut found = Vec::new();
    for ingress in ingresses {
        for place in places(ingress) {
            let first = *taken.entry(place).or_insert(ingress);
            if !std::ptr::eq(first, ingress) {
                found.push((place, first, ingress));
            }
        }
    }
    Some(found)
}

/// Host, path, and whether the path is meant exactly: such a one may stand beside a prefix.
type Place<'a> = (&'a str, &'a str, bool);

fn places(ingress: &Value) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    for rule in entries(ingress, "/spec/rules").iter().filter(|rule| !at(rule, "/host").is_empty()) {
        for path in entries(rule, "/http/paths") {
            let text = Some(at(path, "/path")).filter(|text| !text.is_empty()).unwrap_or("/");
            found.push((at(rule, "/host"), text, at(path, "/pathType") == "Exact"));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn twice((host, path, _): Place<'_>, first: &Value, second: &Value) -> Finding {
    let (winner, loser) = (first.full_name(), second.full_name());
    Finding::new(
        format!("Ingresses `{winner}` and `{loser}` both have `{host}{path}`"),
        format!("the older one, `{winner}`, gets the requests; the controller ignores the path in `{loser}`, without a message"),
        format!("give one of them another host or path, or remove the one that you do not need: `{loser}` has no effect there"),
    )
    .look("kubectl get ingress -A --sort-by=.metadata.creationTimestamp")
}
