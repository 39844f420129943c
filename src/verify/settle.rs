//! Whether looking again can help: names spread and certificates come, but another owner's record stays.

use jiff::Timestamp;

use super::{
    model::{Check, Heals, Severity},
    report::Report,
};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{
        model::{CheckId, Finding, Judged, Subject, Vantage},
        registry::id,
    };

    fn report(findings: Vec<(CheckId, Finding)>) -> Report {
        let judged = |(id, finding): (CheckId, Finding)| Judged {
            id,
            subject: Subject::host("a"),
            vantage: Vantage::System,
            outcome: finding.into(),
        };
        Report::assemble(findings.into_iter().map(judged).collect())
    }

    fn finding() -> Finding {
        Finding::new("s", "c", "f")
    }

    #[test]
    fn a_report_is_settled_when_nothing_left_can_heal() {
        assert!(settled(&report(vec![])));
        assert!(settled(&report(vec![(id::REBIND, finding())])));
        assert!(!settled(&report(vec![(id::REBIND, finding()), (id::CERTIFICATE, finding().heals())])));
    }

    #[test]
    fn a_warning_is_not_waited_for() {
        assert!(settled(&report(vec![(id::RENEWAL, finding().heals())])));
    }

    #[test]
    fn the_next_try_is_known_only_when_every_failure_gives_one() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let late = (id::CERTIFICATE, finding().heals().retry_at(at(200)));
        let early = (id::NEGATIVE_CACHE, finding().heals().retry_at(at(100)));
        assert_eq!(next_try(&report(vec![late.clone(), early])), at(100));
        assert_eq!(next_try(&report(vec![late, (id::AUTHORITATIVE, finding().heals())])), None);
        assert_eq!(next_try(&report(vec![])), None);
    }
}
