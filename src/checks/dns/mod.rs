//! Names: each host's, as each vantage has it, and what is the same for all: this machine's place and resolvers, the way
//! to the internet's DNS, the zone.

mod blocked;
mod dnssec;
mod elsewhere;
pub(super) mod ids;
mod intercepted;
mod local_zone;
mod organisation;
mod own;
mod own_texts;
mod public;
mod rebind;
mod resolver;
pub(crate) mod routers;
mod shadowed;
mod system;
mod texts;
mod unwritten;
mod zone;

#[cfg(test)]
pub(super) mod tests;

use crate::checks::engine::words::list;
use crate::checks::engine::{Group, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::{NOT_OF_NAMES, left_out, zone_name};
use crate::evidence::{Evidence, HostSeen};
use crate::facts::names::is_within;

/// The group.
pub(super) const GROUP: Group = Group::new("dns", "what each resolver answers for each name", texts::CHECKS)
    .for_lab(outcomes_of_lab)
    .for_each_host(outcomes_of_host);

/// Why nothing is looked for beyond the house.
const AT_HOME: &str = "only the nodes know these names";

/// Without the names, which `up` does not look at, no more than the lab's own name servers.
fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let mut found = own::judge(evidence);
    found.extend(organisation::judge(evidence));
    if let Some(names) = &evidence.names {
        found.extend([
            resolver::answers(evidence, names),
            intercepted::judge(evidence, names),
            zone::delegation(evidence, names),
        ]);
    }
    found
}

/// One host, from the servers that hold the zone inward.
fn outcomes_of_host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    if evidence.is_named_elsewhere() {
        let system = left_out(evidence, seen)
            .map_or_else(|| unwritten::is_resolved(evidence, host, seen), Outcome::skip);
        return passed_over(host, NOT_OF_NAMES, system);
    }
    if let Some(zone) = zone_name(evidence).filter(|zone| !is_within(host, zone)) {
        return outside(host, seen, zone);
    }
    if let Some(why) = left_out(evidence, seen) {
        return passed_over(host, &why, Outcome::skip(why.clone()));
    }
    let mut found = public::authoritative(evidence, host, seen);
    found.extend(dnssec::accepted_for_host(evidence, host, seen));
    found.extend(public::public(evidence, host, seen));
    found.extend(system::resolved_on_this_machine(evidence, host, seen));
    found
}

/// A host that somebody else's zone holds, or none: homelab keeps no record of it.
fn outside(host: &str, seen: &HostSeen, zone: &str) -> Vec<Judged> {
    let why = format!("outside the zone `{zone}`");
    let system = match &seen.system {
        Some(Ok(found)) if !found.is_empty() => Outcome::pass(list(found)),
        _ => Outcome::skip(why.clone()),
    };
    passed_over(host, &why, system)
}

/// A host of which nothing is to be judged but what this machine gets.
fn passed_over(host: &str, why: &str, system: Outcome) -> Vec<Judged> {
    let for_host = |id, vantage, outcome| judged(id, Subject::host(host), vantage, outcome);
    let skip = || Outcome::skip(why);
    vec![
        for_host(id::AUTHORITATIVE, Vantage::Authoritative("of the zone".into()), skip()),
        for_host(id::DNSSEC, Vantage::PublicDns("any".into()), skip()),
        for_host(id::PUBLIC, Vantage::PublicDns("any".into()), skip()),
        for_host(id::LOCAL_ZONE, Vantage::System, skip()),
        for_host(id::NEGATIVE_CACHE, Vantage::System, skip()),
        for_host(id::REBIND, Vantage::System, skip()),
        for_host(id::LOCAL_OVERRIDE, Vantage::System, skip()),
        for_host(id::SYSTEM, Vantage::System, system),
    ]
}
