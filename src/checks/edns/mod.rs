//! The records as the provider holds them: who writes them, whose they are and what they say.

mod claim;
mod content;
mod filter;
mod flags;
pub(super) mod ids;
mod leftover;
mod log;
mod organisations;
mod owner;
pub(super) mod reason;
mod selector;
mod service;
mod services;
mod sync;
mod texts;
mod unpublished;
mod wait;
mod wildcard;

#[cfg(test)]
pub(super) mod tests;

pub(super) use owner::is_owned;

use crate::checks::engine::{Group, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone;
use crate::evidence::{CopyState, Evidence, Fault, HostSeen, ProviderSeen};
use crate::facts::ownership::Ownership;
use crate::provider::reading::Reading;
use crate::provider::traits_of;

/// The group.
pub(super) const GROUP: Group =
    Group::new("edns", "external-dns and the records that it keeps", texts::CHECKS)
        .for_lab(outcomes_of_lab)
        .for_each_host(outcomes_of_host);

/// Where each name server's zone begins empty, and is written by nobody else.
const BESIDE: &str = "each node's name server has an external-dns of its own beside it: see `dns.own-server` and `dns.authoritative`";

/// Without the internet, where the nodes answer.
const UNREACHED: &str = "neither external-dns nor this machine reaches the provider now; external-dns tries again every minute, and in the house the nodes answer";

/// What is looked at once. Where external-dns was not asked, as `up` does not, no more than the wildcard record.
fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let lab_wide = |id, vantage, outcome| judged(id, Subject::default(), vantage, outcome);
    let wildcard = wildcard::own(evidence);
    let wildcard = wildcard.map(|outcome| lab_wide(id::WILDCARD_RECORD, Vantage::Provider, outcome));
    if evidence.external_dns.is_none() {
        return wildcard.into_iter().collect();
    }
    if evidence.dns.is_on_nodes() {
        let checks = [
            id::EDNS_PODS,
            id::EDNS_SYNC,
            id::EDNS_OWNER_ID,
            id::SERVICE_NAMES,
            id::EDNS_STALE,
            id::EDNS_WILDCARD,
        ];
        let beside = |id| judged(id, Subject::default(), Vantage::Api, Outcome::skip(BESIDE));
        return checks.map(beside).into();
    }
    let here = |judge: fn(&Evidence) -> Outcome| match (&evidence.owner, &evidence.config) {
        (Some(_), _) => judge(evidence),
        (None, Some(config)) if config.problem.is_none() => {
            Outcome::skip("homelab does not run external-dns here")
        }
        (None, _) => Outcome::unknown(
            "without the configuration, the doctor does not know whether homelab runs external-dns",
        ),
    };
    let stale = if evidence.unpublished { unpublished::left } else { leftover::stale };
    let zone = |judge: fn(&Evidence, &ProviderSeen) -> Outcome| match &evidence.provider {
        Some(Ok(seen)) => judge(evidence, seen),
        _ => zone::unseen(evidence),
    };
    let unreached = matches!(&evidence.provider, Some(Err(failure)) if is_unreached(&failure.error))
        && evidence.has_house();
    let sync = match here(sync::sync) {
        // Nobody reaches it now: that is the line to the world, and in the house nothing is missing.
        Outcome::Fail(_) if unreached => Outcome::skip(UNREACHED),
        other => other,
    };
    let all = [
        lab_wide(id::EDNS_PODS, Vantage::Api, here(service::runs)),
        lab_wide(id::EDNS_SYNC, Vantage::Cluster, sync),
        lab_wide(id::EDNS_OWNER_ID, Vantage::Config, owner::unique(evidence)),
        lab_wide(id::EDNS_STALE, Vantage::Provider, zone(stale)),
        lab_wide(id::EDNS_WILDCARD, Vantage::Provider, zone(wildcard::of_others)),
    ];
    all.into_iter().chain(services::judge(evidence)).chain(wildcard).collect()
}

