//! The rate limits of an ACME server.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::checks::cm::chain::Chain;
use crate::checks::cm::issuer::RATE_LIMITED;
use crate::checks::cm::reading::{Reading, one_line, passes, read};
use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome};
use crate::evidence::Evidence;

const WAIT: &str = "wait, and do not try again: each attempt counts. While you experiment, set `acme.staging: true`: the staging environment has much higher limits";
const KEEP: &str = "wait, then `homelab renew`; or set `certificates: wildcard`, one certificate for all names, which this limit does not count. If you reinstall, keep the Secrets that hold certificates: those are not issued again. To experiment, set `acme.staging: true` (browsers then warn)";

/// Let's Encrypt's limits by the words of its refusals (letsencrypt.org, "Rate Limits").
const LIMITS: &[Reading] = &[
    passes(
        &["exact set of"],
        "the same certificate was issued five times within seven days, and Let's Encrypt allows no more",
        KEEP,
    ),
    passes(
        &["failed authorizations"],
        "five challenges for this name failed within an hour; Let's Encrypt allows one more every 12 minutes",
        WAIT,
    ),
    passes(&["new orders", "too many orders"], "this account placed 300 orders within three hours", WAIT),
    passes(
        &["registrations", "new accounts"],
        "ten accounts were made from this address within three hours",
        WAIT,
    ),
    passes(
        &["certificates already issued", "too many certificates"],
        "fifty certificates were issued for this registered domain within seven days; Let's Encrypt allows one more every 202 minutes",
        WAIT,
    ),
    passes(
        &["paused"],
        "a name failed so often in a row that Let's Encrypt has paused issuance for it in this account",
        "fix the cause, then open the link in the message to end the pause",
    ),
];

pub(super) fn is_not_reached(evidence: &Evidence, chain: &Chain<'_>) -> Outcome {
    let Some(message) = chain.messages().find(|message| message.contains(RATE_LIMITED)) else {
        return Outcome::pass("no order is refused because of a rate limit");
    };
    if chain.is_ready() && chain.last_failure().is_none() {
        return Outcome::pass("an earlier refusal is over: the Certificate is ready");
    }
    let until = retry_after(message);
    if until.is_some_and(|until| until <= evidence.now) {
        return Outcome::pass("the time that the authority asked to wait is over");
    }
    let known = read(message, LIMITS);
    let cause = known.map_or("the authority accepts no more requests of this kind for now", |row| row.cause);
    let cause = match until {
        Some(until) => format!(
            "{cause}; it lets you try again in {}",
            span(until.duration_since(evidence.now).as_secs())
        ),
        None => cause.to_owned(),
    };
    let detail = message.split_once(RATE_LIMITED).map_or(message, |(_, detail)| detail);
    let summary =
        format!("{} is rate limited: {}", chain.title(), one_line(detail.trim_start_matches([':', ' '])));
    chain
        .weigh(Finding::new(summary, cause, known.map_or(WAIT, |row| row.fix)).heals().retry_at(until))
        .into()
}

/// The time behind "retry after", in either of the two forms that Let's Encrypt has used.
pub(super) fn retry_after(message: &str) -> Option<Timestamp> {
    let at = message.to_lowercase().find("retry after ")? + "retry after ".len();
    let text = message.get(at..)?;
    let zoned = text.split([' ', ',']).next().and_then(|word| word.trim_end_matches([':', '.']).parse().ok());
    zoned.or_else(|| {
        let civil: DateTime = text.get(..19)?.replacen(' ', "T", 1).parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_wait_is_read_in_both_forms() {
        let wanted: Timestamp = "2026-06-07T21:01:50Z".parse().unwrap();
        let old = "already issued for this exact set of domains in the last 168 hours: a.b, retry after 2026-06-07T21:01:50Z: see https://x";
        let new = "for this exact set of identifiers in the last 168h0m0s, retry after 2026-06-07 21:01:50 UTC: see https://x";
        assert_eq!((retry_after(old), retry_after(new)), (Some(wanted), Some(wanted)));
        assert_eq!((retry_after("retry after lunch"), retry_after("no time")), (None, None));
    }
}
