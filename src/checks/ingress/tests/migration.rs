//! What another controller would read otherwise.

use serde_json::json;

use crate::checks::ingress::tests::*;
use crate::config::Controller;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// An Ingress of somebody's own, with these annotations.
fn with(annotations: &[(&str, &str)], controller: Controller) -> Report {
    let all: serde_json::Map<String, Value> =
        annotations.iter().map(|(key, value)| (format!("{PREFIX}{key}"), json!(value))).collect();
    asked(move |evidence| {
        evidence.controller = controller;
        ingresses(evidence)[0]["metadata"]["annotations"] = Value::Object(all);
    })
}

#[test]
fn what_the_other_controller_does_not_read_is_listed_with_what_keeps_somebody_out_first() {
    let report = with(
        &[("mirror-target", "http://a"), ("denylist-source-range", "10.0.0.0/8"), ("limit-rps", "5")],
        Controller::IngressNginx,
    );
    let finding = only(&report, id::MIGRATION);
    assert_eq!(
        finding.summary,
        "Ingress `homelab/whoami` has annotations that `ingress.controller: traefik` reads otherwise or not at all: \
         `denylist-source-range`, `mirror-target`"
    );
    assert!(finding.cause.starts_with("`denylist-source-range`: it is ignored: everybody may come in"));
    assert!(finding.fix.text.contains("`allowlist-source-range`"), "{finding:?}");
}

#[test]
fn annotations_that_are_read_alike_are_none() {
    for annotations in [
        &[("auth-type", "basic"), ("auth-secret", "users"), ("proxy-body-size", "0")][..],
        &[("proxy-body-size", "10m"), ("proxy-request-buffering", "on")],
        &[("satisfy", "all"), ("ssl-passthrough", "false")],
    ] {
        assert_eq!(fails(&with(annotations, Controller::IngressNginx)), [], "{annotations:?}");
    }
}

#[test]
fn the_doctor_speaks_of_it_only_when_it_is_asked() {
    assert!(crate::checks::is_asked(id::MIGRATION) && !crate::checks::is_asked(id::ANNOTATIONS));
}

#[test]
fn where_that_controller_runs_already_the_doctor_says_so_unasked() {
    let at_traefik = |annotations: &[(&str, &str)]| {
        let report = with(annotations, Controller::Traefik);
        let found =
            report.checks.iter().find(|check| check.id == id::ANNOTATIONS && check.finding().is_some());
        found.map(|check| (check.severity, check.finding().unwrap().summary.clone()))
    };
    let (severity, summary) = at_traefik(&[("mirror-target", "http://a")]).unwrap();
    assert_eq!(severity, Severity::Warning);
    assert!(summary.contains("`mirror-target`"), "{summary}");
    assert_eq!(at_traefik(&[("denylist-source-range", "10.0.0.0/8")]).unwrap().0, Severity::Error);
    assert_eq!(at_traefik(&[("limit-rps", "5")]), None);
}

#[test]
fn a_name_that_the_controller_does_not_know_is_told_with_the_one_that_was_meant() {
    let told = |annotations: &[(&str, &str)]| {
        let report = with(annotations, Controller::IngressNginx);
        let found =
            report.checks.iter().find(|check| check.id == id::ANNOTATIONS && check.finding().is_some());
        found.map(|check| (check.severity, check.finding().unwrap().clone()))
    };
    let (severity, finding) = told(&[("proxy-bodysize", "0"), ("proxy-body-size", "0")]).unwrap();
    assert_eq!(severity, Severity::Warning);
    assert!(finding.summary.ends_with("not at all: `proxy-bodysize`"), "{}", finding.summary);
    assert!(finding.fix.text.contains("did you mean `proxy-body-size`?"), "{}", finding.fix.text);
    assert_eq!(
        told(&[("rewrite-target", "/"), ("auth-tls-match-cn", "CN=ada"), ("use-regex", "true")]),
        None
    );
}