fn outcomes_of_host(evidence: &Evidence, host: &str, _: &HostSeen) -> Vec<Judged> {
    let (owner, records) = match &evidence.provider {
        _ if unread(evidence, host).is_some() => {
            let unread = || unread(evidence, host).unwrap_or_else(|| zone::unseen(evidence));
            (unread(), unread())
        }
        _ if evidence.dns.is_on_nodes() => (Outcome::skip(BESIDE), Outcome::skip(BESIDE)),
        _ if evidence.is_zone_of_challenges() => {
            (Outcome::skip(zone::NOT_OF_NAMES), Outcome::skip(zone::NOT_OF_NAMES))
        }
        Some(Ok(seen)) if evidence.is_public(host) => {
            let told = zone::public(evidence, host).unwrap_or_else(|| zone::unseen(evidence));
            (owner::is_this_lab(evidence, seen, host), told)
        }
        Some(Ok(seen)) if evidence.unpublished => {
            (Outcome::skip(unpublished::NOTHING), unpublished::is_nothing(evidence, seen, host))
        }
        Some(Ok(seen)) => match evidence.wildcard_of(host) {
            Some(wildcard) => wildcard::of_host(evidence, seen, host, wildcard),
            None => {
                let told = content::is_right(evidence, seen, host);
                let follows = matches!(told, Outcome::Fail(_)) && writes_elsewhere(evidence, host);
                let told = if follows { Outcome::Blocked { by: id::TOKEN_COPIES } } else { told };
                (owner::is_this_lab(evidence, seen, host), told)
            }
        },
        // Without the internet, what it says is a matter for later: people in the house are served by the nodes.
        Some(Err(failure)) if is_unreached(&failure.error) && evidence.is_answered_in_house(host) => {
            let later =
                || Outcome::skip(format!("{}; in the house the nodes answer for the name", failure.message));
            (later(), later())
        }
        _ => {
            let unknown = || zone::unseen(evidence);
            (unknown(), unknown())
        }
    };
    let for_host = |id, outcome| judged(id, Subject::host(host), Vantage::Provider, outcome);
    vec![for_host(id::OWNER, owner), for_host(id::RECORDS, records)]
}

/// Whether external-dns was given another zone of this name than the one that is there now: it writes nothing into this one.
fn writes_elsewhere(evidence: &Evidence, host: &str) -> bool {
    let copies = evidence.token.iter().filter_map(|token| token.copies.as_ref()).flatten();
    evidence.organisation_of(host).is_none()
        && copies.into_iter().any(|copy| matches!(copy.state, CopyState::OtherZone { .. }))
}

/// Why nothing is said of a name of an organisation: its own token does not show its zone.
fn unread(evidence: &Evidence, host: &str) -> Option<Outcome> {
    let Some(Err(failure)) = &evidence.organisation_of(host)?.provider else { return None };
    Some(match &failure.error {
        Fault::NoZone { .. } => Outcome::Blocked { by: id::ORGANISATION },
        fault if fault.is_transient() => zone::unread(failure),
        _ => Outcome::Blocked { by: id::ORGANISATION_TOKEN },
    })
}

fn is_unreached(fault: &Fault) -> bool {
    matches!(fault, Fault::Transport { .. })
}

/// What the provider said to external-dns when it was not let edit the zone, where its last run failed for that, and what it means.
pub(super) fn refused_edit(evidence: &Evidence) -> Option<(String, Option<&'static Reading>)> {
    let line = sync::failing(evidence)?;
    let reading = reason::reading_of(evidence.dns, &line.message);
    (traits_of(evidence.dns).is_refused_edit)(&line.message).then(|| (line.told(), reading))
}

/// The name of the TXT record that this lab keeps beside a record.
fn registry(ours: &Ownership, kind: &str, host: &str) -> String {
    ours.txt_name(kind, host)
}
