//! What the nodes serve, held against Ingress, Secret and Certificate.

use serde_json::json;

use crate::checks::cm::tests::*;
use crate::checks::tests::*;
use crate::evidence::tls::{Leaf, Served, Trust};
use crate::ingress::nginx::FAKE_CERTIFICATE;

fn tls(e: &mut Evidence) -> &mut Served {
    e.hosts.get_mut(HOST).unwrap().tls[0].result.as_mut().unwrap()
}

fn held(e: &mut Evidence) -> &mut Leaf {
    let secret = acme(e).secrets.as_mut().unwrap().get_mut("homelab/whoami-tls").unwrap();
    &mut secret.as_mut().unwrap().leaf
}

fn fake(e: &mut Evidence) {
    tls(e).leaf.subject = format!("CN={FAKE_CERTIFICATE}");
    tls(e).leaf.fingerprint = "fake".into();
}

/// The Secret was put there by hand.
fn by_hand(e: &mut Evidence) {
    items(e, CERTIFICATES).clear();
    e.certificates = Some(vec![]);
    items(e, INGRESSES)[0]["metadata"]["annotations"] = json!({});
}

#[test]
fn the_secret_that_is_served_passes() {
    let report = lab(|_| ());
    assert!(
        report.checks.iter().all(|check| matches!(check.outcome, Outcome::Pass { .. })),
        "{:#?}",
        report.checks
    );
    let unread = lab(|e| acme(e).secrets = None);
    assert!(matches!(outcome(&unread, id::SERVED_SECRET), Outcome::Unknown { .. }));
}

#[test]
fn another_serial_than_the_secrets_is_told_before_what_is_wrong_with_it() {
    let finding = only(&lab(|e| held(e).fingerprint = "new".into()), id::SERVED_SECRET);
    assert!(finding.fix.commands[0].contains("rollout restart daemonset/ingress-nginx-controller"));
    let report = lab(|e| {
        held(e).fingerprint = "new".into();
        tls(e).leaf.not_after = "2026-05-30T12:00:00Z".parse().unwrap();
        tls(e).trust = Trust::Expired;
    });
    assert_eq!((fails(&report), report.exit_code()), (vec![id::SERVED_SECRET], 1));
}

#[test]
fn a_middleman_is_told_by_the_issuer() {
    let report = lab(|e| {
        tls(e).leaf.issuer = "CN=Guard Web Shield Root".into();
        tls(e).leaf.fingerprint = "other".into();
        tls(e).trust = Trust::UnknownIssuer;
    });
    assert!(only(&report, id::SERVED_SECRET).cause.contains("virus scanner"));
}

#[test]
fn each_reason_for_the_fake_certificate_is_told() {
    let missing = |e: &mut Evidence| {
        fake(e);
        acme(e).secrets = Some([].into());
    };
    let finding = only(&lab(missing), id::LEAF);
    assert!(
        finding.summary.contains("no Secret `homelab/whoami-tls`")
            && finding.cause.contains("not been issued")
    );
    let cause = |change: &dyn Fn(&mut Evidence)| {
        let report = lab(|e| {
            missing(e);
            change(e);
        });
        only(&report, id::LEAF).cause
    };
    assert!(cause(&by_hand).contains("nothing creates it"));
    let elsewhere = |e: &mut Evidence| {
        by_hand(e);
        acme(e).secrets = Some([("default/whoami-tls".to_owned(), Err("x".to_owned()))].into());
    };
    assert!(cause(&elsewhere).contains("in another namespace: `default/whoami-tls`"));
    let renamed = |e: &mut Evidence| items(e, CERTIFICATES)[0]["spec"]["secretName"] = json!("other-tls");
    assert!(cause(&renamed).contains("writes into `homelab/other-tls`"));
    let wildcard = |e: &mut Evidence| {
        renamed(e);
        items(e, CERTIFICATES)[0]["spec"]["dnsNames"] = json!(["*.home.example.com"]);
    };
    assert!(cause(&wildcard).contains("writes into `homelab/other-tls`"));
    let unnamed = |e: &mut Evidence| items(e, INGRESSES)[0]["spec"]["tls"][0]["secretName"] = json!(null);
    assert!(cause(&unnamed).contains("names no Secret"));
    let by_default = |e: &mut Evidence| {
        unnamed(e);
        items(e, CERTIFICATES)
            .push(json!({ "metadata": { "namespace": "ingress-nginx", "name": "wildcard-tls" },
            "spec": { "secretName": "wildcard-tls" } }));
    };
    assert!(cause(&by_default).contains("not been issued"));
    let broken = |e: &mut Evidence| {
        let secrets = acme(e).secrets.as_mut().unwrap();
        secrets.insert("homelab/whoami-tls".into(), Err("its `tls.crt` has no PEM certificate".into()));
    };
    assert!(cause(&broken).contains("no PEM certificate"));
}

