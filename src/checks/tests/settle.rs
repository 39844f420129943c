//! Whether looking again can help.

use std::time::Duration;

use jiff::Timestamp;

use super::*;

fn report(findings: Vec<(CheckId, Finding)>) -> Report {
    let judged = |(id, finding): (CheckId, Finding)| Judged {
        id,
        subject: Subject::host("a"),
        vantage: Vantage::System,
        outcome: finding.into(),
    };
    report_of(findings.into_iter().map(judged).collect())
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
        waited_for(&report, Duration::from_secs(seconds), Timestamp::MAX, |_| owner).count()
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
fn up_does_not_wait_for_what_lasts_longer_than_it_waits() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let cached = (id::NEGATIVE_CACHE, finding().heals().retry_at(Some(at(1740))));
    let record = (id::AUTHORITATIVE, finding().heals());
    let left = |findings, until| waited_for(&report(findings), Duration::ZERO, at(until), |_| None).count();
    assert_eq!(left(vec![cached.clone()], 300), 0);
    assert_eq!(left(vec![cached.clone()], 1740), 1);
    // Another name may still come.
    assert_eq!(left(vec![cached, record], 300), 1);
}

#[test]
fn what_is_better_soon_or_not_at_all_is_waited_for_a_moment() {
    let report = report(vec![(id::NODE_404, finding().heals_soon())]);
    let left = |seconds| {
        waited_for(&report, Duration::from_secs(seconds), Timestamp::MAX, |_| Some(Theirs::Machine)).count()
    };
    assert_eq!((left(89), left(90)), (1, 0));
    assert!(!settled(&report), "somebody who has just begun to look may see it end");
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
