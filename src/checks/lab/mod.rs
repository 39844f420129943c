//! The group `lab`: what the configuration says, as it lies in the cluster.

pub(super) mod ids;
mod installed;
mod judges;
mod texts;

#[cfg(test)]
pub(super) mod tests;

use super::engine::Group;

pub(super) use judges::leave_to_others;

/// The group.
pub(super) const GROUP: Group =
    Group::new("lab", "whether the cluster matches the configuration", texts::CHECKS)
        .for_lab(judges::outcomes_of_lab);
