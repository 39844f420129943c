//! The data of services that homelab runs from an image: who would lose it, and when.

use crate::plan::ownership::removal_of_all;
use crate::plan::teardown::teardown;
use crate::plan::tests::ownership::adopted;
use crate::plan::tests::*;

const KEEPS: &str = "services: { books: { image: 'a/b:1', port: 80, data: /data } }\n";
const CLAIM: &str = "PersistentVolumeClaim homelab-books/data";

/// A cluster to which the service was brought.
fn brought() -> Snapshot {
    applied(&plan(bundle_of(KEEPS), &Snapshot::default()))
}

fn names<'k>(keys: impl Iterator<Item = &'k Key>) -> Vec<String> {
    keys.map(ToString::to_string).collect()
}

fn claim(snapshot: &mut Snapshot) -> &mut Value {
    snapshot.objects.iter_mut().find(|(key, _)| *key.kind == kind::CLAIM).unwrap().1
}

#[test]
fn the_claim_of_a_removed_service_stays_with_its_namespace_and_is_told() {
    let plan = plan(bundle_of(""), &brought());
    assert_eq!(
        names(plan.removal.gone.iter().map(|gone| &gone.key)),
        ["Ingress homelab-books/books", "Service homelab-books/books", "Deployment homelab-books/books"]
    );
    assert_eq!(names(plan.removal.data.iter()), [CLAIM]);
}

#[test]
fn a_claim_is_told_by_the_run_that_takes_its_program_and_by_no_later_one() {
    let mut seen = brought();
    seen.objects.retain(|key, _| *key.kind == kind::CLAIM || *key.kind == kind::NAMESPACE);
    let plan = plan(bundle_of("whoami: false\n"), &seen);
    assert!(plan.removal.gone.is_empty() && plan.removal.data.is_empty(), "{:?}", plan.removal);
}

#[test]
fn the_claim_of_a_service_that_keeps_no_data_any_more_stays_too() {
    let without = KEEPS.replace(", data: /data", "");
    let plan = plan(bundle_of(&without), &brought());
    assert!(plan.removal.gone.is_empty(), "{:?}", plan.removal.gone);
    assert_eq!(plan.apply.iter().map(|c| c.object.key.kind.kind).collect::<Vec<_>>(), ["Deployment"]);
}

#[test]
fn no_way_of_taking_everything_away_takes_the_data() {
    let seen = brought();
    for purge in [false, true] {
        let all = teardown(&seen, purge);
        let gone = all.gone.iter().chain(&all.kept).chain(&all.definitions);
        assert!(!names(gone.map(|gone| &gone.key)).contains(&CLAIM.to_owned()));
    }
    assert!(removal_of_all(&seen).gone.iter().all(|gone| *gone.key.kind != kind::CLAIM));
}

/// Whoever has made it larger must not be told to make it smaller by each `up`: the API server refuses that.
#[test]
fn a_claim_is_made_once_and_never_written_again() {
    let mut seen = brought();
    let live = claim(&mut seen);
    live["spec"]["resources"]["requests"]["storage"] = "200Gi".into();
    live["spec"]["storageClassName"] = "fast".into();
    live["metadata"]["labels"]["app.kubernetes.io/version"] = "0.0.1".into();
    live["metadata"]["annotations"][HASH] = "of another version".into();
    let plan = plan(bundle_of(KEEPS), &seen);
    assert!(plan.is_empty(), "{:?}", plan.apply);
}

#[test]
fn a_strangers_claim_is_not_mounted_unless_it_is_adopted_and_then_keeps_what_it_asked_for() {
    let mut seen = brought();
    let live = claim(&mut seen);
    live["metadata"]["managedFields"][0]["manager"] = "kubectl".into();
    live["spec"]["resources"]["requests"]["storage"] = "200Gi".into();
    let mut first = plan(bundle_of(KEEPS), &seen);
    let found = first.meet(&seen, &[].into());
    assert_eq!(names(found.iter().map(|stranger| &stranger.key)), [CLAIM]);
    first.adopt(&found);
    let written = &first.apply.iter().find(|change| *change.object.key.kind == kind::CLAIM).unwrap().object;
    assert!(written.body["spec"].is_null(), "{}", written.body);
    // From then on it is left alone, and told among what is not homelab's.
    *claim(&mut seen) = adopted(claim(&mut seen).clone());
    claim(&mut seen)["metadata"]["managedFields"][0]["manager"] = HOMELAB.into();
    assert!(plan(bundle_of(KEEPS), &seen).is_empty());
    assert_eq!(names(teardown(&seen, true).left.iter()), [CLAIM]);
}

#[test]
fn a_namespace_of_that_name_that_others_made_is_refused_before_anything_is_written_there() {
    let theirs = json!({ "metadata": { "name": "homelab-books", "uid": "theirs",
        "managedFields": [{ "manager": "kubectl", "operation": "Update" }] } });
    let key = Key { kind: &kind::NAMESPACE, namespace: None, name: "homelab-books".to_owned() };
    let mut first = plan(bundle_of(KEEPS), &Snapshot::default());
    assert!(first.unseen(&Snapshot::default()).contains(&kind::NAMESPACE));
    let found = first.meet(&Snapshot::default(), &[(key.clone(), theirs)].into());
    assert_eq!(found.iter().map(|stranger| &stranger.key).collect::<Vec<_>>(), [&key]);
}
