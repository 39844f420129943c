//! What was there before homelab.

use std::collections::BTreeMap;

use crate::plan::ownership::ADOPTED;
use crate::plan::tests::*;

const NAS: &str = "services: { nas: { url: 'http://10.0.0.2' } }";

/// The metadata of an object of others, as a list gives it.
fn met(kind: KindRef, namespace: Option<&str>, name: &str) -> (Key, Value) {
    let key = Key { kind, namespace: namespace.map(str::to_owned), name: name.to_owned() };
    let metadata = json!({ "namespace": namespace, "name": name, "uid": "theirs", "resourceVersion": "3",
        "managedFields": [{ "manager": "kubectl", "operation": "Update" }] });
    (key, json!({ "metadata": metadata }))
}

fn names(strangers: &[Stranger]) -> Vec<String> {
    strangers.iter().map(|stranger| stranger.key.to_string()).collect()
}

#[test]
fn nothing_is_looked_at_where_nothing_is_new() {
    let snapshot = applied(&plan(bundle_of(NAS), &Snapshot::default()));
    assert!(plan(bundle_of(NAS), &snapshot).unseen(&snapshot).is_empty());
    let one_more = plan(bundle_of(&NAS.replace("nas:", "tv:")), &snapshot).unseen(&snapshot);
    let mut kinds: Vec<_> = one_more.iter().map(|kind| kind.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["EndpointSlice", "Ingress", "Secret", "Service"]);
}

#[test]
fn what_others_made_where_the_lab_would_write_is_found_by_name() {
    let snapshot = Snapshot::default();
    let mut plan = plan(bundle_of(NAS), &snapshot);
    let world: BTreeMap<Key, Value> = [
        met(&kind::SERVICE, Some("homelab"), "nas"),
        met(&kind::SERVICE, Some("default"), "nas"),
        met(&kind::SECRET, Some("homelab"), "nas-tls"),
        met(&kind::NAMESPACE, None, "homelab"),
    ]
    .into();
    let mut found = names(&plan.meet(&snapshot, &world));
    found.sort();
    assert_eq!(found, ["Namespace homelab", "Secret homelab/nas-tls", "Service homelab/nas"]);
}

#[test]
fn what_homelab_applied_is_no_stranger_even_without_its_labels() {
    let snapshot = Snapshot::default();
    let mut plan = plan(bundle_of(NAS), &snapshot);
    let (key, mut live) = met(&kind::SERVICE, Some("homelab"), "nas");
    live["metadata"]["managedFields"][0] = json!({ "manager": HOMELAB, "operation": "Apply" });
    assert_eq!(plan.meet(&snapshot, &[(key, live)].into()), []);
}

#[test]
fn a_stranger_with_our_labels_is_one_all_the_same() {
    let mut snapshot = applied(&plan(bundle_of(NAS), &Snapshot::default()));
    let key = Key { kind: &kind::SERVICE, namespace: Some("homelab".into()), name: "nas".into() };
    snapshot.objects.get_mut(&key).unwrap()["metadata"]["managedFields"][0]["manager"] = "kubectl".into();
    let mut plan = plan(bundle_of(NAS), &snapshot);
    assert_eq!(names(&plan.meet(&snapshot, &BTreeMap::new())), ["Service homelab/nas"]);
}

#[test]
fn a_secret_that_cert_manager_left_for_the_same_certificate_is_used_again() {
    let snapshot = Snapshot::default();
    let mut plan = plan(bundle_of(NAS), &snapshot);
    let (key, mut live) = met(&kind::SECRET, Some("homelab"), "nas-tls");
    live["metadata"]["annotations"] = json!({ "cert-manager.io/certificate-name": "nas-tls" });
    let as_copied = [(key.clone(), live.clone())].into();
    assert_eq!(plan.meet(&snapshot, &as_copied).len(), 1, "the annotation alone is no proof");
    live["metadata"]["managedFields"] =
        json!([{ "manager": "cert-manager-certificates-issuing", "operation": "Apply" }]);
    assert_eq!(plan.meet(&snapshot, &[(key, live)].into()), []);
}

#[test]
fn a_certificate_of_others_in_the_way_cannot_be_adopted() {
    let mut snapshot = Snapshot::default();
    let (key, mut live) = met(&kind::CERTIFICATE, Some("homelab"), "nas-tls");
    live["spec"] = json!({ "secretName": "nas-tls" });
    let with = |live: Value| Some([(key.clone(), live)].into());
    snapshot.certificates = with(live.clone());
    let mut plan = plan(bundle_of(NAS), &snapshot);
    let found = plan.meet(&snapshot, &BTreeMap::new());
    assert_eq!(names(&found), ["Certificate homelab/nas-tls"]);
    assert!(!found[0].can_be_adopted());
    // One that an Ingress of this name had goes with it.
    live["metadata"]["ownerReferences"] = json!([{ "kind": "Ingress", "name": "nas", "controller": true }]);
    snapshot.certificates = with(live);
    assert_eq!(plan.meet(&snapshot, &BTreeMap::new()), []);
}

#[test]
fn an_adopted_object_says_so_in_what_is_applied_from_then_on_and_is_then_kept() {
    let world: BTreeMap<Key, Value> =
        [met(&kind::SERVICE, Some("homelab"), "nas"), met(&kind::SECRET, Some("homelab"), "nas-tls")].into();
    let mut first = plan(bundle_of(NAS), &Snapshot::default());
    let found = first.meet(&Snapshot::default(), &world);
    first.adopt(&found);
    let taken: Vec<&Change> = first.apply.iter().filter(|change| change.adopts.is_some()).collect();
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|change| change.object.body["metadata"]["annotations"][ADOPTED] == "true"));
    assert!(taken.iter().all(|change| change.adopts.as_deref() == Some("theirs")));
    let secret = taken.iter().find(|change| change.object.is_secret()).unwrap();
    assert!(secret.object.body["data"].is_null() && secret.object.body["metadata"]["labels"].is_null());
    let snapshot = applied(&first);
    let again = plan(bundle_of(NAS), &snapshot);
    assert!(again.apply.is_empty(), "{:?}", again.apply);
    // The service is removed: what was there before stays.
    let removal = plan(bundle_of(""), &snapshot).removal;
    let left: Vec<String> = removal.left.iter().map(ToString::to_string).collect();
    assert_eq!(left, ["Secret homelab/nas-tls", "Service homelab/nas"]);
    assert!(removal.gone.iter().all(|doomed| !removal.left.contains(&doomed.key)));
}
