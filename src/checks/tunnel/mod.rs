//! The group `tunnel`: the way in from the internet by a tunnel (`public: tunnel`).

mod connected;
pub(super) mod ids;
mod record;
mod texts;
mod there;

#[cfg(test)]
mod tests;

use super::engine::{Group, Judged, Outcome, Subject, Vantage, judged};
use super::id;
use crate::evidence::{Evidence, HostSeen};

/// The group.
pub(super) const GROUP: Group =
    Group::new("tunnel", "the way in from the internet by a tunnel", texts::CHECKS)
        .for_lab(outcomes_of_lab)
        .for_each_host(outcomes_of_host);

/// Nothing is said of a lab that has none.
fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let Some(tunnel) = &evidence.tunnel else { return Vec::new() };
    let at_provider = |id, outcome: Outcome| judged(id, Subject::default(), Vantage::Provider, outcome);
    let mut found = vec![
        at_provider(id::TUNNEL_PERMISSION, there::permission(evidence, tunnel)),
        at_provider(id::TUNNEL_EXISTS, there::exists(evidence, tunnel)),
        at_provider(id::TUNNEL_RULES, there::rules(evidence, tunnel)),
    ];
    // `up` has waited until the connectors are ready, which they are once it is open.
    if evidence.token.is_some() {
        found.push(at_provider(id::TUNNEL_CONNECTED, connected::is_open(evidence, tunnel)));
    }
    found
}

fn outcomes_of_host(evidence: &Evidence, host: &str, _: &HostSeen) -> Vec<Judged> {
    let Some(tunnel) = evidence.tunnel_of(host) else { return Vec::new() };
    let of_host = |id, outcome: Outcome| judged(id, Subject::host(host), Vantage::Provider, outcome);
    vec![
        of_host(id::TUNNEL_RECORD, record::leads_there(evidence, tunnel, host)),
        of_host(id::TUNNEL_CERTIFICATE, record::is_covered(evidence, host)),
    ]
}
