//! Controller, records, certificates, services: one failure at a time.

use std::net::IpAddr;

use crate::checks::dns::tests::names;
use crate::checks::edns::tests as edns_tests;
use crate::checks::provider::tests as cloudflare_group;
use crate::checks::tests::*;
use crate::evidence::Transport;
use crate::evidence::tls::{Served, Trust};
use crate::ingress::nginx::FAKE_CERTIFICATE;

fn nodes_answer(answer: Result<crate::evidence::http::HttpAnswer, Transport>) -> Report {
    whole(|e| e.node_answers.iter_mut().for_each(|probe| probe.answer = answer.clone()))
}

fn serves(change: impl FnOnce(&mut Served)) -> Report {
    let mut shown = served();
    change(&mut shown);
    host(|seen| seen.tls[0].result = Ok(shown))
}

fn service(status: u16, body: &str) -> Report {
    let page = page(status, "text/html", body);
    host(|seen| (seen.http[0].result, seen.end_to_end) = (Ok(page.clone()), Some(Ok(page))))
}

/// One report for each failure here and in `dns`, for what must hold of all.
pub(in crate::checks) fn all() -> Vec<Report> {
    let mut reports = vec![
        names::rebind(),
        names::remembered(),
        nodes_answer(Err(Transport::Refused)),
        nodes_answer(Err(Transport::Timeout)),
        nodes_answer(Err(Transport::Tls("no TLS".into()))),
        nodes_answer(Ok(page(404, "text/plain", "404 page not found\n"))),
        nodes_answer(Ok(page(200, "text/html", "hello"))),
        whole(|e| e.provider = Some(Err(failure(Fault::InvalidToken)))),
        whole(|e| records(e).clear()),
        whole(|e| records(e).truncate(1)),
        whole(|e| e.certificates = Some(vec![])),
    ];
    reports.extend([502, 503, 504].map(|status| service(status, "")));
    reports.extend(cloudflare_group::all());
    reports.extend(edns_tests::all());
    reports
}

#[test]
fn traefik_on_the_ports_is_named_and_blocks_what_the_node_serves() {
    let finding = only(&nodes_answer(Ok(page(404, "text/plain", "404 page not found\n"))), id::NODE_404);
    assert!(finding.summary.contains("traefik answers at 192.168.1.2:80"));
    assert!(finding.fix.text.contains("--disable=traefik,servicelb"));
}

#[test]
fn a_refused_and_a_silent_port_have_their_own_causes() {
    let finding = only(&nodes_answer(Err(Transport::Refused)), id::NODE_404);
    assert!(finding.cause.contains("hostPort") && finding.heals == Heals::Waiting);
    let finding = only(&nodes_answer(Err(Transport::Timeout)), id::NODE_404);
    assert!(finding.cause.contains("firewall"));
}

#[test]
fn one_bad_port_is_enough_to_fail_a_node() {
    let report = whole(|e| e.node_answers[3].answer = Err(Transport::Refused));
    assert!(only(&report, id::NODE_404).summary.contains(":443"));
}

