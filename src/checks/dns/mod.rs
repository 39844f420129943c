//! Names: each host's, as each vantage has it, and what is the same for all: this machine's place and resolvers, the way
//! to the internet's DNS, the zone.

mod dnssec;
mod home;
pub(super) mod ids;
mod public;
mod resolver;
pub(crate) mod routers;
mod system;
mod texts;
mod zone;

#[cfg(test)]
pub(super) mod tests;

use std::net::IpAddr;

use crate::checks::edns;
use crate::checks::engine::words::list;
use crate::checks::engine::{Group, judged};
use crate::checks::engine::{Judged, Outcome, Subject, Vantage};
use crate::checks::id;
use crate::evidence::{Evidence, HostSeen};
use crate::facts::names::is_within;

/// The group.
pub(super) const GROUP: Group =
    Group { name: "dns", about: "each name, as each vantage resolves it", checks: texts::CHECKS, judge };

fn judge(evidence: &Evidence) -> Vec<Judged> {
    let mut found = of_lab(evidence);
    for (host, seen) in &evidence.hosts {
        found.extend(of_host(evidence, host, seen));
    }
    found
}

/// Nothing when it was not looked at: `up` knows its hosts and no more.
fn of_lab(evidence: &Evidence) -> Vec<Judged> {
    let Some(names) = &evidence.names else { return Vec::new() };
    let mut found = vec![home::here(evidence, names)];
    found.push(resolver::answers(evidence, names));
    found.push(resolver::intercepted(evidence, names));
    found.push(zone::delegation(evidence, names));
    found
}

/// What the host's record should hold: what the provider has, else what the Ingress has.
pub(in crate::checks) fn wanted(evidence: &Evidence, host: &str) -> Vec<IpAddr> {
    match edns::addresses(evidence, host) {
        found if !found.is_empty() => found,
        _ => evidence.status_of(host),
    }
}

/// What the world outside answers: the authoritative servers, else a public resolver. Empty: nobody answers yet.
pub(in crate::checks) fn published(seen: &HostSeen) -> Vec<IpAddr> {
    let mut answers =
        seen.authoritative.iter().chain(&seen.public).filter_map(|lookup| lookup.result.as_ref().ok());
    answers.find_map(|reply| Some(reply.addresses()).filter(|found| !found.is_empty())).unwrap_or_default()
}

/// The zone of the hosts: as the provider has it, else as public DNS has it.
pub(super) fn zone_name(evidence: &Evidence) -> Option<&str> {
    if let Some(Ok(provider)) = &evidence.provider {
        return Some(&provider.zone.name);
    }
    let found = evidence.names.as_ref()?.zone.as_ref()?.as_ref().ok()?;
    (!found.servers.is_empty()).then_some(found.name.as_str())
}

/// One host, from the servers that hold the zone inward.
fn of_host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    if let Some(zone) = zone_name(evidence).filter(|zone| !is_within(host, zone)) {
        return outside(host, seen, zone);
    }
    let mut found = public::authoritative(evidence, host, seen);
    found.extend(dnssec::host(evidence, host, seen));
    found.extend(public::public(evidence, host, seen));
    found.extend(system::host(evidence, host, seen));
    found
}

/// A host that somebody else's zone holds, or none: homelab keeps no record of it.
fn outside(host: &str, seen: &HostSeen, zone: &str) -> Vec<Judged> {
    let why = || Outcome::skip(format!("outside the zone `{zone}`"));
    let of = |id, vantage, outcome| judged(id, Subject::host(host), vantage, outcome);
    let system = match &seen.system {
        Some(Ok(found)) if !found.is_empty() => Outcome::pass(list(found)),
        _ => why(),
    };
    vec![
        of(id::AUTHORITATIVE, Vantage::Authoritative("of the zone".into()), why()),
        of(id::DNSSEC, Vantage::PublicDns("any".into()), why()),
        of(id::PUBLIC, Vantage::PublicDns("any".into()), why()),
        of(id::NEGATIVE_CACHE, Vantage::System, why()),
        of(id::REBIND, Vantage::System, why()),
        of(id::LOCAL_OVERRIDE, Vantage::System, why()),
        of(id::SYSTEM, Vantage::System, system),
    ]
}
