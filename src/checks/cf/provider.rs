//! What Cloudflare answers to the token: whether it counts too many calls, knows it, and lets it read.

use jiff::{SignedDuration, Timestamp};

use crate::checks::cf::token::{anew, too_short};
use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::{unread, unseen};
use crate::evidence::{Evidence, Fault, Permission, Transport};

/// How long a spent limit blocks when Cloudflare does not say (fundamentals/api/reference/limits).
const BLOCKED_SECONDS: i64 = 300;
pub(super) fn judge(evidence: &Evidence) -> Vec<Judged> {
    let of = |id, outcome| judged(id, Subject::default(), Vantage::Provider, outcome);
    vec![
        of(id::CF_RATE, rate(evidence)),
        of(id::TOKEN, token(evidence)),
        of(id::CF_PERMISSIONS, permissions(evidence)),
    ]
}

fn rate(evidence: &Evidence) -> Outcome {
    let budget = evidence.token.as_ref().and_then(|token| token.budget);
    match (&evidence.provider, budget) {
        (Some(Err(failure)), _) => match &failure.error {
            Fault::RateLimited { retry_after } => limited(evidence.now, retry_after.map(|after| after.as_secs())),
            Fault::Transport { .. } | Fault::NotJson { .. } => unread(failure),
            _ => Outcome::pass("Cloudflare answers"),
        },
        (None, _) => unseen(evidence),
        (Some(Ok(_)), Some(budget)) => match budget.limit {
            Some(limit) if budget.remaining.saturating_mul(10) < limit => Finding::new(
                format!("only {} of {limit} calls to Cloudflare are left for {}", budget.remaining, span(budget.resets_in.into())),
                "something else uses the same account: each token of a user, and the dashboard too, count against one limit",
                "find the program that asks so often; external-dns and homelab together make some ten calls a minute",
            )
            .only(Severity::Warning)
            .into(),
            _ => Outcome::pass(format!("{} calls are left", budget.remaining)),
        },
        (Some(Ok(_)), None) => Outcome::pass("Cloudflare answers"),
    }
}

fn limited(now: Timestamp, seconds: Option<u64>) -> Outcome {
    let wait = seconds.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(BLOCKED_SECONDS);
    let at = now.checked_add(SignedDuration::from_secs(wait)).ok();
    Finding::new(
        format!("Cloudflare refuses every call for {}: its rate limit is reached", span(wait)),
        "this user's tokens and dashboard made more than 1200 calls in five minutes; until the window ends, \
         external-dns and cert-manager are refused as well",
        "wait; if it comes back, find the other program that uses the account",
    )
    .heals()
    .retry_at(at)
    .into()
}

fn token(evidence: &Evidence) -> Outcome {
    let failure = match &evidence.provider {
        None => return unseen(evidence),
        Some(Ok(_)) => return Outcome::pass("it is active"),
        Some(Err(failure)) => failure,
    };
    let refused = |cause: &str| Finding::new(&failure.message, cause, &failure.hint);
    // Another text for the token: it has to get to where the old one lies.
    let replaced = |cause: &str| match &evidence.token {
        Some(token) => Finding::new(&failure.message, cause, anew(&token.place, &failure.hint)),
        None => refused(cause),
    };
    let finding = match &failure.error {
        Fault::Malformed { .. } => match too_short(evidence) {
            Some(why) => replaced(&why),
            None => replaced("something was copied with the token, or a part of it is missing"),
        },
        Fault::InvalidToken => match too_short(evidence) {
            Some(why) => replaced(&why),
            None => {
                replaced("it was revoked or rolled in the dashboard, or another text was copied in its place")
            }
        },
        Fault::Disabled => refused("somebody switched it off in the dashboard"),
        Fault::Expired { .. } => replaced("it was made with an end (TTL), and that is past"),
        Fault::NotYetValid { .. } => {
            refused("it was made with a start that is still to come, or this machine's clock is behind")
        }
        Fault::Location { .. } => refused(
            "the token has a Client IP Address Filtering, and this machine reaches Cloudflare from another address; \
             at home the public IPv4 address and the IPv6 prefix change",
        ),
        Fault::Server { .. } => refused("the fault is at Cloudflare, not here").heals(),
        Fault::Refused { .. } | Fault::Unexpected { .. } => refused("Cloudflare gives no other reason"),
        Fault::Transport { cause, .. } => {
            return Outcome::unknown(format!("{}: {}", failure.message, unreachable(cause)));
        }
        Fault::NotJson { .. } => {
            return Outcome::unknown(format!(
                "{}: a proxy or a login page stands in between",
                failure.message
            ));
        }
        Fault::RateLimited { .. } => return unread(failure),
        Fault::MissingPermission { .. }
        | Fault::NoZone { .. }
        | Fault::ZoneNotActive { .. }
        | Fault::Leftover { .. } => {
            return Outcome::pass("Cloudflare knows it");
        }
    };
    finding.into()
}

/// Where to look when nobody was reached.
fn unreachable(cause: &Transport) -> &'static str {
    match cause {
        Transport::Name(_) => "this machine's resolver does not know the name",
        Transport::Tls(_) => "this machine's clock is wrong, or a proxy replaces certificates",
        Transport::Timeout => "a firewall drops the packets, or the line is down",
        _ => "a firewall or the line keeps this machine from it",
    }
}

fn permissions(evidence: &Evidence) -> Outcome {
    match &evidence.provider {
        None => unseen(evidence),
        Some(Ok(_)) => Outcome::pass("zones and records can be read"),
        Some(Err(failure)) => match &failure.error {
            Fault::MissingPermission { permission } => Finding::new(
                &failure.message,
                match permission {
                    Permission::DnsRead | Permission::DnsEdit => "the token sees the zone, and nothing of its records",
                    Permission::ZoneRead | Permission::Any => {
                        "without it a token cannot find a zone by its name: homelab needs that, and cert-manager too"
                    }
                },
                &failure.hint,
            )
            .into(),
            Fault::NoZone { .. } | Fault::ZoneNotActive { .. } => Outcome::pass("zones can be listed"),
            _ => unread(failure),
        },
    }
}
