//! The group `host`: this machine, where it is a node of the cluster.

mod below;
mod clock;
pub(super) mod ids;
mod judges;
mod limits;
mod links;
mod networks;
mod resolver;
mod reverse;
mod service;
mod texts;

#[cfg(test)]
pub(super) mod tests;

use super::engine::Group;

pub(super) use judges::runs_k3s;

/// The group.
pub(super) const GROUP: Group =
    Group::new("host", "this machine, where it is a node of the cluster", texts::CHECKS)
        .for_lab(judges::outcomes_of_lab);
