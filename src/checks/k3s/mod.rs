//! The API server, the nodes, and what k3s brings along.

mod access;
mod address;
mod balancers;
mod bundled;
pub(super) mod ids;
mod nodes;
mod system;
mod texts;

#[cfg(test)]
pub(super) mod tests;

use crate::checks::engine::{CheckId, Group, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::Evidence;

/// The group.
pub(super) const GROUP: Group =
    Group::new("k3s", "the API server, the nodes and what k3s brings", texts::CHECKS)
        .for_lab(outcomes_of_lab);

fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let Some(cluster) = evidence.asked_cluster() else { return Vec::new() };
    let mut found = vec![
        whole(id::KUBECONFIG, access::kubeconfig(evidence, cluster)),
        whole(id::API_CERTIFICATES, access::certificates(evidence, cluster)),
        whole(id::API, access::api(cluster)),
        whole(id::DISABLED, bundled::disabled(evidence)),
        whole(id::LOAD_BALANCERS, balancers::load_balancers(evidence)),
    ];
    found.extend(nodes::readiness_of_nodes(evidence));
    found.extend(address::addresses_of_nodes(evidence));
    found.push(system::pods(evidence));
    found
}

fn whole(id: CheckId, outcome: Outcome) -> Judged {
    judged(id, Subject::default(), Vantage::Api, outcome)
}
