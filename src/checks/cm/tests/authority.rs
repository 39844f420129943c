//! The lab's own certificate authority: what is asked of it, how long it lasts, and who trusts it.

use super::*;
use crate::evidence::tls::{Leaf, Trust};
use crate::evidence::{AuthoritySeen, Signer};
use crate::facts::authority::{ISSUER, ROOT};

fn signer(name: &str, by: &str, until: &str) -> Signer {
    Signer {
        certificate: Leaf {
            subject: format!("CN={name}"),
            issuer: format!("CN={by}"),
            names: vec![],
            not_before: "2020-01-01T00:00:00Z".parse().unwrap(),
            not_after: until.parse().unwrap(),
            serial: "01".into(),
            fingerprint: "02".into(),
        },
        domains: Some(vec!["example.com".into(), "cluster.local".into()]),
        excludes_addresses: true,
        key: name.into(),
        signed_by: by.into(),
        der: vec![],
    }
}

/// The healthy lab whose one host is signed by its own authority, which this machine does not trust, with one change.
fn own(change: impl FnOnce(&mut Evidence)) -> Report {
    lab(|e| {
        e.certificates.as_mut().unwrap()[0].issuer = ISSUER.into();
        let mut issuer = issuer(ISSUER, "");
        issuer["spec"] = json!({ "ca": { "secretName": ISSUER } });
        items(e, ISSUERS).push(issuer);
        e.authority = Some(AuthoritySeen {
            root: Ok(signer("root", "root", "2030-01-01T00:00:00Z")),
            intermediate: Ok(signer("intermediate", "root", "2027-01-01T00:00:00Z")),
            is_trusted_here: false,
        });
        let served = e.hosts.get_mut(HOST).unwrap().tls[0].result.as_mut().unwrap();
        (served.trust, served.by_lab) = (Trust::UnknownIssuer, Some(Trust::Trusted));
        change(e);
    })
}

fn seen(e: &mut Evidence) -> &mut AuthoritySeen {
    e.authority.as_mut().unwrap()
}

/// The finding about the authority, where only this machine's trust fails beside it.
fn finding(change: impl FnOnce(&mut Evidence)) -> Finding {
    let report = own(|e| {
        seen(e).is_trusted_here = true;
        change(e);
    });
    only(&report, id::OWN_AUTHORITY)
}

#[test]
fn what_it_signs_is_judged_by_its_own_root_and_that_this_machine_does_not_trust_it_is_one_warning() {
    let report = own(|_| ());
    let told = only(&report, id::AUTHORITY_TRUSTED);
    assert!(told.summary.contains("does not trust CN=root"), "{told:?}");
    assert_eq!((told.fix.look.as_slice(), report.exit_code()), (&["homelab ca".to_owned()][..], 0));
    assert!(matches!(outcome(&report, id::LEAF), Outcome::Pass { .. }));
    let trusted = own(|e| seen(e).is_trusted_here = true);
    assert_eq!(trusted.failures().count(), 0);
}

#[test]
fn nobody_outside_is_asked_about_what_it_signs() {
    let report = own(|e| acme(e).caa = Some([(HOST.to_owned(), caa(&[("issue", ";")]))].into()));
    for id in [id::CAA, id::SELFCHECK, id::CHALLENGE, id::ACME_RATE_LIMIT] {
        assert!(matches!(outcome(&report, id), Outcome::Skip { .. }), "{id}");
    }
}

#[test]
fn a_lab_without_one_hears_nothing_of_it() {
    let report = lab(|_| ());
    let is_told = |id| report.checks.iter().any(|check| check.id == id);
    assert!(!is_told(id::OWN_AUTHORITY) && !is_told(id::AUTHORITY_TRUSTED));
}

#[test]
fn a_name_outside_its_domains_is_named_with_those_that_it_has() {
    let told = finding(|e| {
        let hosts = &mut e.certificates.as_mut().unwrap()[0].hosts;
        hosts.extend(["wiki.example.org".to_owned(), "*.example.com".to_owned()]);
    });
    assert!(told.summary.contains("may not sign `wiki.example.org`"), "{told:?}");
    assert!(told.cause.contains("example.com, cluster.local"), "{told:?}");
    let narrow = finding(|e| {
        seen(e).intermediate.as_mut().unwrap().domains = Some(vec!["other.example.com".into()]);
    });
    assert!(narrow.summary.contains(HOST), "{narrow:?}");
}

