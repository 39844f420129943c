//! What a run for a few names is judged by and waits for: these names, and what they depend on. What is wrong with other names
//! is theirs.

use std::borrow::Cow;

use crate::checks::{self, Report, Severity};
use crate::cluster::Awaited;
use crate::desired::object::Component;
use crate::plan::{Plan, Snapshot};

/// What is judged: all without `names`.
pub(super) fn judged<'r>(report: &'r Report, names: Option<&[String]>) -> Cow<'r, Report> {
    match names {
        None => Cow::Borrowed(report),
        Some(names) => Cow::Owned(report.clone().of_hosts(names, checks::in_up)),
    }
}

/// The other names that something is wrong with.
pub(super) fn others<'r>(report: &'r Report, names: &[String]) -> Vec<&'r str> {
    let wrong = report.failures().filter(|check| check.severity == Severity::Error);
    let hosts = wrong.filter_map(|check| check.subject.host.as_deref());
    let mut others: Vec<&str> = hosts.filter(|host| !names.iter().any(|name| name == host)).collect();
    others.sort_unstable();
    others.dedup();
    others
}

/// Leaves out what was there before and is not changed: a program of another name that does not start is not waited for.
pub(super) fn wait_for_own(awaited: &mut Awaited, plan: &Plan, snapshot: &Snapshot) {
    awaited.objects.retain(|key, (component, _)| {
        *component != Component::Services
            || !snapshot.objects.contains_key(key)
            || plan.apply.iter().any(|change| change.object.key == *key)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{CheckId, Finding, Judged, Outcome, Subject, Vantage, id, report_of};

    fn report(all: Vec<(CheckId, Subject, Outcome)>) -> Report {
        let judged = |(id, subject, outcome)| Judged { id, subject, vantage: Vantage::Api, outcome };
        report_of(all.into_iter().map(judged).collect())
    }

    fn fail() -> Outcome {
        Finding::new("s", "c", "f").into()
    }

    fn pass() -> Outcome {
        Outcome::Pass { saw: "x".into() }
    }

    fn exit(report: &Report) -> u8 {
        judged(report, Some(&["nas.example.com".to_owned()])).exit_code()
    }

    #[test]
    fn another_names_trouble_is_not_this_ones() {
        let report = report(vec![
            (id::HANDSHAKE, Subject::host("nas.example.com"), pass()),
            (id::HANDSHAKE, Subject::host("tv.example.com"), fail()),
            // A pod of somebody's that does not run.
            (id::APP_PODS, Subject::default(), fail()),
        ]);
        assert_eq!((exit(&report), judged(&report, None).exit_code()), (0, 1));
        assert_eq!(others(&report, &["nas.example.com".to_owned()]), ["tv.example.com"]);
    }

    #[test]
    fn its_own_trouble_and_that_of_what_it_depends_on_is() {
        let own = |outcome| (id::HANDSHAKE, Subject::host("nas.example.com"), outcome);
        assert_eq!(exit(&report(vec![own(fail())])), 1);
        assert_eq!(exit(&report(vec![(id::NODE_404, Subject::default(), fail()), own(pass())])), 1);
        let behind = (id::ENDPOINTS, Subject::host("nas.example.com"), pass());
        let pods = (id::APP_PODS, Subject::default(), fail());
        let answer = (id::ANSWER, Subject::host("nas.example.com"), Outcome::Blocked { by: id::APP_PODS });
        assert_eq!(exit(&report(vec![pods, behind, answer])), 1);
    }
}
