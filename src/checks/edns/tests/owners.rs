//! Every shape in which another one may own a record.

use crate::checks::edns::tests::*;

/// The finding about the owner of a record whose TXT record has that name and text.
fn owned_by(name: &str, text: &str) -> Finding {
    let report = with_cluster(|e| {
        records(e).retain(|record| record.kind != "TXT");
        records(e).push(record(name, "TXT", text));
    });
    only(&report, id::OWNER)
}

fn heritage(owner: &str) -> String {
    format!(
        "\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/homelab/whoami\""
    )
}

#[test]
fn this_labs_owner_under_another_name_is_not_read_and_said_so() {
    let (label, parent) = HOST.split_once('.').unwrap();
    let cases = [
        (format!("k8s.a-{HOST}"), "`--txt-prefix=k8s.`"),
        (format!("a-k8s.{HOST}"), "`--txt-prefix=%{record_type}-k8s.`"),
        (format!("a-{HOST}"), "without `--txt-prefix`"),
        (format!("a-{label}-txt.{parent}"), "`--txt-suffix=-txt`"),
        (HOST.to_owned(), "before 0.12"),
        (format!("cname-homelab.{HOST}"), "of another type than the record"),
    ];
    for (name, said) in cases {
        let finding = owned_by(&name, &heritage("lab"));
        assert!(
            finding.summary.contains(&format!("is marked as `lab`'s by the TXT record `{name}`")),
            "{}",
            finding.summary
        );
        assert!(finding.cause.contains(said), "{name}: {}", finding.cause);
        assert!(finding.fix.text.contains(&name) && finding.fix.commands.is_empty());
    }
}

#[test]
fn a_stranger_is_named_with_the_form_of_his_txt_record() {
    let finding = owned_by(&format!("k8s.a-{HOST}"), &heritage("other"));
    assert!(finding.summary.contains("belongs to `other`") && finding.cause.contains("`--txt-prefix=k8s.`"));
    assert!(finding.fix.text.contains("if that cluster no longer exists") && finding.fix.commands.is_empty());
}

#[test]
fn an_encrypted_owner_is_not_guessed() {
    let cipher = format!("\"{}\"", "Ab3/+9zQ".repeat(10));
    for name in [format!("a-homelab.{HOST}"), format!("k8s.a-{HOST}")] {
        let finding = owned_by(&name, &cipher);
        assert!(
            finding.summary.contains("seems encrypted") && finding.cause.contains("txt-encrypt"),
            "{name}"
        );
    }
}

#[test]
fn the_txt_record_of_a_longer_name_is_not_this_ones() {
    let report = with_cluster(|e| {
        records(e).push(record(&format!("web.{HOST}"), "A", "192.168.1.2"));
        records(e).push(record(&format!("a-homelab.web.{HOST}"), "TXT", &heritage("other")));
    });
    assert!(matches!(outcome(&report, id::OWNER), Outcome::Pass { .. }));
}

#[test]
fn a_record_of_a_kind_that_is_not_kept_is_no_matter_of_its_owner() {
    let report = with_cluster(|e| {
        let args = &mut list(e, "deployments.apps")[0]["spec"]["template"]["spec"]["containers"][0]["args"];
        let kinds = ["--managed-record-types=A", "--managed-record-types=CNAME"];
        args.as_array_mut().unwrap().extend(kinds.map(|kind| json!(kind)));
        records(e).insert(0, record(HOST, "AAAA", "fd00::1"));
    });
    assert!(matches!(outcome(&report, id::OWNER), Outcome::Pass { .. }));
}
