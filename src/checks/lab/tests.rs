//! The configuration as it lies in the cluster.

use serde_json::{Value, json};

use crate::checks::Fix;
use crate::checks::tests::*;
use crate::facts::gitops::Deployer;

/// The healthy lab with what `up` would do, and with namespaces.
fn lab(drift: Option<Result<DriftSeen, String>>, namespaces: Vec<Value>) -> Report {
    whole(|evidence| {
        let objects = Objects([("namespaces".to_owned(), Listing::Items(namespaces))].into());
        evidence.cluster = Some(ClusterSeen { objects, ..ClusterSeen::default() });
        evidence.drift = drift;
    })
}

fn drifted(change: impl FnOnce(&mut DriftSeen)) -> Report {
    let mut drift = DriftSeen { kept: 60, ..DriftSeen::default() };
    change(&mut drift);
    lab(Some(Ok(drift)), vec![])
}

fn conflict(manager: &str, entry: Option<usize>) -> Conflict {
    Conflict {
        object: "Deployment external-dns/external-dns".into(),
        argument: Some("-n external-dns deployments.apps/external-dns".into()),
        manager: manager.into(),
        fields: vec![".spec.replicas".into()],
        entry,
    }
}

#[test]
fn nothing_to_do_passes_and_says_what_was_not_compared() {
    let report =
        drifted(|drift| drift.left_out.push("what holds the API token, which was not checked".into()));
    assert_eq!(fails(&report), []);
    let saw = "60 objects; not compared: what holds the API token, which was not checked".to_owned();
    assert_eq!(outcome(&report, id::APPLIED), Outcome::Pass { saw });
}

#[test]
fn what_could_not_be_looked_at_is_unknown() {
    let report = lab(Some(Err("no answer".to_owned())), vec![]);
    assert_eq!(fails(&report), []);
    for id in [id::CONFLICT, id::APPLIED] {
        assert!(matches!(outcome(&report, id), Outcome::Unknown { .. }));
    }
    let report = whole(|e| {
        let (what, cause, hint) = ("cannot reach the API server".into(), String::new(), String::new());
        let failure = Failure { what, cause, hint };
        let version = Some(Err(ApiFailure { kind: ApiFault::Other, failure }));
        e.cluster = Some(ClusterSeen { version, ..ClusterSeen::default() });
    });
    for id in [id::NAMESPACES, id::CONFLICT, id::APPLIED] {
        assert!(matches!(outcome(&report, id), Outcome::Unknown { .. } | Outcome::Blocked { .. }));
    }
}

