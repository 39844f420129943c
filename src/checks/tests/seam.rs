//! The judges on another provider: none of them speaks of Cloudflare.

use super::*;
use crate::config::Provider;
use crate::provider;

/// The broken labs of all groups, at the provider of the tests.
fn at_paper(change: impl Fn(&mut Evidence)) -> Report {
    whole(|evidence| {
        evidence.dns = Provider::Paper;
        change(evidence);
    })
}

#[test]
fn findings_about_another_provider_have_its_words_and_nobody_elses() {
    let refused = |fault: Fault| {
        at_paper(move |e| e.provider = Some(Err(provider::failure(Provider::Paper, fault.clone()))))
    };
    let permission = crate::evidence::Permission::DnsEdit;
    let reports = [
        refused(Fault::InvalidToken),
        refused(Fault::Malformed { code: 1 }),
        refused(Fault::Disabled),
        refused(Fault::Expired { on: None }),
        refused(Fault::Location { said: "no".into() }),
        refused(Fault::MissingPermission { permission }),
        refused(Fault::NoZone { tried: vec!["a.test".into()], sees: vec![] }),
        refused(Fault::ZoneNotActive { name: "a.test".into(), status: "new".into(), servers: vec![] }),
        refused(Fault::RateLimited { retry_after: None }),
        refused(Fault::Server { status: 500 }),
        refused(Fault::Refused { status: 400, code: 1, message: "no".into() }),
        at_paper(|e| records(e)[0].kind = "CNAME".into()),
        at_paper(|e| records(e)[1].content = "heritage=external-dns,external-dns/owner=b".into()),
        at_paper(|e| drop(records(e).pop())),
        at_paper(|e| e.token = None),
        at_paper(|_| ()),
    ];
    let mut named = 0;
    for report in &reports {
        for check in &report.checks {
            // What a check is called, and the name of its group, are the same everywhere.
            let said = match &check.outcome {
                Outcome::Fail(finding) => serde_json::json!(finding).to_string(),
                Outcome::Pass { saw } => saw.clone(),
                Outcome::Skip { why } | Outcome::Unknown { why } => why.clone(),
                Outcome::Blocked { .. } => String::new(),
            };
            assert!(!said.to_lowercase().contains("cloudflare"), "{}: {said}", check.id);
            named += usize::from(said.contains("Paper") || said.contains("drawer"));
        }
    }
    assert!(named > 10, "only {named} texts name the provider");
}

#[test]
fn the_log_of_external_dns_is_read_with_another_providers_words() {
    assert_eq!(
        crate::checks::edns::reason::reading_of(Provider::Paper, "the pencil is blunt").map(|row| row.fix),
        Some("sharpen it")
    );
    assert!(crate::checks::edns::reason::reading_of(Provider::Cloudflare, "the pencil is blunt").is_none());
}
