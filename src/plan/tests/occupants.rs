//! What keeps a namespace: whatever is not the lab's, and would go with it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::plan::occupants::{Survey, Thing};

fn thing(group: &str, kind: &str, name: &str, owners: &[(&str, &str, &str)]) -> Thing {
    let owners: Vec<Value> = owners
        .iter()
        .map(|(version, kind, uid)| json!({ "apiVersion": version, "kind": kind, "uid": uid, "controller": true }))
        .collect();
    let object = json!({ "metadata": { "namespace": "homelab", "name": name, "uid": format!("{kind}-{name}"), "ownerReferences": owners } });
    Thing { group: group.to_owned(), kind: kind.to_owned(), plural: kind.to_lowercase(), object }
}

/// What of these is counted as others', and what is going, while `ours` are the uids of what is ours.
fn counted(things: Vec<Thing>, ours: &[&str]) -> (Vec<String>, Vec<String>) {
    let kinds = [
        ("", "ConfigMap"),
        ("", "Pod"),
        ("", "Service"),
        ("", "Secret"),
        ("", "Endpoints"),
        ("", "ServiceAccount"),
        ("apps", "ReplicaSet"),
        ("apps", "Deployment"),
        ("", "PersistentVolumeClaim"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("apps", "StatefulSet"),
    ];
    let kinds = kinds.map(|(group, kind)| (group.to_owned(), kind.to_owned())).into();
    let survey = Survey { things, kinds, unread: Vec::new() };
    let ours: BTreeSet<String> = ours.iter().map(|uid| (*uid).to_owned()).collect();
    let found = survey.occupancy(&ours);
    let names = |things: &[&Thing]| things.iter().map(|thing| thing.name().to_owned()).collect();
    (names(&found.others), names(&found.going))
}

fn others(things: Vec<Thing>, ours: &[&str]) -> Vec<String> {
    counted(things, ours).0
}

#[test]
fn a_strangers_config_map_keeps_the_namespace_and_what_the_cluster_makes_does_not() {
    let all = vec![
        thing("", "ConfigMap", "kube-root-ca.crt", &[]),
        thing("", "ServiceAccount", "default", &[]),
        thing("", "Event", "nas.1", &[]),
        thing("events.k8s.io", "Event", "nas.2", &[]),
        thing("coordination.k8s.io", "Lease", "ingress-nginx-leader", &[]),
        thing("", "Endpoints", "nas", &[]),
        thing("", "ConfigMap", "theirs", &[]),
        thing("", "ServiceAccount", "theirs-too", &[]),
    ];
    assert_eq!(others(all, &[]), ["theirs", "theirs-too"]);
}

#[test]
fn a_claim_keeps_the_namespace_whatever_owns_it() {
    let all = vec![
        thing("apps", "StatefulSet", "db", &[]),
        thing("", "PersistentVolumeClaim", "data", &[("apps/v1", "StatefulSet", "StatefulSet-db")]),
    ];
    assert_eq!(others(all, &["StatefulSet-db", "PersistentVolumeClaim-data"]), ["data"]);
}

#[test]
fn what_is_ours_takes_what_was_made_of_it_along() {
    let all = vec![
        thing("apps", "Deployment", "whoami", &[]),
        thing("apps", "ReplicaSet", "whoami-1", &[("apps/v1", "Deployment", "Deployment-whoami")]),
        thing("", "Pod", "whoami-1-x", &[("apps/v1", "ReplicaSet", "ReplicaSet-whoami-1")]),
    ];
    assert_eq!(others(all.clone(), &["Deployment-whoami"]), [""; 0]);
    assert_eq!(others(all.clone(), &[]), ["whoami"], "a stranger's is counted once");
    // Its Deployment is gone: the garbage collector is on its way.
    assert_eq!(counted(all[1..].to_vec(), &[]), (vec![], vec!["whoami-1".to_owned()]));
    assert_eq!(counted(all[2..].to_vec(), &[]), (vec![], vec!["whoami-1-x".to_owned()]));
}

#[test]
fn what_belongs_to_something_that_was_not_looked_at_is_a_strangers() {
    let of_node = thing("", "Pod", "static", &[("v1", "Node", "node-uid")]);
    let both = thing(
        "",
        "Secret",
        "both",
        &[("v1", "Node", "node-uid"), ("apps/v1", "Deployment", "Deployment-ours")],
    );
    let ours = thing("apps", "Deployment", "ours", &[]);
    assert_eq!(others(vec![of_node, both, ours], &["Deployment-ours"]), ["static", "both"]);
}

#[test]
fn two_that_own_each_other_are_counted() {
    let all = vec![
        thing("", "ConfigMap", "a", &[("v1", "ConfigMap", "ConfigMap-b")]),
        thing("", "ConfigMap", "b", &[("v1", "ConfigMap", "ConfigMap-a")]),
        thing("", "ConfigMap", "c", &[("v1", "ConfigMap", "ConfigMap-c")]),
    ];
    assert_eq!(others(all, &[]), ["a", "b", "c"]);
}

#[test]
fn what_hangs_on_the_clusters_own_is_counted_but_for_slices_of_endpoints() {
    let all = vec![
        thing("", "ServiceAccount", "default", &[]),
        thing("", "Secret", "token", &[("v1", "ServiceAccount", "ServiceAccount-default")]),
        thing("", "Endpoints", "nas", &[]),
        thing("discovery.k8s.io", "EndpointSlice", "nas-x", &[("v1", "Endpoints", "Endpoints-nas")]),
    ];
    assert_eq!(others(all, &[]), ["token"]);
}

#[test]
fn an_object_of_a_definition_is_counted_while_nobody_knows_of_its_owner() {
    // Only the objects of definitions were looked at: whether the Ingress lives is not known.
    let theirs = thing(
        "cert-manager.io",
        "Certificate",
        "blog",
        &[("networking.k8s.io/v1", "Ingress", "Ingress-blog")],
    );
    assert_eq!(others(vec![theirs], &[]), ["blog"]);
}

#[test]
fn what_hangs_on_a_strangers_object_is_known_to_do_so_and_what_hangs_on_ours_is_not_counted() {
    let made = |name: &str, of: &str| {
        [
            thing("", "Service", name, &[]),
            thing("discovery.k8s.io", "EndpointSlice", &format!("{name}-x"), &[("v1", "Service", of)]),
        ]
    };
    let things: Vec<Thing> =
        made("ours", "Service-ours").into_iter().chain(made("theirs", "Service-theirs")).collect();
    let kinds = [("", "Service"), ("discovery.k8s.io", "EndpointSlice")]
        .map(|(group, kind)| (group.to_owned(), kind.to_owned()));
    let survey = Survey { things, kinds: kinds.into(), unread: Vec::new() };
    let found = survey.occupancy(&["Service-ours".to_owned()].into());
    let names = |things: &[&Thing]| things.iter().map(|thing| thing.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (names(&found.others), names(&found.following)),
        (vec!["theirs".into()], vec!["theirs-x".into()])
    );
}
