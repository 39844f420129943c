//! The zone at the provider: whether it is served, may be changed, and has room.

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::reading::zone::{unread, unseen};
use crate::checks::{edns, id};
use crate::config::Provider;
use crate::evidence::{Evidence, Fault, ProviderSeen};
use crate::provider::{RefusedFor, Words, traits_of, words};

pub(super) fn state_and_room(evidence: &Evidence) -> Vec<Judged> {
    let at_provider = |id, outcome| judged(id, Subject::default(), Vantage::Provider, outcome);
    let mut found = vec![at_provider(id::CF_ZONE, zone(evidence))];
    // `up` does not look at the rest.
    if evidence.token.is_some() {
        found.push(at_provider(id::FREE_DOMAIN, seen(evidence, |seen| free_domain(evidence.dns, seen))));
        found.push(at_provider(id::DNS_EDIT, edit(evidence)));
        found.push(at_provider(id::RECORDS_LIMIT, seen(evidence, |seen| limit(evidence.dns, seen))));
    }
    found
}

fn zone(evidence: &Evidence) -> Outcome {
    let failure = match &evidence.provider {
        None => return unseen(evidence),
        Some(Ok(seen)) => return Outcome::pass(format!("`{}` is active", seen.zone.name)),
        Some(Err(failure)) => failure,
    };
    let (name_of_provider, token) = (words(evidence.dns).name, &words(evidence.dns).token);
    match &failure.error {
        Fault::NoZone { sees, .. } => {
            let cause = match sees.is_empty() {
                true => {
                    format!("the {} is for other zones, or the domain is in another account", token.short)
                }
                false => format!("{}, or `domain` is not your domain", token.of_another_zone),
            };
            Finding::new(&failure.message, cause, &failure.hint).into()
        }
        Fault::ZoneNotActive { name, status, servers } => {
            let asked = delegated(evidence);
            let registrar = match asked.is_empty() {
                true => "public DNS has no name servers for it".to_owned(),
                false => format!("public DNS has the name servers {}", quoted(&asked)),
            };
            let wanted = match servers.is_empty() {
                true => String::new(),
                false => format!(", {name_of_provider} waits for {}", quoted(servers)),
            };
            Finding::new(
                format!("the zone `{name}` is `{status}` at {name_of_provider}: {registrar}{wanted}"),
                words(evidence.dns).serves,
                &failure.hint,
            )
            .into()
        }
        Fault::SeveralZones { .. } => {
            let asked = delegated(evidence);
            let world = match asked.is_empty() {
                true => "public DNS has no name servers for it yet".to_owned(),
                false => format!("public DNS has the name servers {}", quoted(&asked)),
            };
            let cause = format!(
                "each has name servers and records of its own, and the world asks one alone; {world}"
            );
            Finding::new(&failure.message, cause, &failure.hint).into()
        }
        Fault::ReadOnly { .. } => {
            Finding::new(&failure.message, words(evidence.dns).serves, &failure.hint).into()
        }
        _ => unread(failure),
    }
}

/// The servers that the world asks for the zone; empty when they are not known.
fn delegated(evidence: &Evidence) -> Vec<String> {
    let zone = evidence.names.as_ref().and_then(|names| names.zone.as_ref()?.as_ref().ok());
    zone.map(|zone| zone.delegated.clone().unwrap_or_else(|| zone.servers.clone())).unwrap_or_default()
}

/// The zone's records, else why they are not known.
fn seen(evidence: &Evidence, judge: impl Fn(&ProviderSeen) -> Outcome) -> Outcome {
    match &evidence.provider {
        Some(Ok(seen)) => judge(seen),
        Some(Err(failure)) => unread(failure),
        None => unseen(evidence),
    }
}

fn free_domain(provider: Provider, seen: &ProviderSeen) -> Outcome {
    let name = &seen.zone.name;
    match (traits_of(provider).unchangeable)(name) {
        None => Outcome::pass(format!("`{name}`")),
        Some((ending, why)) => {
            let summary = format!("the zone `{name}` ends in `{ending}`");
            Finding::new(summary, why, "use a domain with another ending").into()
        }
    }
}

fn edit(evidence: &Evidence) -> Outcome {
    let traits = traits_of(evidence.dns);
    let Words { name, token, .. } = traits.words;
    let left = || match &evidence.provider {
        Some(Ok(seen)) => seen.records.iter().find(|record| (traits.is_scratch)(record)),
        _ => None,
    };
    let failure = match evidence.token.as_ref().and_then(|token| token.edit.as_ref()) {
        Some(Ok(())) => return Outcome::pass("a temporary TXT record was created and removed again"),
        Some(Err(failure)) => failure,
        None => {
            return match (edns::refused_edit(evidence), left()) {
                (Some((line, reading)), _) => {
                    let unread = || format!("the {} can read the zone's records, but not change them", token.short);
                    Finding::new(
                        format!("{name} does not let external-dns change records: {line}"),
                        reading.map_or_else(unread, |row| row.cause.to_owned()),
                        reading.map_or(token.may_not_edit, |row| row.fix),
                    )
                    .into()
                }
                (None, Some(record)) => Finding::new(
                    format!(
                        "the temporary record `{}` of an interrupted run is still in the zone",
                        record.name
                    ),
                    "a run with `--active` was interrupted before it removed the record. The record does no harm",
                    "run with `--active` again, which removes it",
                )
                .command("homelab doctor --active --check cf")
                .only(Severity::Info)
                .into(),
                (None, None) => Outcome::skip("only `--active` proves it, with a temporary record"),
            };
        }
    };
    let refused = |cause: &str| Finding::new(&failure.message, cause, &failure.hint);
    let refused_for = (traits.refused_for)(&failure.error);
    match &failure.error {
        Fault::MissingPermission { .. } => {
            refused(&format!("the {} can read the zone's records, but not change them: external-dns and cert-manager cannot work with it", token.short)).into()
        }
        _ if refused_for == Some(RefusedFor::Ending) => Finding::new(
            &failure.message,
            traits.words.refused_ending,
            "use a domain with another ending",
        )
        .into(),
        _ if refused_for == Some(RefusedFor::Room) => Finding::new(
            &failure.message,
            "the zone has as many records as its plan allows",
            traits.words.no_more_room,
        )
        .into(),
        Fault::Leftover { .. } => refused("the record was created, but could not be removed; it does no harm").only(Severity::Warning).into(),
        error if error.is_transient() => unread(failure),
        _ => match &failure.cause {
            Some(cause) => refused(cause).into(),
            None => refused(&format!("{name} gives no other reason")).into(),
        },
    }
}

fn limit(provider: Provider, seen: &ProviderSeen) -> Outcome {
    let count = seen.records.len();
    let near = (traits_of(provider).quota)(&seen.zone).filter(|(quota, _)| count * 10 >= quota * 9);
    let Some((quota, whose)) = near else {
        return Outcome::pass(format!("{count} records"));
    };
    let words = words(provider);
    Finding::new(
        format!("the zone `{}` has {count} records; the quota {whose} is {quota}", seen.zone.name),
        words.beyond_quota,
        words.no_more_room,
    )
    .into()
}
