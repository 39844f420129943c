//! What the provider answers to the token: whether it counts too many calls, knows it, and lets it read.

use jiff::SignedDuration;

use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::provider::token::{anew, not_needed, too_short};
use crate::checks::reading::zone::{unread, unseen};
use crate::evidence::{Evidence, Fault, Permission, Transport};
use crate::provider::words;

pub(super) fn answers_to_token(evidence: &Evidence) -> Vec<Judged> {
    let at_provider = |id, outcome| judged(id, Subject::default(), Vantage::Provider, outcome);
    vec![
        at_provider(id::CF_RATE, rate(evidence)),
        at_provider(id::TOKEN, token(evidence)),
        at_provider(id::CF_PERMISSIONS, permissions(evidence)),
    ]
}

fn rate(evidence: &Evidence) -> Outcome {
    let (name, limits) = (words(evidence.dns).name, &words(evidence.dns).rate_limit);
    let budget = evidence.token.as_ref().and_then(|token| token.budget);
    match (&evidence.provider, budget) {
        (Some(Err(failure)), _) => match &failure.error {
            Fault::RateLimited { retry_after } => limited(evidence, retry_after.map(|after| after.as_secs())),
            Fault::Transport { .. } | Fault::NotJson { .. } if failure.cause.is_some() => {
                Outcome::skip(format!("{name} does not answer"))
            }
            Fault::Transport { .. } | Fault::NotJson { .. } => unread(failure),
            _ => Outcome::pass(format!("{name} answers")),
        },
        (None, _) => unseen(evidence),
        (Some(Ok(_)), Some(budget)) => match budget.limit {
            Some(limit) if budget.remaining.saturating_mul(10) < limit => Finding::new(
                format!("only {} of {limit} calls to {name} are left for {}", budget.remaining, span(budget.resets_in.into())),
                limits.shared,
                "find the program that makes so many calls; external-dns and homelab together make some ten calls a minute",
            )
            .only(Severity::Warning)
            .into(),
            _ => Outcome::pass(format!("{} calls are left", budget.remaining)),
        },
        (Some(Ok(_)), None) => Outcome::pass(format!("{name} answers")),
    }
}

fn limited(evidence: &Evidence, seconds: Option<u64>) -> Outcome {
    let (name, limits) = (words(evidence.dns).name, &words(evidence.dns).rate_limit);
    let wait = seconds.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(limits.blocks);
    let at = evidence.now.checked_add(SignedDuration::from_secs(wait)).ok();
    Finding::new(
        format!("{name} refuses every call for {}: its rate limit is reached", span(wait)),
        limits.spent,
        "wait; if this comes back, find the other program that uses the account",
    )
    .heals()
    .retry_at(at)
    .into()
}

fn token(evidence: &Evidence) -> Outcome {
    let failure = match &evidence.provider {
        None => return unseen(evidence),
        Some(Ok(_)) => return not_needed(evidence.dns).unwrap_or_else(|| Outcome::pass("it is active")),
        Some(Err(failure)) => failure,
    };
    let name = words(evidence.dns).name;
    let refused = |cause: &str| Finding::new(&failure.message, cause, &failure.hint);
    let why = |otherwise: &str| failure.cause.clone().unwrap_or_else(|| otherwise.to_owned());
    // Another text for the token: it has to get to where the old one lies.
    let replaced = |cause: &str| match &evidence.token {
        Some(token) => Finding::new(&failure.message, cause, anew(&token.place, &failure.hint)),
        None => refused(cause),
    };
    let finding = match &failure.error {
        Fault::Malformed { .. } => match too_short(evidence) {
            Some(why) => replaced(&why),
            None => replaced("something else was copied together with the token, or a part of it is missing"),
        },
        Fault::InvalidToken => match too_short(evidence) {
            Some(why) => replaced(&why),
            None => replaced(&why("it was revoked, or another text was copied in its place")),
        },
        Fault::Disabled => refused(&why("somebody switched it off")),
        Fault::Expired { .. } => replaced(&why("it was created with an end date, which has passed")),
        Fault::NotYetValid { .. } => {
            refused("it was created with a start date in the future, or this machine's clock is slow")
        }
        Fault::Location { .. } => refused(&why(
            "it may be used from some addresses only, and this machine's public address is not one of them",
        )),
        Fault::Signature => replaced(&why("another text was copied in the place of the secret")),
        Fault::Clock { .. } => refused(&why("one of both clocks is wrong")),
        Fault::Server { .. } => refused(&format!("the fault is at {name}, not here")).heals(),
        Fault::Refused { .. } | Fault::Unexpected { .. } => {
            refused(&why(&format!("{name} gives no other reason")))
        }
        // A server of the house can be put right here: its rules tell why it does not answer.
        Fault::Transport { .. } | Fault::NotJson { .. } if failure.cause.is_some() => refused(&why("")),
        Fault::Transport { cause, .. } => {
            let house = match evidence.has_house() {
                true => ". In the house the nodes answer, and names go on working",
                false => "",
            };
            return Outcome::unknown(format!("{}: {}{house}", failure.message, why(unreachable(cause))));
        }
        Fault::NotJson { .. } => {
            return Outcome::unknown(format!("{}: a proxy or a login page is in between", failure.message));
        }
        Fault::RateLimited { .. } => return unread(failure),
        Fault::MissingPermission { .. }
        | Fault::NoZone { .. }
        | Fault::ZoneNotActive { .. }
        | Fault::SeveralZones { .. }
        | Fault::ReadOnly { .. }
        | Fault::Unprepared { .. }
        | Fault::Leftover { .. } => {
            return Outcome::pass(format!("{name} knows it"));
        }
    };
    finding.into()
}

/// Where to look when nobody was reached.
fn unreachable(cause: &Transport) -> &'static str {
    match cause {
        Transport::Name(_) => "this machine's resolver does not know the name",
        Transport::Tls(_) => "this machine's clock is wrong, or a proxy replaces certificates",
        Transport::Timeout => "a firewall drops the packets, or the internet connection is down",
        _ => "a firewall blocks the connection, or the internet connection is down",
    }
}

fn permissions(evidence: &Evidence) -> Outcome {
    let short = words(evidence.dns).token.short;
    match &evidence.provider {
        None => unseen(evidence),
        Some(Ok(_)) => Outcome::pass("zones and records can be read"),
        Some(Err(failure)) => match &failure.error {
            Fault::MissingPermission { permission } => Finding::new(
                &failure.message,
                failure.cause.clone().unwrap_or_else(|| match permission {
                    Permission::DnsRead | Permission::DnsEdit => {
                        format!("the {short} can read the zone, but not its records")
                    }
                    Permission::ZoneRead | Permission::Any | Permission::Tunnels => {
                        format!("without it, a {short} cannot find a zone by its name, which homelab and cert-manager need")
                    }
                }),
                &failure.hint,
            )
            .into(),
            Fault::Unprepared { .. } => Finding::new(
                &failure.message,
                failure.cause.clone().unwrap_or_else(|| "somebody has to set it up at the server".to_owned()),
                &failure.hint,
            )
            .into(),
            Fault::NoZone { .. }
            | Fault::ZoneNotActive { .. }
            | Fault::SeveralZones { .. }
            | Fault::ReadOnly { .. } => Outcome::pass("zones can be listed"),
            _ => unread(failure),
        },
    }
}
