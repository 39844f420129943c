//! How the loop of external-dns goes, by its metrics and its log.

use jiff::SignedDuration;

use crate::checks::edns::flags::value;
use crate::checks::edns::log::{self, Line};
use crate::checks::edns::service::LOG;
use crate::checks::edns::{organisations, reason};
use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome};
use crate::desired::external_dns::{NAME, NAMESPACE};
use crate::evidence::{Evidence, SyncSeen};
use crate::provider::reading::Cure;
use crate::provider::traits_of;

/// Between two looks of external-dns, unless its flags say otherwise.
const INTERVAL: i64 = 60;
/// How long one look may last; with an answer from the provider it takes a second.
const SLOW: i64 = 20;

/// Seconds between two looks.
pub(super) fn interval(evidence: &Evidence) -> i64 {
    let text = value(evidence, "--interval").unwrap_or_default();
    let number = |unit| text.strip_suffix(unit).and_then(|number| number.parse::<i64>().ok());
    number("m")
        .map(|minutes| minutes * 60)
        .or(number("s"))
        .or(number("h").map(|hours| hours * 3600))
        .unwrap_or(INTERVAL)
}

/// Its metrics; `None` when they are not known.
pub(super) fn metrics(evidence: &Evidence) -> Option<&SyncSeen> {
    evidence.external_dns.as_ref()?.metrics.as_ref().ok()
}

/// When it looks again by itself; `None` when its metrics are not known.
pub(super) fn next_look(evidence: &Evidence) -> Option<jiff::Timestamp> {
    let began = metrics(evidence)?.began?;
    began.checked_add(SignedDuration::from_secs(interval(evidence))).ok().filter(|at| *at > evidence.now)
}

/// What is behind the last error, where a run failed and no run since went well.
pub(super) fn failing(evidence: &Evidence) -> Option<Line> {
    let lines = log::lines(evidence);
    (metrics(evidence)?.soft_errors > 0).then(|| log::last_error(&lines).cloned()).flatten()
}

pub(super) fn sync(evidence: &Evidence) -> Outcome {
    let seen = match evidence.external_dns.as_ref().map(|seen| &seen.metrics) {
        None => return Outcome::unknown("external-dns was not asked"),
        Some(Ok(seen)) => seen,
        Some(Err(why)) => {
            return Outcome::unknown(format!("the metrics of external-dns cannot be read: {why}"));
        }
    };
    let age = |at: jiff::Timestamp| evidence.now.duration_since(at).as_secs();
    if seen.soft_errors > 0 {
        return failed(evidence, seen.soft_errors);
    }
    let limit = interval(evidence) * 3;
    match (seen.began, seen.synced) {
        (Some(began), synced) if synced.is_none_or(|synced| synced < began) && age(began) > SLOW => Finding::new(
            format!("external-dns started to compare the records {} ago, and has not finished", span(age(began))),
            format!("its pod gets no answer from {}, or only errors; external-dns tries each call several times, and waits longer each time", traits_of(evidence.dns).words.name),
            "check whether pods resolve names and reach the internet: `homelab doctor --check net`",
        )
        .look(LOG)
        .heals_soon()
        .into(),
        (_, Some(synced)) if age(synced) > limit => Finding::new(
            format!("external-dns last compared the records {} ago", span(age(synced))),
            "it should do so every minute, so its process hangs",
            "restart it",
        )
        .command(command!("kubectl -n {} rollout restart deployment/{}", NAMESPACE, NAME))
        .look(LOG)
        .into(),
        (_, Some(synced)) => organisations::failing(evidence).unwrap_or_else(|| {
            Outcome::pass(format!("the records were compared {} ago", span(age(synced))))
        }),
        (_, None) => Outcome::unknown("external-dns has just started and has not compared the records yet"),
    }
}

fn failed(evidence: &Evidence, times: u32) -> Outcome {
    let times = match times {
        1 => "its last run".to_owned(),
        some => format!("{some} runs in a row"),
    };
    let finding = match failing(evidence) {
        Some(line) => {
            let summary = format!("external-dns failed in {times}, {}", line.told());
            match reason::reading_of(evidence.dns, &line.message) {
                Some(known) if known.cure == Cure::Person => Finding::new(summary, known.cause, known.fix),
                Some(known) => Finding::new(summary, known.cause, known.fix).heals(),
                None => match (traits_of(evidence.dns).unknown_code)(&line.message) {
                    Some(code) => Finding::new(
                        summary,
                        format!(
                            "{} refused it with a code that homelab does not know, {code}; external-dns tries again every minute",
                            traits_of(evidence.dns).words.name
                        ),
                        "read its log, and search for the code together with `external-dns`",
                    ),
                    None => Finding::new(summary, "it tries again every minute", "read its log").heals_soon(),
                },
            }
        }
        None => Finding::new(
            format!("external-dns failed in {times}"),
            "its log does not say why; it tries again every minute",
            "read its log",
        )
        .heals_soon(),
    };
    finding.look(LOG).retry_at(next_look(evidence)).into()
}