#[test]
fn a_secret_for_another_name_is_why_the_controller_shows_its_fake() {
    let report = lab(|e| {
        fake(e);
        held(e).names = vec!["other.example.com".into()];
    });
    assert!(only(&report, id::LEAF).summary.contains("is for other.example.com, not for"));
}

#[test]
fn what_was_put_there_by_hand_is_not_blamed_on_cert_manager() {
    let expired = lab(|e| {
        by_hand(e);
        tls(e).leaf.not_after = "2026-05-30T12:00:00Z".parse().unwrap();
    });
    assert!(only(&expired, id::LEAF).cause.contains("by hand"));
    let signed_itself = lab(|e| {
        by_hand(e);
        (tls(e).leaf.issuer, tls(e).trust) = (tls(e).leaf.subject.clone(), Trust::UnknownIssuer);
    });
    assert!(only(&signed_itself, id::LEAF).cause.contains("is self-signed"));
    let near = lab(|e| {
        by_hand(e);
        tls(e).leaf.not_after = "2026-06-03T12:00:00Z".parse().unwrap();
    });
    assert!(only(&near, id::RENEWAL).cause.contains("by hand"));
}

#[test]
fn a_chain_without_its_intermediate_is_told_from_an_unknown_authority() {
    let report = lab(|e| (tls(e).chain, tls(e).trust) = (1, Trust::UnknownIssuer));
    assert!(only(&report, id::LEAF).cause.contains("without the intermediate"));
}

#[test]
fn a_staging_certificate_is_issued_again_by_command() {
    let report = lab(|e| tls(e).leaf.issuer = "CN=(STAGING) Riddling Rhubarb R12".into());
    assert_eq!(only(&report, id::LEAF).fix.commands, ["homelab up", "homelab renew homelab/whoami-tls"]);
}

#[test]
fn a_renewal_is_late_by_its_plan_and_relative_to_the_life_of_the_certificate() {
    let at = |planned: &'static str| {
        lab(move |e| items(e, CERTIFICATES)[0]["status"]["renewalTime"] = json!(planned))
    };
    assert_eq!(at("2026-05-31T12:00:00Z").failures().count(), 0);
    let finding = only(&at("2026-05-20T12:00:00Z"), id::RENEWAL);
    assert!(finding.summary.contains("should have been renewed 12 days ago"));
    assert_eq!(finding.fix.commands, ["homelab renew homelab/whoami-tls"]);
    // Six days of life: a day late is much.
    let short = lab(|e| {
        tls(e).leaf.not_before = "2026-05-28T00:00:00Z".parse().unwrap();
        tls(e).leaf.not_after = "2026-06-03T00:00:00Z".parse().unwrap();
        items(e, CERTIFICATES)[0]["status"]["renewalTime"] = json!("2026-05-31T12:00:00Z");
    });
    assert_eq!(fails(&short), [id::RENEWAL]);
}

/// ingress-nginx v1.15.1, controller.go: `createServers`.
#[test]
fn without_the_secrets_the_controllers_log_tells_why_the_fake_certificate_is_shown() {
    let said = |line: &str| {
        let report = lab(|e| {
            fake(e);
            acme(e).secrets = None;
            let place = "ingress-nginx/ingress-nginx-controller-abcde/controller".to_owned();
            e.cluster.as_mut().unwrap().logs.insert(place, format!("W0601 11:59:00.000000       7 {line}\n"));
        });
        only(&report, id::LEAF)
    };
    let other = said(&format!(
        "controller.go:1488] SSL certificate \"homelab/whoami-tls\" does not contain a Common Name or Subject Alternative Name for server \"{HOST}\": x509: certificate is valid for nas.home.example.com, not {HOST}"
    ));
    assert!(other.summary.contains("is for other names than"), "{other:?}");
    let none = said(
        "backend_ssl.go:47] Error obtaining X.509 certificate: secret \"homelab/whoami-tls\" contains no keypair or CA certificate",
    );
    assert!(none.summary.contains("no certificate with a key"), "{none:?}");
    let silent = said(
        "controller.go:1468] Error getting SSL certificate \"homelab/whoami-tls\": local SSL certificate homelab/whoami-tls was not found. Using default certificate",
    );
    assert!(silent.cause.contains("does not exist yet"), "{silent:?}");
}
