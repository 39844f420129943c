//! The zone and its records, as several groups read them.

use std::net::IpAddr;

use crate::checks::engine::Outcome;
use crate::checks::id;
use crate::evidence::{Evidence, Fault, HostSeen, ProviderFailure, ProviderSeen, Record};

/// Why nothing is said of a host's record at the provider.
pub(in crate::checks) const NOT_OF_NAMES: &str = "homelab writes no record of the names: the provider's zone is that of the challenges alone (`dns.challengeZone`)";

/// What kept the zone from being read, without a word on whose fault it is.
pub(in crate::checks) fn unread(failure: &ProviderFailure) -> Outcome {
    Outcome::unknown(failure.message.clone())
}

/// For what reads the zone where it was not read: the check that tells why, so that this one needs no words of its own.
pub(in crate::checks) fn unseen(evidence: &Evidence) -> Outcome {
    if evidence.token.as_ref().is_some_and(|token| token.problem.is_some()) {
        return Outcome::Blocked { by: id::TOKEN_SOURCE };
    }
    let Some(Err(failure)) = &evidence.provider else {
        return Outcome::unknown("the DNS provider was not asked");
    };
    let by = match &failure.error {
        Fault::RateLimited { .. } => id::CF_RATE,
        Fault::MissingPermission { .. } | Fault::Unprepared { .. } => id::CF_PERMISSIONS,
        Fault::NoZone { .. }
        | Fault::ZoneNotActive { .. }
        | Fault::SeveralZones { .. }
        | Fault::ReadOnly { .. } => id::CF_ZONE,
        Fault::Transport { .. } | Fault::NotJson { .. } if failure.cause.is_some() => id::TOKEN,
        Fault::Transport { .. } | Fault::NotJson { .. } | Fault::Leftover { .. } => return unread(failure),
        _ => id::TOKEN,
    };
    Outcome::Blocked { by }
}

/// The zone of the hosts: as the provider has it, else as public DNS has it.
pub(in crate::checks) fn zone_name(evidence: &Evidence) -> Option<&str> {
    if let Some(Ok(provider)) = evidence.provider.as_ref().filter(|_| !evidence.is_zone_of_challenges()) {
        return Some(&provider.zone.name);
    }
    let found = evidence.names.as_ref()?.zone.as_ref()?.as_ref().ok()?;
    (!found.servers.is_empty()).then_some(found.name.as_str())
}

/// The addresses that the provider has for a host, by a wildcard of the lab's own, too; nothing when it was not asked.
pub(in crate::checks) fn addresses(evidence: &Evidence, host: &str) -> Vec<IpAddr> {
    let Some(Ok(seen)) = &evidence.provider else {
        return Vec::new();
    };
    let mut found: Vec<IpAddr> =
        named(seen, evidence.record_of(host)).filter_map(|record| record.content.parse().ok()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

pub(in crate::checks) fn named<'a>(
    seen: &'a ProviderSeen,
    host: &'a str,
) -> impl Iterator<Item = &'a Record> {
    seen.records.iter().filter(move |record| record.is_of_host(host))
}

/// Why nothing is said of a public name's record beside the checks of those names.
pub(in crate::checks) fn public(evidence: &Evidence, host: &str) -> Option<Outcome> {
    evidence.is_public(host).then(|| {
        let by =
            if evidence.by_port(host).is_some() { "`public.record` says" } else { "the tunnel's checks say" };
        Outcome::skip(format!("the name is public: {by} whether its record is right"))
    })
}

/// What the host's record should hold: what the provider has, else where it is to lead.
///
/// Behind a proxy, or a name that somebody else keeps, no record has the addresses: nobody knows them but by asking for it.
pub(in crate::checks) fn wanted(evidence: &Evidence, host: &str) -> Vec<IpAddr> {
    if is_answered_otherwise(evidence, host) {
        let own = evidence.own_servers.as_ref();
        let seen = evidence.hosts.get(host);
        let lookups = seen.into_iter().flat_map(|seen| seen.authoritative.iter().chain(&seen.public));
        let outside = lookups.filter(|lookup| !own.is_some_and(|own| own.is_at_node(lookup)));
        let mut answers = outside.filter_map(|lookup| Some(lookup.result.as_ref().ok()?.addresses()));
        return answers.find(|found| !found.is_empty()).unwrap_or_default();
    }
    match addresses(evidence, host) {
        found if !found.is_empty() => found,
        _ => evidence.led_to(host),
    }
}

/// Whether DNS answers for the host what no record of it has.
fn is_answered_otherwise(evidence: &Evidence, host: &str) -> bool {
    let public = evidence.by_port(host);
    let leads_to_name = |target: &String| !target.is_empty() && target.parse::<IpAddr>().is_err();
    evidence.tunnel_of(host).is_some()
        || public.is_some_and(|public| public.proxied || public.target.as_ref().is_some_and(leads_to_name))
}

/// What somebody outside of the house gets. In the house the nodes may have another answer for a public name.
pub(in crate::checks) fn expected(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<IpAddr> {
    match published(seen) {
        found if found.is_empty() || evidence.is_public(host) => wanted(evidence, host),
        found => found,
    }
}

/// Whether somebody who looks the host up gets there where no record tells the addresses: those of IPv6 are among them, too.
pub(in crate::checks) fn is_among(
    evidence: &Evidence,
    host: &str,
    found: &[IpAddr],
    expected: &[IpAddr],
) -> bool {
    is_answered_otherwise(evidence, host) && found.iter().any(|address| expected.contains(address))
}

/// What the world outside answers: the authoritative servers, else a public resolver. Empty: nobody answers yet.
pub(in crate::checks) fn published(seen: &HostSeen) -> Vec<IpAddr> {
    let mut answers =
        seen.authoritative.iter().chain(&seen.public).filter_map(|lookup| lookup.result.as_ref().ok());
    answers.find_map(|reply| Some(reply.addresses()).filter(|found| !found.is_empty())).unwrap_or_default()
}

/// Why a host was not asked for, where others were in its place.
pub(in crate::checks) fn left_out(evidence: &Evidence, seen: &HostSeen) -> Option<String> {
    seen.left_out.then(|| {
        let all = evidence.hosts.len();
        let asked = evidence.hosts.values().filter(|seen| !seen.left_out).count();
        format!("so as not to flood the resolver, {asked} of {all} names were looked up by DNS, and this is none of them")
    })
}
