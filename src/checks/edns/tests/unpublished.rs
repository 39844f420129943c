//! `dns.publish: false`: nothing of the lab is to be in public DNS.

use super::*;

fn unpublished(change: impl FnOnce(&mut Evidence)) -> Report {
    with_cluster(|evidence| {
        evidence.unpublished = true;
        change(evidence);
    })
}

fn severity(report: &Report, wanted: CheckId) -> Severity {
    report.failures().find(|check| check.id == wanted).unwrap().severity
}

#[test]
fn what_homelab_published_before_goes_by_itself() {
    let report = unpublished(|_| ());
    assert_eq!(fails(&report), [id::RECORDS, id::EDNS_STALE]);
    for id in [id::RECORDS, id::EDNS_STALE] {
        let finding = report.failures().find(|check| check.id == id).unwrap().finding().unwrap().clone();
        assert!(finding.summary.contains("public DNS still has"), "{finding:?}");
        assert_eq!(finding.heals, Heals::Waiting);
    }
}

#[test]
fn where_nothing_is_left_both_pass() {
    let report = unpublished(|evidence| records(evidence).clear());
    for id in [id::RECORDS, id::EDNS_STALE] {
        assert!(matches!(outcome(&report, id), Outcome::Pass { .. }), "{id}");
    }
    assert!(matches!(outcome(&report, id::OWNER), Outcome::Skip { .. }));
}

#[test]
fn a_record_of_somebody_else_is_named_and_left_to_people() {
    let report = unpublished(|evidence| records(evidence).retain(|record| record.kind == "A"));
    let finding = only(&report, id::RECORDS);
    assert!(
        finding.summary.contains("192.168.1.2") && finding.summary.contains("did not write"),
        "{finding:?}"
    );
    assert_eq!((finding.heals, severity(&report, id::RECORDS)), (Heals::Never, Severity::Warning));
}
