//! Names: each host's, as each vantage has it, and what is the same for all: this machine's place and resolvers, the way
//! to the internet's DNS, the zone.

mod dnssec;
mod home;
mod published;
mod resolver;
pub(in crate::verify) mod routers;
mod system;
mod zone;

use super::judged;
use crate::net::dns::is_within;
use crate::verify::{
    evidence::{Evidence, HostSeen},
    model::{Judged, Outcome, Subject, Vantage},
    registry::id,
    words::list,
};

/// Nothing when it was not looked at: `up` knows its hosts and no more.
pub(super) fn all(evidence: &Evidence) -> Vec<Judged> {
    let Some(names) = &evidence.names else { return Vec::new() };
    let mut found = vec![home::here(evidence, names)];
    found.push(resolver::answers(evidence, names));
    found.push(resolver::intercepted(evidence, names));
    found.push(zone::delegation(evidence, names));
    found
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
pub(super) fn host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    if let Some(zone) = zone_name(evidence).filter(|zone| !is_within(host, zone)) {
        return outside(host, seen, zone);
    }
    let mut found = published::authoritative(evidence, host, seen);
    found.extend(dnssec::host(evidence, host, seen));
    found.extend(published::public(evidence, host, seen));
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
