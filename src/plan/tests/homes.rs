//! The namespaces of extra certificates: made where there is none, others' left alone.

use std::collections::BTreeMap;

use crate::plan::homes::leftover;
use crate::plan::ownership::ADOPTED;
use crate::plan::tests::*;

const QA: &str = "extraCertificates: [{ namespace: qa, names: ['*.qa.home.example.com'], secret: qa-tls }]";

fn qa() -> Key {
    Key { kind: &kind::NAMESPACE, namespace: None, name: "qa".to_owned() }
}

fn others(labels: Value) -> Value {
    json!({ "metadata": { "name": "qa", "uid": "theirs", "labels": labels,
        "managedFields": [{ "manager": "kubectl", "operation": "Update" }] } })
}

fn writes(plan: &Plan) -> Vec<String> {
    let of_it = |key: &&Key| **key == qa() || key.namespace.as_deref() == Some("qa");
    plan.apply.iter().map(|change| &change.object.key).filter(of_it).map(ToString::to_string).collect()
}

#[test]
fn a_namespace_is_made_before_the_certificate_in_it() {
    let snapshot = Snapshot::default();
    let mut plan = plan(bundle_of(QA), &snapshot);
    plan.leave_homes(&snapshot, &BTreeMap::new());
    assert_eq!(writes(&plan), ["Namespace qa", "Certificate qa/qa-tls"]);
}

#[test]
fn one_of_others_is_neither_changed_nor_in_the_way_whatever_its_labels_say() {
    let ours = json!({ "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "home.example.com" });
    let mut copied = Snapshot::default();
    let items = json!({ "items": [others(ours)] });
    copied.note("home.example.com", &kind::NAMESPACE, Some(items));
    let met: BTreeMap<Key, Value> = [(qa(), others(json!({})))].into();
    for (snapshot, met) in [(Snapshot::default(), met), (copied, BTreeMap::new())] {
        let mut plan = plan(bundle_of(QA), &snapshot);
        plan.leave_homes(&snapshot, &met);
        assert_eq!(writes(&plan), ["Certificate qa/qa-tls"]);
        assert_eq!(plan.meet(&snapshot, &met), []);
        assert_eq!(leftover(&BTreeSet::new(), &snapshot), []);
    }
}

#[test]
fn a_certificate_or_a_secret_of_others_at_its_place_is_found_before_the_first_write() {
    let snapshot = Snapshot::default();
    let mut plan = plan(bundle_of(QA), &snapshot);
    let met: BTreeMap<Key, Value> = [&kind::CERTIFICATE, &kind::SECRET]
        .map(|kind| {
            (Key { kind, namespace: Some("qa".to_owned()), name: "qa-tls".to_owned() }, others(json!({})))
        })
        .into();
    assert!([&kind::CERTIFICATE, &kind::SECRET].iter().all(|kind| plan.unseen(&snapshot).contains(kind)));
    let mut found: Vec<String> =
        plan.meet(&snapshot, &met).iter().map(|stranger| stranger.key.to_string()).collect();
    found.sort();
    assert_eq!(found, ["Certificate qa/qa-tls", "Secret qa/qa-tls"]);
}

#[test]
fn what_homelab_made_is_left_over_only_when_no_entry_wants_it() {
    let snapshot = applied(&plan(bundle_of(QA), &Snapshot::default()));
    assert!(plan(bundle_of(QA), &snapshot).is_empty());
    let names = |wanted: &BTreeSet<Key>, snapshot: &Snapshot| -> Vec<String> {
        leftover(wanted, snapshot).iter().map(|doomed| doomed.key.to_string()).collect()
    };
    let plan = plan(bundle_of(""), &snapshot);
    assert_eq!(names(&plan.wanted, &snapshot), ["Namespace qa"]);
    assert_eq!(names(&BTreeSet::from([qa()]), &snapshot), [""; 0]);
    for change in [
        |live: &mut Value| live["metadata"]["annotations"][ADOPTED] = "true".into(),
        |live: &mut Value| live["metadata"]["deletionTimestamp"] = "2026-06-01T12:00:00Z".into(),
        |live: &mut Value| live["metadata"]["managedFields"] = json!([]),
        |live: &mut Value| live["metadata"]["labels"]["app.kubernetes.io/component"] = "services".into(),
    ] {
        let mut other = applied(&crate::plan::plan(bundle_of(QA), &Snapshot::default()));
        change(other.objects.get_mut(&qa()).unwrap());
        assert_eq!(names(&plan.wanted, &other), [""; 0]);
    }
}

#[test]
fn the_certificate_and_the_secret_go_with_their_entry_and_the_namespace_is_asked_about_first() {
    let mut snapshot = applied(&plan(bundle_of(QA), &Snapshot::default()));
    let key = Key { kind: &kind::SECRET, namespace: Some("qa".to_owned()), name: "qa-tls".to_owned() };
    let secret = json!({ "metadata": { "namespace": "qa", "name": "qa-tls", "uid": "s",
        "annotations": { "cert-manager.io/certificate-name": "qa-tls" },
        "managedFields": [{ "manager": "cert-manager-certificates-issuing", "operation": "Apply" }] } });
    snapshot.objects.insert(key, secret);
    let is_certificate = |key: &&Key| *key.kind == kind::CERTIFICATE;
    let certificates = snapshot.objects.keys().filter(is_certificate).cloned();
    let certificates: BTreeMap<Key, Value> =
        certificates.map(|key| (key.clone(), snapshot.objects[&key].clone())).collect();
    snapshot.certificates = Some(certificates);
    let gone = plan(bundle_of(""), &snapshot).removal.gone;
    let names: Vec<String> = gone.iter().map(|doomed| doomed.key.to_string()).collect();
    assert_eq!(names, ["Certificate qa/qa-tls", "Secret qa/qa-tls"]);
    assert!(plan(bundle_of(QA), &snapshot).removal.gone.is_empty());
}
