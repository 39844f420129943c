//! Certificates of no service: judged by their place, and never taken for that of a host.

use super::*;
use crate::evidence::ExtraSeen;
use crate::facts::authority::ISSUER;

const PLACE: &str = "qa/wildcard-tls";

fn extra() -> ExtraSeen {
    ExtraSeen {
        namespace: "qa".into(),
        secret: "wildcard-tls".into(),
        hosts: vec!["*.home.example.com".into()],
        by_authority: false,
    }
}

/// The healthy lab with one more certificate, a wildcard that covers its host too, and one change.
fn with_extra(change: impl FnOnce(&mut Evidence)) -> Report {
    lab(|e| {
        e.extra = vec![extra()];
        let mut seen = e.certificates.as_ref().unwrap()[0].clone();
        (seen.namespace, seen.name, seen.hosts) = ("qa".into(), "wildcard-tls".into(), extra().hosts);
        seen.not_after = "2026-08-01T00:00:00Z".parse().ok();
        seen.renewal = "2026-07-01T00:00:00Z".parse().ok();
        // Before the host's own, as any order may be.
        e.certificates.as_mut().unwrap().insert(0, seen);
        let mut certificate = items(e, CERTIFICATES)[0].clone();
        certificate["metadata"] = json!({ "namespace": "qa", "name": "wildcard-tls" });
        certificate["spec"]["secretName"] = "wildcard-tls".into();
        certificate["spec"]["dnsNames"] = json!(extra().hosts);
        items(e, CERTIFICATES).insert(0, certificate);
        let mut held = SecretSeen { leaf: served().leaf, chain: 2 };
        held.leaf.names = extra().hosts;
        acme(e).secrets.as_mut().unwrap().insert(PLACE.into(), Ok(held));
        change(e);
    })
}

fn seen(e: &mut Evidence) -> &mut CertificateSeen {
    &mut e.certificates.as_mut().unwrap()[0]
}

fn leaf(e: &mut Evidence) -> &mut crate::evidence::tls::Leaf {
    &mut acme(e).secrets.as_mut().unwrap().get_mut(PLACE).unwrap().as_mut().unwrap().leaf
}

/// The one failure, which must be the extra certificate's.
fn finding(id: CheckId, change: impl FnOnce(&mut Evidence)) -> Finding {
    let report = with_extra(change);
    let failures: Vec<&Check> = report.failures().collect();
    let [check] = failures.as_slice() else { panic!("{failures:#?}") };
    assert_eq!((check.id, check.subject.host.as_deref()), (id, Some(PLACE)));
    check.finding().unwrap().clone()
}

#[test]
fn one_that_is_well_passes_each_check_under_its_own_place() {
    let report = with_extra(|_| ());
    assert_eq!(report.failures().count(), 0, "{:#?}", report.failures().collect::<Vec<_>>());
    for id in [id::CERTIFICATE, id::CHALLENGE, id::SELFCHECK, id::CAA, id::ACME_RATE_LIMIT, id::STORED] {
        let own = report.checks.iter().find(|one| one.id == id && one.subject.host.as_deref() == Some(PLACE));
        assert!(matches!(own.map(|one| &one.outcome), Some(Outcome::Pass { .. })), "{id}: {own:?}");
    }
}

#[test]
fn a_wildcard_of_no_service_is_not_taken_for_the_certificate_of_a_host() {
    let report = with_extra(|e| {
        e.certificates.as_mut().unwrap().remove(1);
        items(e, CERTIFICATES).remove(1);
    });
    let missing: Vec<&str> = report
        .failures()
        .filter(|one| one.id == id::CERTIFICATE)
        .filter_map(|one| one.subject.host.as_deref())
        .collect();
    assert_eq!(missing, [HOST]);
    // Signed by the lab's own authority, it says nothing of who signs for the host.
    let report = with_extra(|e| {
        e.extra[0].by_authority = true;
        seen(e).issuer = ISSUER.into();
    });
    let of = |host: &str| {
        let found =
            report.checks.iter().find(|one| one.id == id::CAA && one.subject.host.as_deref() == Some(host));
        found.unwrap().outcome.clone()
    };
    assert!(matches!(of(HOST), Outcome::Pass { .. }) && matches!(of(PLACE), Outcome::Skip { .. }));
}

