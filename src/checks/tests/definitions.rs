//! What holds for every check there is.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

#[test]
fn every_check_comes_after_all_that_it_needs() {
    let all: Vec<&Def> = checks().collect();
    for (at, def) in all.iter().enumerate() {
        let needs: BTreeSet<CheckId> = def.needs.iter().copied().collect();
        assert_eq!(needs.len(), def.needs.len(), "{} needs something twice", def.id);
        for need in def.needs.iter() {
            assert!(all[..at].iter().any(|earlier| earlier.id == *need), "{} needs {need}", def.id);
        }
    }
}

#[test]
fn no_two_checks_share_a_name_and_each_title_is_a_statement() {
    let all: Vec<&Def> = checks().collect();
    for (at, def) in all.iter().enumerate() {
        assert!(!all[..at].iter().any(|earlier| earlier.id == def.id), "{}", def.id);
        assert!(!def.title.ends_with('.') && def.title.starts_with(char::is_lowercase), "{}", def.title);
    }
}

#[test]
fn every_check_says_what_it_looks_at_what_people_notice_and_what_to_do() {
    for Def { id, explain, .. } in checks() {
        assert!(!explain.looks_at.is_empty() && !explain.symptom.is_empty(), "{id}: what about?");
        assert!(!explain.causes.is_empty(), "{id}: what makes it fail?");
        let whole = |cause: &Cause| !cause.why.is_empty() && !cause.fix.is_empty();
        assert!(explain.causes.iter().all(whole), "{id}: a cause without words");
    }
}

#[test]
fn what_a_provider_adds_is_of_a_check_that_there_is() {
    for provider in crate::config::Provider::ALL {
        for one in crate::provider::words(*provider).explained {
            assert!(checks().any(|def| def.id.as_str() == one.check), "{}", one.check);
        }
    }
}

#[test]
fn what_makes_a_check_fail_is_told_for_each_provider_under_its_name() {
    let names: Vec<&str> = def(id::CF_RATE).unwrap().at_providers().map(|(name, _)| name).collect();
    assert!(names.contains(&"Cloudflare") && names.contains(&"Paper"), "{names:?}");
}

#[test]
fn every_check_lies_in_the_group_of_its_name() {
    for group in GROUPS {
        for def in group.checks {
            assert_eq!(def.group(), group.name, "{}", def.id);
        }
    }
}

/// What some picture or other leads each group to judge: a healthy lab, broken ones, and nothing seen.
fn judged_somewhere() -> BTreeMap<&'static str, BTreeSet<CheckId>> {
    let mut pictures = vec![healthy(), everything()];
    pictures.push(Evidence::new(now()));
    let mut found: BTreeMap<&'static str, BTreeSet<CheckId>> = BTreeMap::new();
    for (group, evidence) in
        GROUPS.iter().flat_map(|group| pictures.iter().map(move |picture| (group, picture)))
    {
        found.entry(group.name).or_default().extend(group.judge(evidence).iter().map(|judged| judged.id));
    }
    found
}

#[test]
fn every_check_has_a_judge_in_its_group_and_no_judge_speaks_of_another_groups_checks() {
    let judged = judged_somewhere();
    let mut wrong = Vec::new();
    for group in GROUPS {
        let defined: BTreeSet<CheckId> = group.checks.iter().map(|def| def.id).collect();
        let judged = &judged[group.name];
        wrong.extend(defined.difference(judged).map(|id| format!("{id} has no judge in `{}`", group.name)));
        wrong.extend(
            judged
                .difference(&defined)
                .map(|id| format!("`{}` judges {id}, which it does not define", group.name)),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_judge_without_a_definition_is_told_and_no_silence() {
    let stray = Judged {
        id: CheckId("dns.stray"),
        subject: Subject::default(),
        vantage: Vantage::System,
        outcome: Outcome::pass("x"),
    };
    let report = report_of(vec![stray]);
    assert_eq!((report.checks.len(), report.exit_code()), (1, 3));
}

/// The healthy lab, every section of it looked at: not what they say counts here, only that they were seen.
fn everything() -> Evidence {
    let mut evidence = healthy();
    evidence.config = Some(ConfigSeen { hosts: vec![HOST.into()], ..ConfigSeen::default() });
    evidence.machine = Some(MachineSeen::default());
    evidence.drift = Some(Ok(DriftSeen::default()));
    let mut cluster = crate::checks::k3s::tests::sound();
    cluster.objects.0.insert("namespaces".into(), Listing::Items(Vec::new()));
    cluster.inside = Some(crate::evidence::InsideSeen::default());
    let agent = serde_json::json!({ "spec": { "template": { "metadata": { "labels": { "k8s-app": "cilium" } } } }, "status": { "numberReady": 1 } });
    cluster.objects.0.insert("daemonsets.apps".into(), Listing::Items(vec![agent]));
    let by_name =
        serde_json::json!({ "spec": { "egress": [{ "toFQDNs": [{ "matchPattern": "*.example.org" }] }] } });
    cluster.objects.0.insert("ciliumnetworkpolicies.cilium.io".into(), Listing::Items(vec![by_name]));
    let mut asked = crate::checks::k3s::tests::pod("kube-system", "cilium-1");
    asked["metadata"]["labels"] = serde_json::json!({ "k8s-app": "cilium" });
    crate::checks::k3s::tests::items(&mut cluster, "pods")
        .extend([asked, crate::checks::k3s::tests::pod("external-dns", "external-dns-1")]);
    evidence.cluster = Some(cluster);
    evidence.external_dns = Some(ExternalDnsSeen { metrics: Err("no pod of it runs".into()) });
    evidence.acme = Some(AcmeSeen::default());
    let by_authority =
        CertificateSeen { issuer: crate::facts::authority::ISSUER.into(), ..CertificateSeen::default() };
    evidence.certificates.as_mut().unwrap().push(by_authority);
    evidence.extra = vec![ExtraSeen::default()];
    let scratch = Some(Err(ScratchFailure { why: "x".into(), forbidden: false }));
    evidence.ingress = Some(ControllerSeen { scratch, ..ControllerSeen::default() });
    evidence.addresses_run = Some(Ok(None));
    evidence.egress = Some(EgressSeen { trial: Some(TrialSeen::default()), ..EgressSeen::default() });
    evidence.challenges = Some(ChallengesSeen { own: true, ..ChallengesSeen::default() });
    evidence.wildcard = Some(crate::evidence::wildcard::WildcardRecord::default());
    evidence.tunnel =
        Some(crate::evidence::TunnelSeen { hosts: [HOST.to_owned()].into(), ..Default::default() });
    let by_port = [HOST.to_owned()].into();
    let url = "https://ip.example.net".to_owned();
    let seen = vec![SeenBy { url, address: Ok([203, 0, 113, 7].into()) }];
    evidence.public = Some(PublicSeen { by_port, seen, ..PublicSeen::default() });
    evidence.names = Some(NamesSeen::default());
    evidence.own_servers = Some(OwnServersSeen::default());
    let organisation = OrganisationSeen { token: Some(TokenSeen::default()), ..OrganisationSeen::default() };
    evidence.organisations = vec![organisation];
    evidence
}
