//! The zones of organisations.

use crate::checks::engine::Report;
use crate::checks::id;
use crate::evidence::{Fault, OrganisationSeen, ParentSeen, ProviderFailure, Zone};

use super::*;

const ZONE: &str = "acme.home.example.com";

fn servers(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{name}.dns.test")).collect()
}

/// Everything as it should be.
fn healthy() -> OrganisationSeen {
    OrganisationSeen {
        name: "acme".into(),
        zone: ZONE.into(),
        namespaces: vec!["shop".into()],
        provider: Some(Ok(Zone { name: ZONE.into(), name_servers: servers(&["a", "b"]), ..Zone::default() })),
        delegation: Some(Ok(ParentSeen {
            zone: "home.example.com".into(),
            servers: servers(&["a", "b"]),
            addresses: Vec::new(),
        })),
        servers: servers(&["a", "b"]).into_iter().map(|name| (name, Ok(true))).collect(),
        ..OrganisationSeen::default()
    }
}

fn judged(change: impl FnOnce(&mut OrganisationSeen)) -> Report {
    let mut seen = healthy();
    change(&mut seen);
    let mut evidence = Evidence::new(jiff::Timestamp::UNIX_EPOCH);
    evidence.organisations = vec![seen];
    crate::checks::judge(&evidence)
}

fn told(change: impl FnOnce(&mut OrganisationSeen)) -> String {
    let report = judged(change);
    let check = report.checks.iter().find(|check| check.id == id::ORGANISATION).unwrap();
    let finding = check.finding().unwrap_or_else(|| panic!("{:?}", check.outcome));
    format!("{}\n{}\n{}", finding.summary, finding.cause, finding.fix.text)
}

fn delegates_to(seen: &mut OrganisationSeen, names: &[&str], has: Result<bool, String>) {
    seen.delegation.as_mut().unwrap().as_mut().unwrap().servers = servers(names);
    seen.servers = servers(names).into_iter().map(|name| (name, has.clone())).collect();
}

fn is_gone(seen: &mut OrganisationSeen) {
    let error = Fault::NoZone { tried: vec![ZONE.into()], sees: Vec::new() };
    let failure = ProviderFailure { message: "no zone".into(), cause: None, hint: String::new(), error };
    seen.provider = Some(Err(failure));
}

fn passes(report: &Report) -> bool {
    let check = report.checks.iter().find(|check| check.id == id::ORGANISATION).unwrap();
    matches!(check.outcome, Outcome::Pass { .. })
}

#[test]
fn a_zone_to_which_the_zone_above_leads_passes_whatever_the_case_and_the_final_dot() {
    assert!(passes(&judged(|_| ())));
    assert!(passes(&judged(|seen| delegates_to(seen, &["A", "b"], Ok(true)))));
    assert!(passes(&judged(|seen| {
        let Some(Ok(zone)) = &mut seen.provider else { return };
        zone.name_servers = vec!["a.dns.test.".into(), "b.dns.test.".into()];
    })));
}

#[test]
fn ns_records_that_lead_to_a_zone_that_is_gone_are_an_error_that_names_the_risk() {
    let told = told(|seen| {
        is_gone(seen);
        delegates_to(seen, &["a"], Ok(false));
    });
    assert!(told.contains("leads to a.dns.test, and"), "{told}");
    assert!(told.contains("can get certificates for them"), "{told}");
    assert!(
        told.contains("delete the NS records of `acme.home.example.com` in `home.example.com` now"),
        "{told}"
    );
}

#[test]
fn a_zone_that_is_nowhere_is_to_be_created() {
    let told = told(|seen| {
        is_gone(seen);
        delegates_to(seen, &[], Ok(true));
    });
    assert!(told.contains("has no zone `acme.home.example.com`"), "{told}");
}

#[test]
fn a_zone_without_delegation_is_told_of_with_the_records_to_enter() {
    let told = told(|seen| delegates_to(seen, &[], Ok(true)));
    assert!(told.contains("`home.example.com` has no NS records for `acme.home.example.com`"), "{told}");
    assert!(told.contains("a.dns.test, b.dns.test"), "{told}");
}

#[test]
fn name_servers_of_another_zone_are_named_as_a_risk() {
    let told = told(|seen| delegates_to(seen, &["a", "x"], Ok(true)));
    assert!(told.contains("to x.dns.test, which"), "{told}");
    assert!(told.contains("delete all others"), "{told}");
}

#[test]
fn a_lame_server_and_one_that_was_not_entered_are_named() {
    let lame = told(|seen| seen.servers[1].1 = Ok(false));
    assert!(lame.contains("b.dns.test do not have the zone"), "{lame}");
    let missing = told(|seen| delegates_to(seen, &["a"], Ok(true)));
    assert!(missing.contains("lacks b.dns.test"), "{missing}");
}

#[test]
fn what_was_not_seen_is_unknown_and_no_fault() {
    let unknown = |change: fn(&mut OrganisationSeen)| {
        let report = judged(change);
        let check = report.checks.iter().find(|check| check.id == id::ORGANISATION).unwrap();
        matches!(check.outcome, Outcome::Unknown { .. })
    };
    assert!(unknown(|seen| seen.delegation = None));
    assert!(unknown(|seen| seen.delegation = Some(Err("nobody answers".into()))));
    assert!(unknown(|seen| seen.servers.iter_mut().for_each(|(_, has)| *has = Err("timed out".into()))));
}
