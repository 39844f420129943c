//! CAA records.

use crate::checks::cm::tests::*;
use crate::evidence::dns::AskError;

/// The CAA records of one name.
fn restricted(name: &str, answers: &[(&str, &str)]) -> Report {
    lab(|e| drop(acme(e).caa.as_mut().unwrap().insert(name.into(), caa(answers))))
}

#[test]
fn the_first_name_with_caa_records_decides() {
    let report = restricted("example.com", &[("issue", "sectigo.com"), ("iodef", "mailto:a@b")]);
    let finding = only(&report, id::CAA);
    assert!(
        finding.summary.contains("`example.com` do not let letsencrypt.org issue: `0 issue \"sectigo.com\"`")
    );
    assert!(finding.fix.text.contains("`example.com CAA 0 issue \"letsencrypt.org\"`"));
    assert_eq!(report.exit_code(), 0, "the certificate that is there still serves");
    let below = lab(|e| {
        let all = acme(e).caa.as_mut().unwrap();
        all.insert("example.com".into(), caa(&[("issue", ";")]));
        all.insert(HOST.into(), caa(&[("issue", "letsencrypt.org; validationmethods=dns-01")]));
    });
    assert_eq!(below.failures().count(), 0);
}

#[test]
fn an_empty_name_forbids_all_and_a_contact_alone_nobody() {
    assert!(only(&restricted("com", &[("issue", ";")]), id::CAA).summary.contains("`com`"));
    assert_eq!(restricted("example.com", &[("iodef", "mailto:a@b")]).failures().count(), 0);
    let own = |value: &str| {
        let value = value.to_owned();
        lab(move |e| {
            acme(e).wanted.server = "https://ca.home.arpa/acme".into();
            acme(e).caa.as_mut().unwrap().insert("example.com".into(), caa(&[("issue", &value)]));
        })
    };
    assert!(only(&own(";"), id::CAA).summary.contains("let no authority issue"));
    assert!(matches!(outcome(&own("letsencrypt.org"), id::CAA), Outcome::Skip { .. }));
}

#[test]
fn servers_that_cannot_answer_for_caa_forbid_and_such_as_are_silent_are_unknown() {
    let servfail = lookup("ada.ns", reply(Rcode::ServFail, &[]));
    let report = lab(|e| drop(acme(e).caa.as_mut().unwrap().insert("example.com".into(), servfail)));
    assert!(only(&report, id::CAA).summary.contains("SERVFAIL"));
    let silent = Lookup { server: "ada.ns".into(), result: Err(AskError::Timeout) };
    let report = lab(|e| drop(acme(e).caa.as_mut().unwrap().insert(HOST.into(), silent)));
    assert!(matches!(outcome(&report, id::CAA), Outcome::Unknown { .. }));
    let report = lab(|e| acme(e).caa = None);
    assert!(matches!(outcome(&report, id::CAA), Outcome::Skip { .. }));
}
