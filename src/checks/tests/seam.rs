//! The judges on another provider and on another controller: none of them speaks of Cloudflare or of nginx.

use super::*;
use crate::config::{Controller, Provider};
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
        refused(Fault::SeveralZones { name: "a.test".into(), ids: vec!["1".into(), "2".into()] }),
        refused(Fault::RateLimited { retry_after: None }),
        refused(Fault::Server { status: 500 }),
        refused(Fault::Refused { status: 400, code: 1, message: "no".into() }),
        at_paper(|e| records(e)[0].kind = "CNAME".into()),
        at_paper(|e| records(e)[1].content = "heritage=external-dns,external-dns/owner=b".into()),
        at_paper(|e| drop(records(e).pop())),
        at_paper(|e| {
            let place = TokenPlace::Nowhere;
            e.token = Some(TokenSeen { place, problem: Some(TokenProblem::Nowhere), ..TokenSeen::default() });
        }),
        at_paper(|e| e.token.as_mut().unwrap().copies.as_mut().unwrap()[0].state = CopyState::Empty),
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
            assert!(!said.contains("API token") && !said.contains("Zone Resources"), "{}: {said}", check.id);
            named += usize::from(said.contains("Paper") || said.contains("drawer"));
        }
    }
    assert!(named > 10, "only {named} texts name the provider");
}

#[test]
fn at_a_provider_without_a_credential_nothing_is_said_of_a_token_and_the_rest_is_judged_as_ever() {
    let at_slate = |change: &dyn Fn(&mut Evidence)| {
        whole(|evidence| {
            evidence.dns = Provider::Slate;
            evidence.token = Some(TokenSeen { place: TokenPlace::NotNeeded, ..TokenSeen::default() });
            change(evidence);
        })
    };
    let well = at_slate(&|_| ());
    assert_eq!(fails(&well), []);
    let mut skipped = Vec::new();
    for check in &well.checks {
        match &check.outcome {
            Outcome::Skip { why } if why == "Slate asks for no token" => skipped.push(check.id.0),
            // Only `--active` tries to edit.
            Outcome::Skip { .. } if check.id == id::DNS_EDIT => {}
            Outcome::Pass { .. } => {}
            other => panic!("{}: {other:?}", check.id),
        }
    }
    skipped.sort_unstable();
    assert_eq!(skipped, ["cf.copies", "cf.token", "cf.token-private", "cf.token-source"]);
    let refused = |fault: Fault| {
        at_slate(&|e| e.provider = Some(Err(provider::failure(Provider::Slate, fault.clone()))))
    };
    for (fault, check) in [
        (Fault::Server { status: 500 }, id::TOKEN),
        (Fault::Refused { status: 400, code: 1, message: "no".into() }, id::TOKEN),
        (Fault::NoZone { tried: vec!["a.test".into()], sees: vec!["b.test".into()] }, id::CF_ZONE),
    ] {
        let report = refused(fault);
        let finding = only(&report, check);
        assert!(!serde_json::json!(finding).to_string().contains("token"), "{finding:?}");
    }
}

#[test]
fn the_log_of_external_dns_is_read_with_another_providers_words() {
    assert_eq!(
        crate::checks::edns::reason::reading_of(Provider::Paper, "the pencil is blunt").map(|row| row.fix),
        Some("sharpen it")
    );
    assert!(crate::checks::edns::reason::reading_of(Provider::Cloudflare, "the pencil is blunt").is_none());
}

/// The lab with the controller of the tests, whose answer to unknown names is `body`.
fn at_paper_ingress(body: &str, change: impl Fn(&mut Evidence)) -> Vec<Judged> {
    let mut lab = healthy();
    {
        let evidence = &mut lab;
        evidence.controller = Controller::Paper;
        for probe in &mut evidence.node_answers {
            if let Ok(answer) = &mut probe.answer {
                answer.body = body.into();
            }
        }
        change(evidence);
    }
    judged(&lab)
}

