//! What is reached from the internet, as far as that can be seen from inside.

mod address;
mod hairpin;
mod house;
pub(super) mod ids;
mod record;
mod texts;

#[cfg(test)]
mod tests;

use crate::checks::engine::{Group, Judged, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone;
use crate::evidence::{Evidence, HostSeen};

/// The group.
pub(super) const GROUP: Group =
    Group::new("public", "what is reached from the internet, seen from inside", texts::CHECKS)
        .for_lab(outcomes_of_lab)
        .for_each_host(outcomes_of_host);

/// With what every finding about the way in ends.
const FROM_INSIDE: &str = "homelab cannot see from outside: try it with a phone without Wi-Fi";

fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let Some(public) = &evidence.public else { return Vec::new() };
    let mut found = Vec::from_iter(house::is_let_in(evidence));
    if !public.by_port.is_empty() && !public.seen.is_empty() {
        let lab_wide = |id, outcome| judged(id, Subject::default(), Vantage::Machine, outcome);
        found.push(lab_wide(id::CGNAT, address::is_own(public)));
        found.push(lab_wide(id::ADDRESS, address::is_led_to(public)));
    }
    found
}

fn outcomes_of_host(evidence: &Evidence, host: &str, _: &HostSeen) -> Vec<Judged> {
    let Some(public) = evidence.public.as_ref().filter(|public| public.by_port.contains(host)) else {
        return Vec::new();
    };
    let record = match &evidence.provider {
        Some(Ok(seen)) => record::is_public(evidence, public, seen, host),
        _ => zone::unseen(evidence),
    };
    let mut found = vec![judged(id::RECORD, Subject::host(host), Vantage::Provider, record)];
    if !public.seen.is_empty() {
        let outcome = hairpin::leads_back(evidence, public, host);
        found.push(judged(id::HAIRPIN, Subject::host(host), Vantage::Lan, outcome));
    }
    found
}
