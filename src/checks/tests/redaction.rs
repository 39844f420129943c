//! What is given away in a bundle leads to the same outcomes as what was seen.

use std::collections::BTreeSet;

use super::*;
use crate::evidence::redact;

/// Checks that come to something else on what is given away, and why.
const OTHERWISE: [(&str, &str); 0] = [];

/// Called by every fixture's judgement: what is given away leads to the same outcomes as what was seen. A new check that reads
/// a field has to name it in `kept.rs`.
pub(crate) fn comes_to_the_same(evidence: &Evidence, report: &Report) {
    let Some(cluster) = &evidence.cluster else { return };
    let given = Evidence { cluster: Some(redact::allowed(cluster)), ..evidence.clone() };
    let again = report_of(judged(&given));
    let outcomes = |report: &Report| -> BTreeSet<String> {
        let counts = |check: &&Check| !OTHERWISE.iter().any(|(id, _)| *id == check.id.as_str());
        report.checks.iter().filter(counts).map(told).collect()
    };
    let (seen, given) = (outcomes(report), outcomes(&again));
    let missed: Vec<_> = seen.symmetric_difference(&given).collect();
    assert!(
        missed.is_empty(),
        "a bundle leads to another outcome: name the field in redact/kept.rs: {missed:#?}"
    );
}

fn told(check: &Check) -> String {
    let outcome = match &check.outcome {
        Outcome::Pass { .. } => "pass",
        Outcome::Fail(_) => "fail",
        Outcome::Skip { .. } => "skip",
        Outcome::Blocked { .. } => "blocked",
        Outcome::Unknown { .. } => "unknown",
    };
    format!("{} {:?} {:?} {outcome}", check.id, check.subject, check.vantage)
}

#[test]
fn every_exception_is_a_check_that_exists_with_its_reason() {
    for (id, reason) in OTHERWISE {
        let known = checks().map(|def| def.id).any(|known: CheckId| known.as_str() == id);
        assert!(known && reason.len() > 10, "{id}");
    }
}
