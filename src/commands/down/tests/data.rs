//! The runs in which it would hit what a service of homelab's keeps, or what others have beside it.

use serde_json::Value;

use super::server::{Trial, lab, name, object, set, strangers, without_labels};
use crate::desired::kind::{self, Kind};

const HOME: &str = "homelab-books";

fn ours(kind: &Kind, name: &str) -> Value {
    let namespace = (*kind != kind::NAMESPACE).then_some(HOME);
    object(kind, namespace, name, "homelab")
}

/// A service from an image, as `up` makes it and the cluster completes it.
fn books() -> Vec<Value> {
    let root = object(&kind::CONFIG_MAP, Some(HOME), "kube-root-ca.crt", "kube-controller-manager");
    vec![
        ours(&kind::NAMESPACE, HOME),
        ours(&kind::DEPLOYMENT, "books"),
        ours(&kind::SERVICE, "books"),
        ours(&kind::INGRESS, "books"),
        without_labels(root),
    ]
}

fn with(more: impl IntoIterator<Item = Value>) -> Vec<Value> {
    lab().into_iter().chain(books()).chain(more).collect()
}

fn set_of_data() -> std::collections::BTreeSet<String> {
    set([
        "Namespace homelab-books",
        "PersistentVolumeClaim homelab-books/data",
        "ConfigMap homelab-books/kube-root-ca.crt",
    ])
}

#[tokio::test(start_paused = true)]
async fn the_data_of_a_service_outlives_down_with_purge_and_the_command_that_deletes_it_is_printed() {
    let trial = Trial::new(with([ours(&kind::CLAIM, "data")]));
    let ended = trial.down(true).await;
    let document = ended.document.unwrap();
    assert_eq!(ended.left, set_of_data());
    for part in [
        "Namespace homelab-books stays: data is in it: `PersistentVolumeClaim homelab-books/data`",
        "`kubectl -n homelab-books delete pvc data`",
    ] {
        assert!(ended.said.contains(part), "{part}: {}", ended.said);
    }
    assert!(!ended.said.contains("not homelab's"), "{}", ended.said);
    assert_eq!(document["spared"][0]["data"][0], "PersistentVolumeClaim homelab-books/data");
    assert!(trial.deleted().iter().all(|one| !one.starts_with("persistentvolumeclaims/")));
}

#[tokio::test(start_paused = true)]
async fn once_somebody_has_deleted_the_data_by_hand_the_next_run_takes_the_namespace() {
    let left = |one: &Value| one["kind"] == "Namespace" || one["kind"] == "ConfigMap";
    let ended = Trial::new(books().into_iter().filter(left).collect()).down(false).await;
    ended.document.unwrap();
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test(start_paused = true)]
async fn the_claim_of_a_service_that_was_removed_before_keeps_its_namespace() {
    let alone = with([ours(&kind::CLAIM, "data")]).into_iter().filter(|one| {
        one["metadata"]["namespace"] != HOME
            || one["kind"] == "PersistentVolumeClaim"
            || one["kind"] == "ConfigMap"
    });
    let ended = Trial::new(alone.collect()).down(true).await;
    ended.document.unwrap();
    assert_eq!(ended.left, set_of_data());
}

#[tokio::test(start_paused = true)]
async fn a_strangers_object_beside_the_service_keeps_the_namespace_and_is_named() {
    let theirs = strangers(&kind::CONFIG_MAP, Some(HOME), "notes");
    let ended = Trial::new(with([theirs, ours(&kind::CLAIM, "data")])).down(true).await;
    ended.document.unwrap();
    let mut wanted = set_of_data();
    wanted.insert("ConfigMap homelab-books/notes".to_owned());
    assert_eq!(ended.left, wanted);
    let said = "not homelab's: `ConfigMap homelab-books/notes`; data is in it: `PersistentVolumeClaim homelab-books/data`";
    assert!(ended.said.contains(said), "{}", ended.said);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_data_goes_with_its_namespace() {
    let ended = Trial::new(with([])).down(true).await;
    ended.document.unwrap();
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_of_that_name_that_others_made_stays_with_nothing_in_it_but_what_is_theirs() {
    let mut all = with([]);
    let home = all.iter_mut().find(|one| name(one) == "Namespace homelab-books").unwrap();
    *home = strangers(&kind::NAMESPACE, None, HOME);
    let ended = Trial::new(all).down(true).await;
    ended.document.unwrap();
    assert_eq!(ended.left, set(["Namespace homelab-books", "ConfigMap homelab-books/kube-root-ca.crt"]));
}

#[tokio::test(start_paused = true)]
async fn data_that_comes_between_the_list_and_the_deletion_keeps_its_namespace() {
    let trial = Trial::new(with([]));
    trial.before(|all, path| {
        if path.ends_with("/ingresses/books") {
            all.push(strangers(&kind::CLAIM, Some(HOME), "theirs"));
        }
        None
    });
    let ended = trial.down(true).await;
    ended.document.unwrap();
    assert!(ended.left.contains("PersistentVolumeClaim homelab-books/theirs"), "{:?}", ended.left);
    assert!(ended.left.contains("Namespace homelab-books"), "{:?}", ended.left);
}
