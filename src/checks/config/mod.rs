//! The group `config`: the configuration, before anything is asked.

mod annotations;
pub(super) mod ids;
mod judges;
mod texts;

#[cfg(test)]
pub(super) mod tests;

use super::engine::Group;

/// The group.
pub(super) const GROUP: Group =
    Group::new("config", "the configuration, before anything is asked", texts::CHECKS)
        .for_lab(judges::outcomes_of_lab);
