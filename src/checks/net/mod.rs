//! What pods reach: the API server, names, the world outside, and each other.

mod across;
mod coredns;
mod corefile;
mod home;
pub(super) mod ids;
mod inside;
mod names;
mod rejected;
mod texts;
mod ways;

#[cfg(test)]
pub(super) mod tests;

use crate::checks::engine::{CheckId, Finding, Group, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::NOT_READ;
use crate::evidence::{Evidence, View, at};

/// The group.
pub(super) const GROUP: Group = Group::new("net", "what pods reach", texts::CHECKS).for_lab(outcomes_of_lab);

fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let mut found = of_pods(evidence);
    found.extend(evidence.names.iter().map(|names| home::here(evidence, names)));
    found.extend(inside::names(evidence));
    found
}

fn of_pods(evidence: &Evidence) -> Vec<Judged> {
    if evidence.asked_cluster().is_none() {
        return Vec::new();
    }
    if evidence.objects("pods").is_none() {
        let ids = [
            id::POD_API,
            id::COREDNS,
            id::COREDNS_CUSTOM,
            id::POD_DNS,
            id::NDOTS,
            id::EGRESS,
            id::CROSS_NODE,
        ];
        return ids.into_iter().map(|id| seen(id, Subject::default(), Outcome::unknown(NOT_READ))).collect();
    }
    let mut found = vec![
        ways::pod_api(evidence),
        coredns::runs(evidence),
        inside::entries(evidence),
        names::resolve(evidence),
        names::search_domains(evidence),
        ways::egress(evidence),
    ];
    found.extend(across::cross_node(evidence));
    found
}

fn seen(id: CheckId, subject: Subject, outcome: impl Into<Outcome>) -> Judged {
    judged(id, subject, Vantage::Cluster, outcome)
}

/// A finding about a pod, which counts for its node alone.
fn of_pod(evidence: &Evidence, id: CheckId, pod: &str, finding: Finding) -> Judged {
    let pods = evidence.objects("pods").unwrap_or_default();
    let node =
        pods.iter().find(|object| object.full_name() == pod).map(|object| at(object, "/spec/nodeName"));
    let subject = node.filter(|node| !node.is_empty()).map_or_else(Subject::default, Subject::node);
    seen(id, subject, finding)
}