#[test]
fn an_ingress_for_every_name_leaves_no_404_to_see() {
    let report = whole(|e| {
        e.ingresses.as_mut().unwrap().push(IngressSeen { catch_all: true, ..IngressSeen::default() });
        e.node_answers.iter_mut().for_each(|probe| probe.answer = Ok(page(200, "text/html", "home page")));
    });
    assert!(matches!(outcome(&report, id::NODE_404), Outcome::Skip { .. }));
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_node_that_is_not_ready_is_passed_over_but_its_address_in_the_status_is_told() {
    let report = whole(|e| e.nodes.as_mut().unwrap()[0].ready = false);
    assert!(matches!(outcome(&report, id::NODE_404), Outcome::Skip { .. }));
    assert!(only(&report, id::STATUS).summary.contains("not ready"));
}

#[test]
fn a_node_that_serves_but_is_not_in_the_status_is_waited_for() {
    let report = whole(|e| {
        let mut second = e.node_answers[0].clone();
        second.node = "second".into();
        e.node_answers.push(second);
        let addresses = vec![IpAddr::from([192, 168, 1, 3])];
        e.nodes.as_mut().unwrap().push(NodeSeen {
            name: "second".into(),
            ready: true,
            addresses,
            ..NodeSeen::default()
        });
    });
    let found = report.failures().find(|check| check.id == id::STATUS).unwrap();
    assert!(found.finding().unwrap().summary.contains("lacks 192.168.1.3"));
    assert!(!settled(&report));
}

#[test]
fn an_empty_status_and_a_service_address_in_it_are_told() {
    let status = |addresses: Vec<IpAddr>| whole(|e| e.ingresses.as_mut().unwrap()[0].addresses = addresses);
    assert!(only(&status(vec![]), id::STATUS).summary.contains("no address"));
    assert!(only(&status(vec![[10, 43, 0, 9].into()]), id::STATUS).summary.contains("10.43.0.9"));
}

#[test]
fn a_record_of_another_owner_or_of_nobody_never_heals() {
    let report = whole(|e| {
        let txt = &mut records(e)[1];
        txt.content = txt.content.replace("owner=lab", "owner=other");
    });
    let finding = only(&report, id::OWNER);
    assert!(finding.summary.contains("belongs to `other`, not to `lab`") && finding.heals == Heals::Never);
    let finding = only(&whole(|e| records(e).truncate(1)), id::OWNER);
    assert!(finding.summary.contains("external-dns does not own") && finding.heals == Heals::Never);
}

#[test]
fn an_owner_is_found_under_another_installations_prefix_too() {
    let report = whole(|e| {
        let txt = &mut records(e)[1];
        txt.name = format!("k8s.a-{HOST}");
        txt.content = txt.content.replace("owner=lab", "owner=default");
    });
    assert!(only(&report, id::OWNER).summary.contains("belongs to `default`"));
}

#[test]
fn a_missing_record_heals_and_a_proxied_public_or_alias_record_does_not() {
    assert_eq!(only(&whole(|e| records(e).clear()), id::RECORDS).heals, Heals::Waiting);
    let proxied = only(&whole(|e| records(e)[0].proxied = true), id::RECORDS);
    assert!(proxied.summary.contains("proxied") && proxied.heals == Heals::Never);
    let public = whole(|e| records(e)[0].content = "203.0.113.5".into());
    assert!(only(&public, id::RECORDS).summary.contains("public address"));
    let alias =
        whole(|e| (records(e)[0].kind, records(e)[0].content) = ("CNAME".into(), "x.example.net".into()));
    assert!(fails(&alias).contains(&id::OWNER) || fails(&alias).contains(&id::RECORDS));
}

#[test]
fn a_stale_record_is_told_with_both_addresses() {
    let report = whole(|e| records(e)[0].content = "192.168.1.9".into());
    let finding = report.failures().next().unwrap().finding().unwrap().clone();
    assert_eq!(report.failures().next().unwrap().id, id::RECORDS);
    assert!(finding.summary.contains("192.168.1.9") && finding.summary.contains("192.168.1.2"));
}

#[test]
fn a_revoked_token_is_the_root_and_an_unreachable_provider_is_unknown() {
    let report = whole(|e| e.provider = Some(Err(failure(Fault::InvalidToken))));
    assert_eq!(only(&report, id::TOKEN).heals, Heals::Never);
    assert_eq!(outcome(&report, id::RECORDS), Outcome::Blocked { by: id::TOKEN });
    let offline = Fault::Transport { host: "api".into(), cause: Transport::Timeout };
    let report = whole(|e| e.provider = Some(Err(failure(offline))));
    assert_eq!(report.exit_code(), 3);
}

#[test]
fn each_fault_of_a_served_certificate_is_told() {
    assert_eq!(only(&serves(|s| s.leaf.subject = FAKE_CERTIFICATE.into()), id::LEAF).heals, Heals::Waiting);
    assert!(only(&serves(|s| s.leaf.names = vec!["x.test".into()]), id::LEAF).summary.contains("x.test"));
    assert!(only(&serves(|s| s.trust = Trust::UnknownIssuer), id::LEAF).summary.contains("does not trust"));
    let expired = serves(|s| s.leaf.not_after = "2026-05-30T12:00:00Z".parse().unwrap());
    assert!(only(&expired, id::LEAF).summary.contains("expired 2 days ago"));
    assert_eq!(outcome(&expired, id::RENEWAL), Outcome::Blocked { by: id::LEAF });
}

#[test]
fn a_staging_certificate_fails_unless_it_is_asked_for() {
    let staging = |s: &mut Served| {
        s.leaf.issuer = "CN=(STAGING) Wannabe Watercress R11".into();
        s.trust = Trust::UnknownIssuer;
    };
    let finding = only(&serves(staging), id::LEAF);
    assert!(finding.summary.contains("no browser trusts") && finding.heals == Heals::Never);
    let report = whole(|e| {
        e.staging = true;
        let Ok(shown) = &mut e.hosts.get_mut(HOST).unwrap().tls[0].result else { panic!() };
        staging(shown);
    });
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_late_renewal_is_a_warning_only() {
    let report = serves(|s| s.leaf.not_after = "2026-06-03T12:00:00Z".parse().unwrap());
    assert_eq!(only(&report, id::RENEWAL).heals, Heals::Never);
    assert_eq!((report.exit_code(), report.counts.warn), (0, 1));
}

#[test]
fn a_pending_certificate_says_what_cert_manager_says_and_when_it_tries_again() {
    let report = whole(|e| {
        let certificate = &mut e.certificates.as_mut().unwrap()[0];
        certificate.ready = Some(false);
        certificate.message = "the order is invalid".into();
        certificate.last_failure = Some("2026-06-01T11:00:00Z".parse().unwrap());
        certificate.failed_attempts = 2;
    });
    let finding = only(&report, id::CERTIFICATE);
    assert!(finding.summary.contains("the order is invalid") && finding.cause.contains("waits 1 h"));
    assert_eq!(finding.retry_at, Some("2026-06-01T13:00:00Z".parse().unwrap()));
}

#[test]
fn a_host_without_tls_is_skipped_and_not_failed() {
    let report = whole(|e| {
        e.ingresses.as_mut().unwrap()[0].tls_hosts.clear();
        e.certificates = Some(vec![]);
    });
    assert_eq!((report.exit_code(), report.counts.fail), (0, 0));
}

#[test]
fn redirects_logins_and_missing_pages_are_answers() {
    for status in [200, 204, 302, 401, 403, 404, 500] {
        assert_eq!(service(status, "").exit_code(), 0, "{status}");
    }
}

#[test]
fn a_gateway_error_names_the_service_behind() {
    let page = "<hr><center>nginx</center>";
    assert!(only(&service(503, page), id::ANSWER).cause.contains("no endpoints"));
    assert!(only(&service(502, page), id::ANSWER).fix.text.contains("scheme: https"));
    assert!(only(&service(504, page), id::ANSWER).cause.contains("waits for the service"));
    let body = "<center>The plain HTTP request was sent to HTTPS port</center>";
    assert!(only(&service(400, body), id::ANSWER).summary.contains("expects HTTPS"));
}
