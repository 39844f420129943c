//! The group `egress`: where pods may connect to, and whether anybody sees to it.

mod cache;
mod engine;
pub(super) mod ids;
mod names;
mod needs;
mod texts;
mod trial;

#[cfg(test)]
mod tests;

use crate::checks::engine::{CheckId, Group, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::Evidence;

/// The group.
pub(super) const GROUP: Group =
    Group::new("egress", "where pods may connect to", texts::CHECKS).for_lab(outcomes_of_lab);

fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let mut found = Vec::new();
    // `up` has looked at the engine before it wrote anything, and reads none of these lists at its end.
    if evidence.objects("nodes").is_some() {
        found.extend(engine::is_there(evidence).map(|outcome| lab_wide(id::EGRESS_ENGINE, outcome)));
        found.extend(engine::leads_ports(evidence).map(|outcome| lab_wide(id::EGRESS_HOSTPORT, outcome)));
        found.extend(needs::are_met(evidence).map(|outcome| lab_wide(id::EGRESS_NEEDS, outcome)));
        found.extend(names::are_seen(evidence).map(|outcome| lab_wide(id::EGRESS_DNS_RULE, outcome)));
        found.extend(names::are_matched(evidence).map(|outcome| lab_wide(id::EGRESS_WILDCARD, outcome)));
        found.extend(cache::on_nodes(evidence));
    }
    found.extend(trial::on_nodes(evidence));
    found
}

fn lab_wide(id: CheckId, outcome: Outcome) -> Judged {
    judged(id, Subject::default(), Vantage::Cluster, outcome)
}
