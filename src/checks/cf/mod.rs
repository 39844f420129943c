//! The group `cf`: the API token and the zone at Cloudflare.

pub(super) mod ids;
mod provider;
mod texts;
mod token;
mod zone;

#[cfg(test)]
pub(super) mod tests;

use super::engine::{Group, Judged};
use crate::evidence::Evidence;

/// The group.
pub(super) const GROUP: Group =
    Group { name: "cf", about: "the API token and the zone at Cloudflare", checks: texts::CHECKS, judge };

fn judge(evidence: &Evidence) -> Vec<Judged> {
    let mut found = token::sources_and_copies(evidence);
    found.extend(provider::answers_to_token(evidence));
    found.extend(zone::state_and_room(evidence));
    found
}
