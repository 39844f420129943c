//! Whether looking again can help: names spread and certificates come, but another owner's record stays.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    model::{Check, Heals, Severity},
    registry::id,
    report::Report,
};

/// The failures that may heal by waiting.
pub fn waiting(report: &Report) -> impl Iterator<Item = &Check> {
    report.failures().filter(|check| {
        check.severity == Severity::Error
            && check.finding().is_some_and(|finding| finding.heals == Heals::Waiting)
    })
}

/// Who has to start what a name leads to, where that is not homelab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theirs {
    /// A machine outside the cluster. When it is off, somebody has to switch it on.
    Machine,
    /// A program in the cluster. Its pods may still be starting, after the machine was switched on.
    Pods,
}

impl Theirs {
    /// How long `up` looks on while it does not answer: nginx takes a new backend in within a few seconds.
    pub const fn patience(self) -> Duration {
        match self {
            Self::Machine => Duration::from_secs(10),
            Self::Pods => Duration::from_secs(90),
        }
    }
}

/// The failures that `up` waits for when it has looked for so long already. That a service does not answer heals by
/// waiting for its owner, not for homelab; `owner` tells who that is, by the name of the host.
pub fn waited_for(
    report: &Report,
    so_long: Duration,
    owner: impl Fn(&str) -> Option<Theirs>,
) -> impl Iterator<Item = &Check> {
    waiting(report).filter(move |check| {
        let answer = [id::ANSWER, id::END_TO_END].contains(&check.id);
        let owner = check.subject.host.as_deref().filter(|_| answer).and_then(&owner);
        owner.is_none_or(|owner| so_long < owner.patience())
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
    fn up_waits_for_an_answer_only_as_long_as_its_owner_may_need() {
        let left = |id, owner, seconds| {
            let report = report(vec![(id, finding().heals())]);
            waited_for(&report, Duration::from_secs(seconds), |_| owner).count()
        };
        for (owner, last) in [(Theirs::Machine, 9), (Theirs::Pods, 89)] {
            assert_eq!(left(id::ANSWER, Some(owner), last), 1);
            assert_eq!(left(id::ANSWER, Some(owner), last + 1), 0);
            assert_eq!(left(id::END_TO_END, Some(owner), last + 1), 0);
            // The record and the certificate of the same name are homelab's.
            assert_eq!(left(id::AUTHORITATIVE, Some(owner), 299), 1);
        }
        assert_eq!(left(id::ANSWER, None, 299), 1);
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
