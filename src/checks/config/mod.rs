//! The group `config`: the configuration, before anything is asked.

mod annotations;
pub(super) mod ids;
mod judges;
mod texts;

#[cfg(test)]
pub(super) mod tests;

use super::engine::Group;

/// The group.
pub(super) const GROUP: Group = Group {
    name: "config",
    about: "the configuration, before anything is asked",
    checks: texts::CHECKS,
    judge: judges::judge,
};
