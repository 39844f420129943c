//! The addresses in the status, and what is seen beside.

use serde_json::json;

use crate::checks::ingress::tests::*;

#[test]
fn an_empty_status_is_told_by_what_the_log_and_the_arguments_say() {
    let empty = |more: fn(&mut Evidence)| {
        lab(move |e| {
            addresses(e, &[]);
            more(e);
        })
    };
    assert!(only(&empty(|_| {}), id::STATUS).cause.contains("every few seconds"));
    let finding = only(&empty(|e| arguments(e, &["--publish-service=a/b"])), id::STATUS);
    assert!(finding.cause.contains("`--publish-service=a/b`") && finding.fix.commands.len() == 2);
    let report = empty(|e| {
        log(
            e,
            "W0601 12:00:00.000000       7 status.go:308] error updating ingress rule: ingresses.networking.k8s.io \
             \"whoami\" is forbidden: User \"u\" cannot update resource \"ingresses/status\" in API group",
        );
    });
    assert!(only(&report, id::STATUS).cause.contains("may not update `ingresses/status`"));
}

#[test]
fn a_refusal_of_before_is_no_reason_for_an_address_that_is_missing_now() {
    let report = lab(|e| {
        addresses(e, &[]);
        log(
            e,
            "W0601 11:57:00.000000       7 status.go:308] error updating ingress rule: ingresses.networking.k8s.io \
             \"whoami\" is forbidden: User \"u\" cannot update resource \"ingresses/status\" in API group",
        );
    });
    assert!(only(&report, id::STATUS).cause.contains("every few seconds"));
    let report = lab(|e| {
        addresses(e, &[]);
        ingresses(e)[0]["metadata"]["creationTimestamp"] = json!("2026-06-01T11:59:48Z");
        log(
            e,
            "W0601 11:59:30.000000       7 status.go:308] error updating ingress rule: ingresses.networking.k8s.io \
             \"other\" is forbidden: User \"u\" cannot update resource \"ingresses/status\" in API group",
        );
    });
    assert_eq!(
        only(&report, id::STATUS).summary,
        "Ingress `homelab/whoami` is 12 s old and has no address yet"
    );
}

#[test]
fn an_ingress_that_is_younger_than_the_controllers_interval_is_told_with_its_age() {
    let created = |time: &'static str| {
        lab(move |e| {
            addresses(e, &[]);
            ingresses(e)[0]["metadata"]["creationTimestamp"] = json!(time);
        })
    };
    let finding = only(&created("2026-06-01T11:59:48Z"), id::STATUS);
    assert_eq!(finding.summary, "Ingress `homelab/whoami` is 12 s old and has no address yet");
    assert_eq!(finding.heals, Heals::Waiting);
    let old = only(&created("2026-06-01T11:58:00Z"), id::STATUS);
    assert_eq!(old.summary, "Ingress `homelab/whoami` has no address in its status");
}

#[test]
fn a_strange_address_in_the_status_is_traced_to_where_it_comes_from() {
    let report = lab(|e| {
        addresses(e, &[[10, 43, 0, 9]]);
        arguments(e, &["--publish-service=ingress-nginx/c"]);
        let metadata = json!({ "namespace": "ingress-nginx", "name": "c" });
        let service = json!({ "metadata": metadata, "spec": { "clusterIP": "10.43.0.9" } });
        list(e, "services").push(service);
    });
    let finding = only(&report, id::STATUS);
    assert!(
        finding.cause.contains("Service `ingress-nginx/c`") && finding.cause.contains("--publish-service")
    );
    let report = lab(|e| {
        addresses(e, &[[203, 0, 113, 5]]);
        arguments(e, &[]);
        let address = json!({ "type": "ExternalIP", "address": "203.0.113.5" });
        list(e, "nodes")[0]["status"] = json!({ "addresses": [address] });
    });
    assert!(only(&report, id::STATUS).cause.contains("ExternalIP of node `pi`"));
    assert!(only(&lab(|e| addresses(e, &[[8, 8, 8, 8]])), id::STATUS).cause.contains("public address"));
    assert!(only(&lab(|e| addresses(e, &[[192, 168, 1, 77]])), id::STATUS).cause.contains("before"));
}

#[test]
fn a_host_without_an_ingress_is_applied() {
    let report = lab(|e| {
        e.ingresses = Some(vec![]);
        ingresses(e).clear();
    });
    let found = report.failures().find(|check| check.id == id::STATUS).unwrap();
    assert_eq!(found.finding().unwrap().fix.commands, ["homelab up"]);
}

