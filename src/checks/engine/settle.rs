//! Whether looking again can help: names spread and certificates come, but another owner's record stays.

use jiff::Timestamp;

use crate::checks::engine::{Check, Heals, Report, Severity};

/// The failures that may heal by waiting.
pub fn waiting(report: &Report) -> impl Iterator<Item = &Check> {
    report.failures().filter(|check| {
        check.severity == Severity::Error
            && check.finding().is_some_and(|finding| finding.heals == Heals::Waiting)
    })
}

/// Whether the picture is final: all passed, or what failed stays so until somebody acts.
#[must_use]
pub fn settled(report: &Report) -> bool {
    waiting(report).next().is_none()
}

/// The earliest moment at which looking again makes sense, if every failure that may heal gives one: a caller whose
/// deadline is earlier need not wait.
#[must_use]
pub fn next_try(report: &Report) -> Option<Timestamp> {
    let times: Option<Vec<Timestamp>> =
        waiting(report).map(|check| check.finding().and_then(|finding| finding.retry_at)).collect();
    times?.into_iter().min()
}
