//! One record for all names.

use super::*;
use crate::evidence::IngressSeen;
use crate::evidence::wildcard::WildcardRecord;

const STAR: &str = "*.home.example.com";
const CLAIM: &str =
    "\"heritage=external-dns,external-dns/owner=lab,external-dns/resource=ingress/homelab/wildcard-record\"";

/// The healthy lab with one record for all of its names, and one change.
fn wildcard(change: impl FnOnce(&mut Evidence)) -> Report {
    with_cluster(|evidence| {
        records(evidence).retain(|record| !record.name.ends_with(HOST));
        records(evidence).push(record(STAR, "A", "192.168.1.2"));
        records(evidence).push(record("a-homelab.wildcard.home.example.com", "TXT", CLAIM));
        evidence.wildcard = Some(WildcardRecord { name: STAR.into(), hosts: [HOST.to_owned()].into() });
        evidence.ingresses.as_mut().unwrap().push(IngressSeen {
            namespace: "homelab".into(),
            name: "wildcard-record".into(),
            class: Some("nginx".into()),
            hosts: vec![STAR.into()],
            addresses: vec![NODE.into()],
            ..IngressSeen::default()
        });
        list(evidence, "ingresses.networking.k8s.io").extend([
            json!({ "metadata": { "namespace": "homelab", "name": "wildcard-record" }, "spec": { "rules": [{ "host": STAR }] } }),
        ]);
        list(evidence, "ingresses.networking.k8s.io")[0]["metadata"]["labels"] =
            json!({ "homelab/by-wildcard": "true" });
        change(evidence);
    })
}

#[test]
fn a_name_without_a_record_is_found_by_the_wildcard_and_nothing_is_amiss() {
    let report = wildcard(|_| {});
    assert_eq!((report.exit_code(), report.failures().count()), (0, 0), "{:?}", report.failures().next());
    let saw = |id| match outcome(&report, id) {
        Outcome::Pass { saw } | Outcome::Skip { why: saw } => saw,
        other => panic!("{id}: {other:?}"),
    };
    assert_eq!(saw(id::RECORDS), "192.168.1.2 by `*.home.example.com`");
    assert!(saw(id::OWNER).contains("`*.home.example.com` answers for it"));
    assert!(saw(id::WILDCARD_RECORD).contains("192.168.1.2") && saw(id::EDNS_WILDCARD).contains(STAR));
}

#[test]
fn a_wildcard_that_is_missing_is_told_once_and_not_of_each_name() {
    let report = wildcard(|evidence| records(evidence).retain(|record| !record.name.contains('*')));
    let finding = only(&report, id::WILDCARD_RECORD);
    assert!(finding.summary.contains("`*.home.example.com`"), "{}", finding.summary);
    assert_eq!(outcome(&report, id::RECORDS), Outcome::Blocked { by: id::WILDCARD_RECORD });
}

#[test]
fn a_wildcard_of_others_is_no_record_of_the_lab() {
    let by_hand = wildcard(|evidence| records(evidence).retain(|record| !record.name.contains(".wildcard.")));
    let finding = only(&by_hand, id::WILDCARD_RECORD);
    assert!(
        finding.summary.contains("does not own the A record `*.home.example.com`"),
        "{}",
        finding.summary
    );
    assert!(finding.fix.text.contains("leave `records` out"), "{}", finding.fix.text);
    let anothers = wildcard(|evidence| {
        let claim = records(evidence).iter_mut().find(|record| record.name.contains(".wildcard.")).unwrap();
        claim.content = CLAIM.replace("owner=lab", "owner=office");
    });
    assert!(only(&anothers, id::WILDCARD_RECORD).summary.contains("belongs to `office`"));
}

/// A stranger's record of the name itself comes before every wildcard.
#[test]
fn a_strangers_record_of_one_name_is_named_and_the_others_go_on() {
    let report = wildcard(|evidence| records(evidence).push(record(HOST, "A", "10.9.9.9")));
    let finding = only(&report, id::OWNER);
    assert!(finding.summary.contains(&format!("the A record `{HOST}` (10.9.9.9)")), "{}", finding.summary);
    assert!(finding.cause.contains("comes before the wildcard record"), "{}", finding.cause);
    assert!(matches!(outcome(&report, id::WILDCARD_RECORD), Outcome::Pass { .. }));
}

/// RFC 4592: with any record at the name or below it, it exists, and has no address.
#[test]
fn a_record_of_another_kind_or_below_the_name_hides_the_wildcard_and_is_named() {
    for (name, kind) in [(format!("_acme-challenge.{HOST}"), "TXT"), (HOST.to_owned(), "MX")] {
        let report = wildcard(|evidence| records(evidence).push(record(&name, kind, "x")));
        let finding = only(&report, id::RECORDS);
        assert!(finding.summary.contains(&format!("does not answer for `{HOST}`")), "{}", finding.summary);
        assert!(finding.summary.contains(&format!("{kind} `{name}`")), "{}", finding.summary);
    }
}

#[test]
fn a_record_of_the_labs_own_that_is_left_over_works_and_is_told() {
    let report = wildcard(|evidence| {
        let text = CLAIM.replace("wildcard-record", "whoami");
        records(evidence).push(record(HOST, "A", "192.168.1.2"));
        records(evidence).push(record(&format!("a-homelab.{HOST}"), "TXT", &text));
    });
    let finding = only(&report, id::EDNS_STALE);
    assert!(finding.summary.contains("it hides the wildcard record"), "{}", finding.summary);
    assert_eq!(report.exit_code(), 0);
}