/// The lab with this image of the controller, these settings, and this in its log.
fn with_image(image: &str, settings: Value, log: &str) -> Report {
    lab(|e| {
        let set = &mut list(e, "daemonsets.apps")[0];
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
        let map = json!({ "metadata": { "namespace": "ingress-nginx", "name": "ingress-nginx-controller" }, "data": settings });
        let cluster = e.cluster.as_mut().unwrap();
        cluster.objects.0.insert("configmaps/ingress-nginx".into(), Listing::Items(vec![map]));
        cluster.logs.insert("ingress-nginx/ingress-nginx-controller-abcde/controller".into(), log.into());
    })
}

const PINNED: &str = "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:00";
const FORK: &str = "registry.example.com/maintained/controller:v2@sha256:00";

#[test]
fn the_projects_own_image_is_only_noted_with_what_its_nginx_lacks() {
    let report =
        with_image(PINNED, json!({ "use-http2": "false", "allow-snippet-annotations": "false" }), "");
    let finding = only(&report, id::EOL);
    assert!(finding.summary.contains("ingress-nginx v1.15.1"), "{}", finding.summary);
    assert!(
        finding.summary.contains("nginx 1.27.1 lacks the fixes for 10 known flaws, the newest CVE-2026-1"),
        "{}",
        finding.summary
    );
    assert!(finding.summary.contains("published on 2026-11-18"), "{}", finding.summary);
    assert!(finding.cause.contains("settings keep 3 of these flaws away"), "{}", finding.cause);
    assert_eq!((report.counts.fail, report.counts.warn, report.counts.note), (0, 0, 1));
}

#[test]
fn without_a_protection_the_same_image_is_a_warning() {
    let report = with_image(PINNED, json!({ "use-http2": "true" }), "");
    let finding = only(&report, id::EOL);
    assert!(
        finding.cause.contains("`use-http2`") && finding.fix.text.contains("remove `use-http2`"),
        "{finding:?}"
    );
    assert_eq!((report.counts.fail, report.counts.warn, report.counts.note), (0, 1, 0));
}

#[test]
fn another_image_is_judged_by_the_version_that_its_log_names() {
    let log = |version: &str| format!("NGINX Ingress controller\n  nginx version: nginx/{version}\n");
    let old = with_image(FORK, json!({}), &log("1.30.6"));
    let finding = only(&old, id::EOL);
    assert!(
        finding.summary.contains("nginx 1.30.6 lacks the fixes for 4 known flaws"),
        "{}",
        finding.summary
    );
    assert!(finding.fix.text.contains("nginx 1.30.7 or later"), "{}", finding.fix.text);
    assert_eq!((old.counts.warn, old.counts.note), (1, 0));
    for (said, words) in
        [(log("1.31.9"), "no flaw that homelab knows"), (String::new(), "which nginx is in it is not known")]
    {
        let Outcome::Pass { saw } = outcome(&with_image(FORK, json!({}), &said), id::EOL) else {
            panic!("{words}")
        };
        assert!(saw.contains(words), "{saw}");
    }
}

#[test]
fn a_scratch_ingress_is_judged_only_where_one_was_made() {
    assert!(!lab(|_| {}).checks.iter().any(|check| check.id == id::SCRATCH));
    let scratch = |result: Result<ScratchSeen, ScratchFailure>| {
        lab(|e| e.ingress.as_mut().unwrap().scratch = Some(result))
    };
    let shown = |answer| {
        let address = "192.168.1.2:80".parse().unwrap();
        let nodes = vec![Seen { node: "pi".into(), address, result: Ok(answer) }];
        scratch(Ok(ScratchSeen { host: "x.invalid".into(), nodes, ..ScratchSeen::default() }))
    };
    assert_eq!(fails(&shown(page(200, "text/plain", "hi"))), []);
    assert_eq!(fails(&shown(page(503, "text/html", ""))), []);
    assert!(only(&shown(nginx_404()), id::SCRATCH).summary.contains("still answers 404"));
    let refused = |forbidden| scratch(Err(ScratchFailure { why: "denied".into(), forbidden }));
    assert!(only(&refused(false), id::SCRATCH).summary.contains("denied"));
    assert!(matches!(outcome(&refused(true), id::SCRATCH), Outcome::Unknown { .. }));
    let left = ScratchSeen {
        namespace: "homelab".into(),
        name: "homelab-doctor-1".into(),
        left: Some("no answer".into()),
        ..ScratchSeen::default()
    };
    assert_eq!(only(&scratch(Ok(left)), id::SCRATCH).fix.commands.len(), 1);
}