#[test]
fn another_controller_is_known_by_its_own_404_alone() {
    let seen = at_paper_ingress("blank page", |_| ());
    let passes = |one: &&Judged| matches!(&one.outcome, Outcome::Pass { .. });
    assert!(seen.iter().filter(|one| one.id == id::NODE_404).all(|one| passes(&one)));
    let stranger = at_paper_ingress("<center>nginx</center>", |_| ());
    let failed = |one: &Judged| match &one.outcome {
        Outcome::Fail(finding) if one.id == id::NODE_404 => Some(finding.clone()),
        _ => None,
    };
    let finding = stranger.iter().find_map(failed).unwrap();
    assert!(
        finding.summary.contains("nginx answers at") && finding.summary.contains("not paper"),
        "{finding:?}"
    );
}

#[test]
fn another_controllers_log_and_class_are_read_by_its_own_words() {
    let class = |controller: &'static str| {
        move |e: &mut Evidence| {
            e.ingress = Some(ControllerSeen::default());
            let objects = &mut e.cluster.as_mut().unwrap().objects;
            objects.0.insert("ingresses.networking.k8s.io".into(), Listing::Items(vec![]));
            let class =
                serde_json::json!({ "metadata": { "name": "paper" }, "spec": { "controller": controller } });
            objects.0.insert("ingressclasses.networking.k8s.io".into(), Listing::Items(vec![class]));
        }
    };
    let foreign = at_paper_ingress("blank page", class("k8s.io/ingress-nginx"));
    let finding = foreign.iter().find_map(|one| match &one.outcome {
        Outcome::Fail(finding) if one.id == id::CLASS => Some(finding.summary.clone()),
        _ => None,
    });
    let belongs = "IngressClass `paper` belongs to `k8s.io/ingress-nginx`, not to `paper.test/ingress`";
    assert_eq!(finding.as_deref(), Some(belongs));
    let unwritten = at_paper_ingress("blank page", |e| {
        e.ingresses.as_mut().unwrap().iter_mut().for_each(|ingress| ingress.addresses.clear());
    });
    let status = unwritten.iter().find_map(|one| match &one.outcome {
        Outcome::Fail(finding) if one.id == id::STATUS => Some(finding),
        _ => None,
    });
    assert_eq!(status.map(|finding| finding.cause.as_str()), Some("the clerk has not come"));
    // Who it is that writes for it, where nobody does any more.
    let stopped = at_paper_ingress("blank page", |e| {
        e.addresses_run = Some(Ok(Some(600)));
        e.ingresses.as_mut().unwrap().iter_mut().for_each(|ingress| ingress.addresses.clear());
    });
    let told = |id: CheckId| {
        stopped.iter().find_map(|one| match &one.outcome {
            Outcome::Fail(finding) if one.id == id => Some(finding.clone()),
            _ => None,
        })
    };
    let status = told(id::STATUS).unwrap();
    assert_eq!(status.cause, "nothing writes it: homelab-addresses.timer has not run for 10 min");
    assert_eq!(status.fix.commands[0].as_str(), "homelab addresses");
    let timer = told(id::ADDRESSES).unwrap();
    assert_eq!(timer.summary, "the timer that writes the nodes' addresses ran last 10 min ago");
    assert!(timer.fix.commands[0].as_str().contains("enable --now homelab-addresses.timer"));
    let noted = at_paper_ingress("blank page", |e| {
        let host = e.hosts.keys().next().unwrap().clone();
        for seen in &mut e.hosts.get_mut(&host).unwrap().http {
            if let Ok(answer) = &mut seen.result {
                answer.status = 502;
                answer.body = "blank page".into();
            }
        }
        let line = format!("asked 10.9.9.9:80 in vain for {host}");
        e.cluster.as_mut().unwrap().logs.insert("paper-system/paper-1/paper".into(), line);
    });
    let answers = noted.iter().filter(|one| one.id == id::ANSWER);
    let causes: Vec<&str> = answers
        .filter_map(|one| match &one.outcome {
            Outcome::Fail(finding) => Some(finding.cause.as_str()),
            _ => None,
        })
        .collect();
    assert!(causes.iter().any(|cause| cause.contains("10.9.9.9:80 refuses")), "{causes:?}");
}