#[test]
fn one_that_was_made_for_another_domain_of_the_cluster_is_renewed_from_the_root_down() {
    let told = finding(|e| {
        let place = |name: &str| {
            let mut part = CertificateSeen::default();
            (part.namespace, part.name) = ("cert-manager".into(), name.into());
            part
        };
        let all = e.certificates.as_mut().unwrap();
        all[0].hosts.push("*.qa.svc.lab.test".to_owned());
        all.extend([ROOT, ISSUER].map(place));
    });
    assert!(told.summary.contains("may not sign `*.qa.svc.lab.test` yet"), "{told:?}");
    let first: Vec<&str> = told.fix.commands.iter().take(2).map(String::as_str).collect();
    assert_eq!(
        first,
        ["homelab renew cert-manager/homelab-ca-root", "homelab renew cert-manager/homelab-ca"]
    );
    assert_eq!(told.fix.commands.len(), 3, "{told:?}");
    // Another cluster's name is none that a renewal would help.
    let stranger = finding(|e| {
        e.certificates.as_mut().unwrap()[0].hosts.push("db.qa.svc.other.test".to_owned());
        let settings = json!({ "metadata": { "namespace": "kube-system", "name": "coredns" },
            "data": { "Corefile": ".:53 {\n kubernetes lab.test\n}\n" } });
        e.cluster.as_mut().unwrap().objects.0.insert("configmaps".into(), Listing::Items(vec![settings]));
    });
    assert!(stranger.summary.ends_with("may not sign `db.qa.svc.other.test`"), "{stranger:?}");
}

#[test]
fn an_authority_that_nothing_binds_is_told() {
    let told = finding(|e| {
        let AuthoritySeen { root, intermediate, .. } = seen(e);
        for part in [root, intermediate] {
            (part.as_mut().unwrap().domains, part.as_mut().unwrap().excludes_addresses) = (None, false);
        }
    });
    assert!(told.summary.contains("may sign every name"), "{told:?}");
}

#[test]
fn an_intermediate_of_another_root_is_renewed_by_command() {
    let told = finding(|e| {
        seen(e).root.as_mut().unwrap().key = "another".into();
        let mut part = CertificateSeen::default();
        (part.namespace, part.name) = ("cert-manager".into(), ISSUER.into());
        e.certificates.as_mut().unwrap().push(part);
    });
    assert_eq!(told.fix.commands, ["homelab renew cert-manager/homelab-ca"]);
    assert!(told.summary.contains("is signed by an earlier root"), "{told:?}");
}

#[test]
fn the_end_of_the_root_is_told_a_year_before_and_its_renewal_afterwards() {
    let until = |moment: &'static str| {
        own(move |e| {
            let root = signer("root", "root", moment);
            (seen(e).root, seen(e).is_trusted_here) = (Ok(root), true);
        })
    };
    let near = until("2026-12-01T00:00:00Z");
    assert!(only(&near, id::OWN_AUTHORITY).summary.contains("ends in 182 days"), "{near:#?}");
    assert_eq!(near.exit_code(), 0);
    let over = until("2026-05-01T00:00:00Z");
    assert!(only(&over, id::OWN_AUTHORITY).summary.contains("ended 31 days ago"), "{over:#?}");
    assert_eq!(over.exit_code(), 1);
    let renewed = |revision: u64| {
        own(move |e| {
            let certificate = json!({ "metadata": { "namespace": "cert-manager", "name": ROOT },
                "spec": { "secretName": ROOT }, "status": { "revision": revision } });
            items(e, CERTIFICATES).push(certificate);
            seen(e).is_trusted_here = true;
            seen(e).root.as_mut().unwrap().certificate.not_before = "2026-05-01T00:00:00Z".parse().unwrap();
        })
    };
    assert_eq!(renewed(1).failures().count(), 0);
    let told = only(&renewed(2), id::OWN_AUTHORITY);
    assert!(told.summary.contains("was renewed 31 days ago"), "{told:?}");
    assert!(told.cause.contains("if its Secret was deleted, it has another key"), "{told:?}");
}

#[test]
fn one_that_cannot_be_read_is_told_or_left_out_as_the_account_allows() {
    let none = finding(|e| seen(e).root = Err("there is no Secret cert-manager/homelab-ca-root".into()));
    assert!(none.fix.text.contains("homelab restore"), "{none:?}");
    let unread = own(|e| e.authority = None);
    assert!(matches!(outcome(&unread, id::OWN_AUTHORITY), Outcome::Unknown { .. }));
    assert!(matches!(outcome(&unread, id::AUTHORITY_TRUSTED), Outcome::Unknown { .. }));
}

#[test]
fn a_certificate_of_an_earlier_root_is_renewed_by_command() {
    let report = own(|e| {
        seen(e).is_trusted_here = true;
        let served = e.hosts.get_mut(HOST).unwrap().tls[0].result.as_mut().unwrap();
        served.by_lab = Some(Trust::UnknownIssuer);
    });
    let told = only(&report, id::LEAF);
    assert_eq!(told.fix.commands, [format!("homelab renew {HOST}")]);
}

#[test]
fn its_issuers_are_judged_like_others() {
    let report = own(|e| {
        seen(e).is_trusted_here = true;
        let own = items(e, ISSUERS).last_mut().unwrap();
        own["status"]["conditions"][0] = json!({ "type": "Ready", "status": "False",
            "message": "Error getting keypair for CA issuer: secret \"homelab-ca\" not found" });
    });
    let told = only(&report, id::ISSUER);
    assert!(told.summary.contains("`homelab-ca` is not ready") && told.cause.contains("Secret"), "{told:?}");
}
