//! What external-dns is refused, at a provider whose refusals are of many kinds.

use super::*;
use crate::config::Provider;

const ZONE: &str = "arn:aws:route53:::hostedzone/Z1";

/// A run that failed for this.
fn refused(status: u16, said: &str) -> Report {
    let message = format!(
        "Failed submitting change (error: operation error Route 53: ChangeResourceRecordSets, https response error StatusCode: {status}, RequestID: 01234567-89ab-cdef-0123-456789abcdef, {said}), it will be retried in a separate change batch in the next iteration"
    );
    let log = json!({ "level": "error", "msg": message, "profile": "default", "zoneID": "Z1", "zoneName": "example.com." });
    with_cluster(|e| {
        e.dns = Provider::Route53;
        says(e, &log.to_string());
        e.token.as_mut().unwrap().edit = None;
        e.external_dns = Some(ExternalDnsSeen { metrics: Ok(SyncSeen { soft_errors: 2, ..synced() }) });
    })
}

fn denied(why: &str) -> Finding {
    let said = format!(
        "api error AccessDenied: User: arn:aws:iam::123456789012:user/homelab is not authorized to perform: route53:ChangeResourceRecordSets on resource: {ZONE} {why}"
    );
    only(&refused(403, &said), id::DNS_EDIT)
}

#[test]
fn the_record_that_is_refused_is_named_and_is_no_matter_of_waiting() {
    let said = "[Tried to create resource record set [name='a-homelab.photos.example.com.', type='TXT'] but it already exists]";
    let finding = only(&refused(400, &format!("InvalidChangeBatch: {said}")), id::EDNS_SYNC);
    assert!(finding.summary.ends_with(&format!("InvalidChangeBatch: {said}")), "{}", finding.summary);
    assert!(finding.cause.contains("exists already") && finding.heals == Heals::Never, "{finding:?}");
}

#[test]
fn a_right_that_is_missing_is_to_be_allowed_and_one_that_is_denied_is_not() {
    let missing =
        denied("because no identity-based policy allows the route53:ChangeResourceRecordSets action");
    assert!(missing.fix.text.starts_with("allow `route53:ChangeResourceRecordSets`"), "{missing:?}");
    for (why, fix) in [
        ("with an explicit deny in an identity-based policy", "remove the statement that denies it"),
        ("with an explicit deny in a service control policy", "management account"),
        (
            "because no permissions boundary allows the route53:ChangeResourceRecordSets action",
            "permissions boundary",
        ),
    ] {
        let finding = denied(why);
        assert!(finding.fix.text.contains(fix), "{why}: {finding:?}");
        assert!(finding.summary.contains(&why[..30]), "{}", finding.summary);
    }
}

#[test]
fn changes_without_fields_are_counted_by_their_words() {
    let line = |time: &str| {
        let message = format!("Desired change: UPSERT {HOST} A");
        format!("{}\n", json!({ "level": "info", "msg": message, "zoneName": "example.com.", "time": time }))
    };
    let report = with_cluster(|e| {
        e.dns = Provider::Route53;
        records(e)[0].content = "192.168.1.77".into();
        let log: String =
            ["11:53:00", "11:54:00", "11:55:00"].map(|at| line(&format!("2026-06-01T{at}Z"))).concat();
        says(e, &log);
    });
    let check = report.checks.iter().find(|check| check.id == id::RECORDS).unwrap();
    let cause = &check.finding().unwrap().cause;
    assert!(cause.contains("wrote the record 3 times"), "{cause}");
}
