//! The requests that the cluster room sends, against an API server that is a function.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::fake::cluster;
use super::*;
use crate::config::{self, Controller};
use crate::desired::object::{Component, Key};
use crate::desired::{Inputs, bundle, kind};
use crate::ingress::traits_of;
use crate::plan::ownership::Doomed;
use crate::plan::{Change, Snapshot, plan};

fn status(code: u16, reason: &str, message: &str) -> (u16, Value) {
    (
        code,
        json!({ "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message }),
    )
}

fn changes() -> Vec<Change> {
    let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
    plan(bundle(&config::parse(text).unwrap(), &Inputs::default()), &Snapshot::default()).apply
}

async fn apply(cluster: &Cluster, changes: &[Change]) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    cluster.apply(changes.iter(), deadline, |_, _| ()).await.map(drop)
}

#[tokio::test]
async fn each_object_is_one_patch_without_a_look_before() {
    let (cluster, log) = cluster(|_, _| (200, json!({})));
    let changes = changes();
    apply(&cluster, &changes).await.unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), changes.len());
    assert!(
        log.iter().all(|line| line.starts_with("PATCH ") && line.contains("fieldValidation=Strict")),
        "{log:?}"
    );
    assert!(!log.iter().any(|line| line.contains("force=true")));
}

#[tokio::test]
async fn a_snapshot_is_one_list_for_each_kind_and_unknown_kinds_are_empty() {
    let (cluster, log) = cluster(|line, _| match line {
        _ if line.contains("cert-manager.io") => {
            status(404, "NotFound", "the server could not find the requested resource")
        }
        _ if line.contains("/configmaps") => (
            200,
            json!({ "metadata": { "resourceVersion": "7" }, "items": [{ "metadata": { "name": "a", "namespace": "b",
                "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "home.example.com" } } }] }),
        ),
        _ => (200, json!({ "metadata": { "resourceVersion": "7" }, "items": [] })),
    });
    let snapshot = cluster.snapshot("home.example.com", Controller::default()).await.unwrap();
    // And one object that bears no label, since it may be somebody else's.
    assert_eq!(log.lock().unwrap().len(), kind::KINDS.len() + 1);
    let key = Key { kind: &kind::CONFIG_MAP, namespace: Some("b".into()), name: "a".into() };
    assert_eq!(snapshot.objects[&key]["kind"], "ConfigMap");
    assert!(!snapshot.versions.contains_key(&&kind::CERTIFICATE));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_starts_is_asked_again() {
    let (cluster, log) = cluster(|_, before| match before {
        0 | 1 => status(500, "InternalError", "failed calling webhook \"w\": connection refused"),
        _ => (200, json!({})),
    });
    apply(&cluster, &changes()[..1]).await.unwrap();
    assert_eq!(log.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_conflict_names_the_field_and_its_manager() {
    let (cluster, _) = cluster(|_, _| {
        let cause = json!({ "reason": "FieldManagerConflict", "message": "conflict with \"helm\" using v1", "field": ".data.a" });
        (
            409,
            json!({ "kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict", "message": "x", "details": { "causes": [cause] } }),
        )
    });
    let error = apply(&cluster, &changes()[..1]).await.unwrap_err().to_string();
    assert!(error.contains(".data.a: conflict with \"helm\"") && error.contains("manage: false"), "{error}");
}

#[tokio::test]
async fn a_missing_permission_names_verb_and_resource() {
    let (cluster, _) = cluster(|_, _| {
        let details = json!({ "kind": "namespaces" });
        (
            403,
            json!({ "kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden", "message": "no", "details": details }),
        )
    });
    let error = apply(&cluster, &changes()[..1]).await.unwrap_err();
    assert_eq!(error.exit, crate::error::Exit::Unfinished);
    assert!(error.to_string().contains("may not `patch` `namespaces`"), "{error}");
}

#[tokio::test]
async fn a_cluster_that_is_too_old_for_the_guard_is_told_so() {
    let (cluster, _) = cluster(|line, _| match line.contains("/validatingadmissionpolic") {
        true => status(404, "NotFound", "the server could not find the requested resource"),
        false => (200, json!({})),
    });
    let error = apply(&cluster, &changes()).await.unwrap_err().to_string();
    assert!(error.contains("homelab-ingress-status") && error.contains("Kubernetes 1.30"), "{error}");
}

#[tokio::test]
async fn what_is_ready_is_not_watched() {
    let (cluster, log) = cluster(|_, _| (500, json!({})));
    let ready = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "10.0.0.2" }] } } });
    let key = Key { kind: &kind::INGRESS, namespace: Some("a".into()), name: "b".into() };
    let mut awaited = Awaited {
        objects: BTreeMap::from([(key, (Component::Services, Some(ready)))]),
        versions: BTreeMap::new(),
        ..Awaited::default()
    };
    let deadline = Instant::now() + Duration::from_secs(1);
    cluster.wait("x", &mut awaited, deadline, |_| ()).await.unwrap();
    assert!(log.lock().unwrap().is_empty());
}

/// A cluster whose watch breaks and whose API server is then away for a while: it answers 500 that often.
async fn wait_for_an_ingress(away: usize) -> (Result<()>, usize) {
    let ready = json!({ "metadata": { "namespace": "a", "name": "b", "resourceVersion": "9" },
        "status": { "loadBalancer": { "ingress": [{ "ip": "10.0.0.2" }] } } });
    let gone = json!({ "type": "ERROR", "object": { "kind": "Status", "apiVersion": "v1", "metadata": {},
        "status": "Failure", "message": "too old resource version", "reason": "Expired", "code": 410 } });
    let lists = std::sync::atomic::AtomicUsize::new(0);
    let (cluster, log) = cluster(move |line, _| match line {
        _ if line.contains("/pods?watch") => (200, Value::from("")),
        _ if line.contains("/pods?") => (200, json!({ "metadata": { "resourceVersion": "1" }, "items": [] })),
        _ if line.contains("watch=1") => (200, Value::from(format!("{gone}\n"))),
        _ => match lists.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => (200, json!({ "metadata": { "resourceVersion": "1" }, "items": [] })),
            asked if asked <= away => (500, json!({})),
            _ => (200, json!({ "metadata": { "resourceVersion": "9" }, "items": [ready] })),
        },
    });
    let key = Key { kind: &kind::INGRESS, namespace: Some("a".into()), name: "b".into() };
    let mut awaited =
        Awaited { objects: BTreeMap::from([(key, (Component::Services, None))]), ..Awaited::default() };
    let deadline = Instant::now() + Duration::from_secs(30);
    let ended = cluster.wait("x", &mut awaited, deadline, |_| ()).await;
    let asked = log
        .lock()
        .unwrap()
        .iter()
        .filter(|line| line.contains("ingresses") && !line.contains("watch"))
        .count();
    (ended, asked)
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_breaks_is_begun_again_when_the_api_server_is_back() {
    let (ended, asked) = wait_for_an_ingress(4).await;
    ended.unwrap();
    assert_eq!(asked, 6);
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_stays_away_is_asked_with_growing_pauses_until_the_deadline() {
    let (ended, asked) = wait_for_an_ingress(usize::MAX - 1).await;
    assert!(ended.unwrap_err().to_string().contains("not there yet"));
    assert!((6..=12).contains(&asked), "{asked} times in 30 s");
}

fn doomed() -> Doomed {
    let key = Key { kind: &kind::SECRET, namespace: Some("a".into()), name: "b".into() };
    Doomed { key, uid: "u-1".into(), version: "7".into(), entries_alone: false }
}

#[tokio::test]
async fn a_delete_names_the_object_that_was_seen_and_leaves_another_alone() {
    let request = request::delete(&doomed());
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["preconditions"], json!({ "uid": "u-1", "resourceVersion": "7" }));
    let (cluster, log) =
        cluster(|_, _| status(409, "Conflict", "the UID in the precondition does not match"));
    assert_eq!(cluster.delete(&doomed()).await.unwrap(), Deleted::Changed);
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn only_what_is_adopted_is_applied_by_force_and_only_as_it_was_seen() {
    let (cluster, log) = cluster(|_, _| (200, json!({})));
    let mut changes = changes();
    changes[0].adopts = Some("u-1".into());
    apply(&cluster, &changes).await.unwrap();
    let forced: Vec<_> = log.lock().unwrap().iter().filter(|l| l.contains("force=true")).cloned().collect();
    assert_eq!(forced.len(), 1);
    assert!(forced[0].contains(&format!("/{}?", changes[0].object.key.name)), "{forced:?}");
}

#[tokio::test]
async fn an_object_that_is_gone_already_was_deleted() {
    let (cluster, _) = cluster(|_, _| status(404, "NotFound", "not found"));
    assert_eq!(cluster.delete(&doomed()).await.unwrap(), Deleted::Gone);
}

fn certificate(conditions: Value, revision: u64) -> Value {
    json!({ "metadata": { "namespace": "a", "name": "b-tls", "resourceVersion": "7", "generation": 1 },
        "spec": { "dnsNames": ["b.example.com"], "secretName": "b-tls" },
        "status": { "revision": revision, "conditions": conditions } })
}

#[tokio::test]
async fn issuing_again_is_one_patch_of_the_status_and_a_conflict_is_tried_with_what_is_new() {
    let (cluster, log) = cluster(|line, before| match line.starts_with("PATCH") {
        true if before == 0 => status(409, "Conflict", "the object has been modified"),
        true => (200, json!({})),
        false => (200, certificate(json!([]), 4)),
    });
    let renewal = cluster.issue_again(&certificate(json!([]), 3), jiff::Timestamp::now()).await.unwrap();
    assert_eq!(
        (renewal.place.as_str(), renewal.secret.as_str(), renewal.ended),
        ("a/b-tls", "a/b-tls", None)
    );
    let path = "/apis/cert-manager.io/v1/namespaces/a/certificates/b-tls";
    assert_eq!(
        *log.lock().unwrap(),
        [format!("PATCH {path}/status"), format!("GET {path}"), format!("PATCH {path}/status")]
    );
}

#[tokio::test]
async fn what_is_being_issued_is_not_triggered_again() {
    let (cluster, log) = cluster(|_, _| (500, json!({})));
    let issuing = json!([{ "type": "Issuing", "status": "True" }]);
    cluster.issue_again(&certificate(issuing, 1), jiff::Timestamp::now()).await.unwrap();
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_cluster_without_cert_manager_has_nothing_to_issue_again() {
    let (cluster, _) =
        cluster(|_, _| status(404, "NotFound", "the server could not find the requested resource"));
    assert!(cluster.all_certificates().await.unwrap_err().to_string().contains("no Certificates"));
}

#[tokio::test]
async fn a_webhook_whose_authority_is_not_known_is_told_from_one_that_does_not_run() {
    for (message, of) in [
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "cert-manager-cainjector",
        ),
        ("connection refused", "get pods"),
    ] {
        let message = format!("failed calling webhook \"w\": {message}");
        let (cluster, _) = cluster(move |_, _| status(500, "InternalError", &message));
        let hint = cluster.all_certificates().await.unwrap_err().hint.unwrap_or_default();
        assert!(hint.contains(of), "{hint}");
    }
}

#[tokio::test]
async fn a_dry_run_tells_refusals_from_silence_and_stores_nothing() {
    let (cluster, log) = cluster(|_, _| status(500, "InternalError", "failed calling webhook"));
    let seen = cluster.ask_webhook().await;
    assert!(matches!(&seen.good, crate::evidence::DryRun::Refused { code: 500, .. }), "{seen:?}");
    assert!(
        log.lock().unwrap().iter().all(|line| line.starts_with("POST ") && line.ends_with("?dryRun=All"))
    );
}

#[tokio::test]
async fn a_scratch_ingress_that_is_refused_says_by_whom() {
    let failure = async |code, message: &'static str| {
        let (cluster, _) = cluster(move |_, _| status(code, "", message));
        let scratch =
            Scratch::new(&crate::evidence::Objects::default(), &crate::ingress::nginx::TRAITS, "nginx", 255);
        assert_eq!(scratch.host, "homelab-doctor-ff.invalid");
        cluster.make_scratch(&scratch, "external-dns.alpha.kubernetes.io/").await.unwrap_err()
    };
    let permission =
        failure(403, "ingresses is forbidden: User \"u\" cannot patch resource \"ingresses\"").await;
    assert!(permission.forbidden);
    assert!(!failure(403, "admission webhook \"x\" denied the request").await.forbidden);
}

fn left(name: &str, host: &str, manager: &str) -> Value {
    json!({ "metadata": { "namespace": "homelab", "name": name, "uid": name, "resourceVersion": "7",
            "labels": { "homelab/scratch": "true" }, "managedFields": [{ "manager": manager, "operation": "Apply" }] },
        "spec": { "rules": [{ "host": host }] } })
}

#[tokio::test]
async fn what_an_interrupted_run_left_is_removed_and_a_strangers_ingress_with_its_label_stays() {
    let (cluster, log) = cluster(|line, _| match line {
        _ if line.starts_with("GET") => (
            200,
            json!({ "items": [
                left("homelab-doctor-1", "homelab-doctor-1.invalid", "homelab"),
                left("homelab-doctor-2", "homelab-doctor-2.invalid", "kubectl"),
                left("photos", "photos.example.com", "kubectl"),
                left("homelab-doctor-3", "photos.example.com", "homelab"),
            ] }),
        ),
        _ => (200, json!({})),
    });
    cluster.remove_scratches(None).await.unwrap();
    let log = log.lock().unwrap();
    assert!(log[0].contains("labelSelector=homelab%2Fscratch%3Dtrue"), "{log:?}");
    assert_eq!(log[1..], ["DELETE /apis/networking.k8s.io/v1/namespaces/homelab/ingresses/homelab-doctor-1"]);
}

#[tokio::test]
async fn a_scratch_ingress_that_the_controller_writes_to_meanwhile_is_looked_at_again() {
    let (cluster, log) = cluster(|line, before| match line {
        _ if line.starts_with("GET") => {
            (200, json!({ "items": [left("homelab-doctor-1", "homelab-doctor-1.invalid", "homelab")] }))
        }
        _ if before == 0 => status(409, "Conflict", "the ResourceVersion in the precondition does not match"),
        _ => (200, json!({})),
    });
    let key =
        Key { kind: &kind::INGRESS, namespace: Some("homelab".into()), name: "homelab-doctor-1".into() };
    cluster.remove_scratches(Some(&key)).await.unwrap();
    assert_eq!(log.lock().unwrap().iter().filter(|line| line.starts_with("DELETE")).count(), 2);
}

#[tokio::test]
async fn only_pods_in_the_controllers_own_namespace_are_asked() {
    let (cluster, log) = cluster(|_, _| (404, json!({})));
    let pod = |namespace: &str| {
        json!({ "metadata": { "namespace": namespace, "name": "a",
                "labels": { "app.kubernetes.io/name": "ingress-nginx-controller" } },
            "spec": { "nodeName": "pi" }, "status": { "conditions": [{ "type": "Ready", "status": "True" }] } })
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    let answers = cluster
        .pod_answers(traits_of(Controller::default()), &[pod("default"), pod("ingress-nginx")], deadline)
        .await;
    assert_eq!(answers.len(), 1);
    assert_eq!(*log.lock().unwrap(), ["GET /api/v1/namespaces/ingress-nginx/pods/a:80/proxy/"]);
}
