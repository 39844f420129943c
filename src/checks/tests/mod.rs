//! The judges on evidence as the lab gives it: one healthy picture, and one change for each failure.

mod broken;
mod definitions;
pub(in crate::checks) mod picture;
mod reader;
pub(super) mod redaction;
mod report;
mod seam;
mod settle;
mod shown;

pub(in crate::checks) use picture::*;

pub(in crate::checks) use super::*;
pub(in crate::checks) use crate::evidence::*;

#[test]
fn a_healthy_lab_passes_every_check() {
    let report = judge(&healthy());
    let other: Vec<_> =
        report.checks.iter().filter(|check| !matches!(check.outcome, Outcome::Pass { .. })).collect();
    assert!(other.is_empty(), "{other:#?}");
    assert_eq!((report.exit_code(), report.counts.pass), (0, report.checks.len()));
    assert!(settled(&report));
    // Only a lab with an authority, organisations, name servers, certificates of no service, challenges in another zone, a wildcard record, a public service,
    // names for pods or programs that are kept in has these (`checks/cm/tests/authority.rs`, `extra.rs` and `cname.rs`, `checks/dns/tests/own.rs` and `organisations.rs`,
    // `checks/edns/tests/wildcard.rs`, `checks/tunnel/tests.rs`, `checks/net/tests/inside.rs`, `checks/egress/tests.rs`).
    let own = [
        id::OWN_AUTHORITY,
        id::AUTHORITY_TRUSTED,
        id::ORGANISATION,
        id::OWN_SERVER,
        id::HOUSE_FORWARDS,
        id::HOUSE_HOSTS,
        id::STORED,
        id::CHALLENGE_SERVER,
        id::CHALLENGE_CNAME,
        id::WILDCARD_RECORD,
        id::TUNNEL_EXISTS,
        id::TUNNEL_RULES,
        id::TUNNEL_RECORD,
        id::TUNNEL_CERTIFICATE,
        id::INSIDE_NAMES,
        id::EGRESS_ENFORCED,
        id::SOURCE_NAT,
        id::RECORD,
    ];
    for def in checks().filter(|def| def.in_up && !own.contains(&def.id)) {
        assert!(report.checks.iter().any(|check| check.id == def.id), "{} was not judged", def.id);
    }
}

/// As the page that offers the lab's own root: the controller shows its fake certificate to who asks by TLS all the same.
#[test]
fn a_name_that_is_served_without_tls_lacks_nothing() {
    let report = whole(|evidence| {
        evidence.ingresses.as_mut().unwrap()[0].tls_hosts.clear();
        evidence.certificates = Some(Vec::new());
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        let mut served = served();
        served.leaf.subject = "O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate".into();
        served.trust = crate::evidence::tls::Trust::UnknownIssuer;
        seen.tls[0].result = Ok(served);
    });
    let well = |outcome: &Outcome| matches!(outcome, Outcome::Pass { .. } | Outcome::Skip { .. });
    let other: Vec<_> = report.checks.iter().filter(|check| !well(&check.outcome)).collect();
    assert!(other.is_empty(), "{other:#?}");
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn nothing_seen_is_unknown_and_never_a_panic_or_a_pass() {
    let mut evidence = Evidence::new(healthy().now);
    evidence.hosts.insert(HOST.into(), HostSeen::default());
    let report = judge(&evidence);
    for check in &report.checks {
        assert!(matches!(check.outcome, Outcome::Unknown { .. }), "{check:?}");
    }
    assert_eq!(report.exit_code(), 3);
    assert!(judge(&Evidence::new(healthy().now)).counts.fail == 0);
}

#[test]
fn each_part_of_the_evidence_may_be_missing_without_a_false_failure() {
    let drops: [fn(&mut Evidence); 9] = [
        |e| e.nodes = None,
        |e| e.certificates = None,
        |e| e.cluster_answer = None,
        |e| e.owner = None,
        |e| e.provider = None,
        |e| e.node_answers.clear(),
        |e| e.hosts.values_mut().for_each(|host| host.authoritative.clear()),
        |e| e.hosts.values_mut().for_each(|host| host.system = None),
        |e| e.hosts.values_mut().for_each(|host| (host.tls.clear(), host.http.clear()).0),
    ];
    for (at, drop) in drops.iter().enumerate() {
        let mut evidence = healthy();
        drop(&mut evidence);
        let report = judge(&evidence);
        assert_eq!(report.failures().count(), 0, "case {at}: {:#?}", report.failures().collect::<Vec<_>>());
        assert_eq!(report.exit_code(), 3, "case {at}");
    }
}

#[test]
fn every_vantage_has_words_for_the_user() {
    let cases = [
        (Vantage::Cluster, "from inside the cluster"),
        (Vantage::Node("pi".into()), "from this machine to node pi"),
        (Vantage::Authoritative("ada.ns".into()), "authoritative server ada.ns"),
        (Vantage::PublicDns("1.1.1.1".into()), "public resolver 1.1.1.1"),
        (Vantage::System, "this machine's resolver"),
    ];
    for (vantage, words) in cases {
        assert_eq!(vantage.to_string(), words);
    }
}

#[test]
fn messages_follow_the_house_rules() {
    for report in broken::all() {
        for finding in report.failures().filter_map(Check::finding) {
            for text in [&finding.summary, &finding.cause, &finding.fix.text] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
            }
        }
    }
}

#[test]
fn a_failure_of_a_cause_is_the_first_one_shown() {
    let mut evidence = healthy();
    evidence.cluster_answer = Some(Ok(picture::page(404, "text/plain", "404 page not found\n")));
    evidence
        .node_answers
        .iter_mut()
        .for_each(|probe| probe.answer = Err(crate::evidence::Transport::Refused));
    let report = judge(&evidence);
    assert_eq!(fails(&report), [id::CLUSTER_404]);
    assert_eq!(outcome(&report, id::NODE_404), Outcome::Blocked { by: id::CLUSTER_404 });
}
