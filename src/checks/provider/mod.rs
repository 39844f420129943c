//! The group `cf`: the API token, and what the DNS provider says of it and of the zone. The checks are older than the
//! second provider, and keep their name.

mod answers;
mod excess;
pub(super) mod ids;
mod organisations;
mod texts;
mod token;
mod zone;

#[cfg(test)]
pub(super) mod tests;

use super::engine::{Def, Group, Judged, Outcome, Subject, Vantage, judged};
use crate::evidence::Evidence;

/// The group.
pub(super) const GROUP: Group =
    Group::new("cf", "the API token and the zone at the DNS provider", texts::CHECKS)
        .for_lab(outcomes_of_lab);

/// Where there is no provider to ask.
const NOBODY: &str = "the nodes are the name servers: there is no provider, and no token";

fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    if evidence.dns.is_on_nodes() {
        let none = |def: &Def| judged(def.id, Subject::default(), Vantage::Provider, Outcome::skip(NOBODY));
        return texts::CHECKS.iter().map(none).collect();
    }
    let mut found = token::sources_and_copies(evidence);
    found.extend(answers::answers_to_token(evidence));
    found.extend(zone::state_and_room(evidence));
    found.extend(organisations::judge(evidence));
    found.extend(excess::judge(evidence));
    found
}