#[test]
fn what_differs_is_named_with_how_and_cured_by_up() {
    let report = drifted(|drift| {
        drift.write =
            ["a", "b", "c", "d"].map(|name| Drifted::Missing(format!("ConfigMap x/{name}"))).to_vec();
        drift.write.push(Drifted::Outdated("Ingress homelab/whoami".into()));
        drift.prune = vec!["Ingress homelab/old".into()];
    });
    let finding = only(&report, id::APPLIED);
    assert!(finding.summary.contains("missing: `ConfigMap x/a`, `ConfigMap x/b`, `ConfigMap x/c` and 1 more; different: `Ingress homelab/whoami`; no longer wanted: `Ingress homelab/old`"));
    assert_eq!(finding.fix.commands, ["homelab up"]);
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_lab_that_flux_applies_is_as_it_should_be_and_says_who_applies_it() {
    let report = drifted(|drift| drift.deployer = Some(Deployer::Flux));
    assert_eq!(fails(&report), []);
    assert_eq!(
        outcome(&report, id::APPLIED),
        Outcome::Pass { saw: "60 objects, applied by Flux".to_owned() }
    );
}

#[test]
fn where_argo_cd_applies_the_lab_the_cure_is_a_commit() {
    let report = drifted(|drift| {
        drift.deployer = Some(Deployer::ArgoCd);
        drift.write.push(Drifted::Missing("Ingress homelab/nas".into()));
    });
    let finding = only(&report, id::APPLIED);
    assert!(finding.cause.contains("Argo CD applies this lab") && finding.fix.commands.is_empty());
    assert!(
        finding.fix.text.contains("homelab render --output-dir DIR")
            && !finding.fix.text.contains("homelab up")
    );
}

#[test]
fn no_finding_of_a_lab_that_flux_applies_has_homelab_up_for_a_command() {
    let told = |deployer| {
        let report = whole(|evidence| {
            evidence.drift = Some(Ok(DriftSeen { deployer, ..DriftSeen::default() }));
            let copies = evidence.token.as_mut().unwrap().copies.as_mut().unwrap();
            copies[0].state = CopyState::Missing;
            evidence.certificates = Some(Vec::new());
        });
        let fixes = report.checks.iter().filter_map(|check| match &check.outcome {
            Outcome::Fail(finding) => Some((check.id, finding.fix.clone())),
            _ => None,
        });
        fixes.collect::<Vec<_>>()
    };
    let is_up = |fix: &Fix| {
        fix.commands.iter().any(|command| command == "homelab up") || fix.text.contains("`homelab up`")
    };
    let ups: Vec<_> = told(None).into_iter().filter(|(_, fix)| is_up(fix)).map(|(id, _)| id).collect();
    assert!(ups.contains(&id::TOKEN_COPIES) && ups.len() > 1, "{ups:?}");
    for (id, fix) in told(Some(Deployer::Flux)).into_iter().filter(|(id, _)| ups.contains(id)) {
        assert!(!fix.commands.iter().any(|command| command == "homelab up"), "{id:?}: {fix:?}");
        let instead = if id == id::TOKEN_COPIES { "`README.md`" } else { "homelab render --output-dir DIR" };
        assert!(fix.text.contains("Flux applies this lab") && fix.text.contains(instead), "{id:?}: {fix:?}");
    }
}

#[test]
fn another_lab_in_the_cluster_is_named_with_the_line_that_continues_it() {
    let report = drifted(|drift| drift.other_lab = Some("other.example.com".into()));
    let finding = only(&report, id::APPLIED);
    assert!(finding.fix.text.contains("`dns.owner: other.example.com`") && finding.fix.commands.is_empty());
}

#[test]
fn a_hand_is_told_from_an_older_configuration() {
    let cause = |drifted_by| only(&drifted(|drift| drift.write = vec![drifted_by]), id::APPLIED).cause;
    assert!(cause(Drifted::Touched("Service a/b".into())).contains("by hand since"));
    assert!(cause(Drifted::Outdated("Service a/b".into())).contains("since the last `homelab up`"));
}

#[test]
fn a_field_of_another_manager_is_given_up_and_explains_what_differs() {
    let report = drifted(|drift| {
        drift.write = vec![Drifted::Touched("Deployment external-dns/external-dns".into())];
        drift.conflicts = vec![conflict("kubectl", Some(1)), conflict("k9s", Some(3))];
    });
    let finding = only(&report, id::CONFLICT);
    assert!(finding.summary.contains("`.spec.replicas`") && finding.summary.contains("`kubectl`"));
    let [first, second, up] = finding.fix.commands.as_slice() else { panic!("{finding:#?}") };
    assert!(
        first.contains("managedFields/3") && second.contains("managedFields/1"),
        "the last entry goes first"
    );
    assert!(first.contains("\"op\":\"test\"") && up == "homelab up");
    assert_eq!(outcome(&report, id::APPLIED), Outcome::Blocked { by: id::CONFLICT });
}

#[test]
fn what_helm_installed_is_not_taken_over() {
    for conflict in [conflict("helm", Some(1)), conflict("kubectl", None)] {
        let finding = only(&drifted(|drift| drift.conflicts = vec![conflict]), id::CONFLICT);
        assert!(finding.fix.commands.is_empty() && finding.fix.text.contains("certManager.manage: false"));
    }
}

#[test]
fn a_namespace_that_does_not_go_is_named_with_what_holds_it() {
    let going = |at: &str, conditions: &Value| {
        let namespace = json!({ "metadata": { "name": "old", "deletionTimestamp": at }, "status": { "conditions": conditions } });
        lab(Some(Ok(DriftSeen::default())), vec![namespace])
    };
    let message =
        "Some content in the namespace has finalizers remaining: example.com/guard in 1 resource instances";
    let conditions =
        json!([{ "type": "NamespaceFinalizersRemaining", "status": "True", "message": message }]);
    let finding = only(&going("2026-06-01T11:59:50Z", &conditions), id::NAMESPACES);
    assert!(finding.summary.contains("`old`") && finding.cause.contains("example.com/guard"));
    assert_eq!(fails(&going("2026-06-01T11:59:50Z", &json!([]))), []);
    assert!(only(&going("2026-06-01T11:50:00Z", &json!([])), id::NAMESPACES).summary.contains("10 min"));
}

#[test]
fn a_managers_name_is_one_word_of_the_shell() {
    let report = drifted(|drift| drift.conflicts = vec![conflict("x';id;'", Some(2))]);
    let finding = only(&report, id::CONFLICT);
    let value = r#""value":"x'\'';id;'\''""#;
    assert!(finding.fix.commands[0].contains(value), "{:?}", finding.fix.commands);
    let unseen = drifted(|drift| drift.conflicts = vec![conflict("x\u{202e}y", Some(2))]);
    assert_eq!(only(&unseen, id::CONFLICT).fix.commands, ["homelab up"]);
}
