//! How k3s of a node was told to run, as the evidence has it.

use crate::evidence::{Evidence, View};

pub(in crate::checks) use crate::facts::told::{Told, is_k3s, of};

/// What the node of that name was told.
pub(in crate::checks) fn of_node(evidence: &Evidence, name: &str) -> Option<Told> {
    evidence.objects("nodes")?.iter().find(|node| node.name() == name).and_then(of)
}

/// What every server that notes it was told; none when none does.
pub(in crate::checks) fn servers(evidence: &Evidence) -> Vec<Told> {
    crate::facts::told::servers_of(evidence.objects("nodes").unwrap_or_default())
}