#[test]
fn an_ingress_of_somebody_may_name_its_secret_and_is_then_served_by_it() {
    let mut evidence = Evidence::new(now());
    evidence.extra = vec![extra()];
    let mut certificate = CertificateSeen { hosts: extra().hosts, ..CertificateSeen::default() };
    (certificate.namespace, certificate.name) = ("qa".into(), "wildcard-tls".into());
    evidence.certificates = Some(vec![certificate]);
    let host = "wiki.home.example.com";
    assert_eq!(evidence.certificates_of(host).count(), 0);
    let ingress = |namespace: &str, secret: &str| IngressSeen {
        namespace: namespace.into(),
        hosts: vec![host.into()],
        tls_secret: Some(secret.into()),
        ..IngressSeen::default()
    };
    for (namespace, secret, count) in
        [("dev", "wildcard-tls", 0), ("qa", "other", 0), ("qa", "wildcard-tls", 1)]
    {
        evidence.ingresses = Some(vec![ingress(namespace, secret)]);
        assert_eq!(evidence.certificates_of(host).count(), count, "{namespace}/{secret}");
    }
}

#[test]
fn one_that_is_not_there_or_whose_issuer_is_gone_is_written_again_by_up() {
    let told = finding(id::CERTIFICATE, |e| {
        e.certificates.as_mut().unwrap().remove(0);
        items(e, CERTIFICATES).remove(0);
    });
    assert!(told.summary.contains("there is no Certificate `qa/wildcard-tls`"), "{told:?}");
    assert_eq!(told.fix.commands, ["homelab up"]);
    let told = finding(id::CERTIFICATE, |e| {
        seen(e).ready = Some(false);
        let certificate = &mut items(e, CERTIFICATES)[0];
        certificate["spec"]["issuerRef"]["name"] = "gone".into();
        certificate["status"]["conditions"] = json!([]);
        e.cluster
            .as_mut()
            .unwrap()
            .objects
            .0
            .insert("issuers.cert-manager.io".into(), Listing::Items(vec![]));
    });
    assert!(told.summary.contains("ClusterIssuer `gone`, which does not exist"), "{told:?}");
    assert_eq!(told.fix.commands, ["homelab up"]);
}

#[test]
fn a_caa_record_that_forbids_one_of_its_names_is_its_failure_alone() {
    let told = finding(id::CAA, |e| {
        let answers = acme(e).caa.as_mut().unwrap();
        answers.insert("home.example.com".into(), caa(&[("issue", "letsencrypt.org"), ("issuewild", ";")]));
    });
    assert!(told.summary.contains("`home.example.com`"), "{told:?}");
}

#[test]
fn what_its_secret_holds_is_held_against_what_was_asked_for() {
    let told = finding(id::STORED, |e| e.extra[0].hosts.push("home.example.com".into()));
    assert!(told.summary.contains("is not for `home.example.com`"), "{told:?}");
    assert_eq!(told.fix.commands, ["homelab renew qa/wildcard-tls"]);
    let told = finding(id::STORED, |e| drop(acme(e).secrets.as_mut().unwrap().remove(PLACE)));
    assert!(told.summary.contains("there is no Secret `qa/wildcard-tls`"), "{told:?}");
    let told = finding(id::STORED, |e| leaf(e).issuer = "(STAGING) Let's Encrypt".into());
    assert!(told.summary.contains("which nobody trusts"), "{told:?}");
    let told = finding(id::STORED, |e| leaf(e).not_after = "2026-05-01T12:00:00Z".parse().unwrap());
    assert!(told.summary.contains("expired 31 days ago"), "{told:?}");
}

#[test]
fn a_renewal_that_is_late_is_told_by_what_cert_manager_planned_also_to_who_reads_no_secret() {
    for reads in [true, false] {
        let report = with_extra(|e| {
            if !reads {
                acme(e).secrets = None;
                e.cluster.as_mut().unwrap().access = Some(Access { reads_only: true, ..Access::default() });
            }
            seen(e).renewal = "2026-05-01T12:00:00Z".parse().ok();
        });
        let told = report.failures().find(|one| one.id == id::STORED).and_then(Check::finding).unwrap();
        assert!(told.summary.contains("should have been renewed 31 days ago"), "{told:?}");
        assert_eq!(report.exit_code(), 0, "it serves until its end");
    }
}
