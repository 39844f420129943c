//! The runs in which it would hit a stranger's thing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::server::{Trial, lab, object, set, strangers, without_labels};
use crate::desired::kind;

/// A Certificate of somebody else in a namespace, by our ClusterIssuer.
fn certificate(namespace: &str, name: &str) -> Value {
    let mut certificate = strangers(&kind::CERTIFICATE, Some(namespace), name);
    certificate["spec"] =
        json!({ "secretName": name, "issuerRef": { "name": "letsencrypt", "kind": "ClusterIssuer" } });
    certificate
}

#[tokio::test(start_paused = true)]
async fn a_strangers_config_map_and_claim_keep_their_namespaces_and_are_named() {
    let mut all = lab();
    all.push(strangers(&kind::CONFIG_MAP, Some("homelab"), "theirs"));
    all.push(strangers(&kind::CLAIM, Some("external-dns"), "data"));
    let ended = Trial::new(all).down(true).await;
    ended.document.unwrap();
    let wanted = set([
        "Namespace homelab",
        "ConfigMap homelab/theirs",
        "ConfigMap homelab/kube-root-ca.crt",
        "Namespace external-dns",
        "PersistentVolumeClaim external-dns/data",
    ]);
    assert_eq!(ended.left, wanted);
    let said = ended.said;
    assert!(said.contains("Namespace homelab stays: not homelab's: `ConfigMap homelab/theirs"), "{said}");
    assert!(said.contains("`kubectl -n external-dns delete pvc data`"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_object_with_our_labels_that_homelab_did_not_apply_stays_whatever_it_is() {
    // In a namespace that others made: labels are copied with everything else.
    let copies = |kind: &&&'static kind::Kind| kind.namespaced && ***kind != kind::SECRET;
    let theirs: Vec<Value> = kind::KINDS
        .iter()
        .filter(copies)
        .map(|kind| object(kind, Some("theirs"), "copied", "kubectl"))
        .collect();
    let count = theirs.len();
    let ended = Trial::new(lab().into_iter().chain(theirs).collect()).down(true).await;
    ended.document.unwrap();
    assert_eq!(ended.left.iter().filter(|name| name.ends_with(" theirs/copied")).count(), count);
    // Their Certificate is of a definition that homelab brought.
    assert_eq!(ended.left.len(), count + 1, "{:?}", ended.left);
}

#[tokio::test(start_paused = true)]
async fn a_strangers_certificate_keeps_its_definition_its_secret_and_the_namespace() {
    let mut all = lab();
    all.push(certificate("homelab", "own"));
    let secret = object(&kind::SECRET, Some("homelab"), "own", "cert-manager-certificates-issuing");
    all.push(without_labels(secret));
    let ended = Trial::new(all).down(true).await;
    ended.document.unwrap();
    let wanted = set([
        "CustomResourceDefinition certificates.cert-manager.io",
        "Certificate homelab/own",
        "Secret homelab/own",
        "Namespace homelab",
        "ConfigMap homelab/kube-root-ca.crt",
    ]);
    assert_eq!(ended.left, wanted);
    let said = ended.said;
    assert!(said.contains("CustomResourceDefinition certificates.cert-manager.io stays: not homelab's: `Certificate homelab/own"), "{said}");
    assert_eq!(ended.warnings, ["Certificate homelab/own: nothing renews it afterwards"]);
}

#[tokio::test(start_paused = true)]
async fn who_loses_a_challenge_is_told_before_it_is_confirmed() {
    let owned = |kind, name: &str, by: &str| {
        let mut one = strangers(kind, Some("blog"), name);
        one["metadata"]["ownerReferences"] = json!([{ "kind": "x", "uid": by, "controller": true }]);
        one
    };
    let theirs = [
        certificate("blog", "own"),
        owned(&kind::CERTIFICATE_REQUEST, "own-1", "Certificate-own"),
        owned(&kind::ORDER, "own-1-2", "CertificateRequest-own-1"),
        owned(&kind::CHALLENGE, "own-1-2-3", "Order-own-1-2"),
    ];
    let ended = Trial::new(lab().into_iter().chain(theirs).collect()).down(false).await;
    ended.document.unwrap();
    assert!(ended.left.contains("Challenge blog/own-1-2-3"), "nobody waits for it, and nobody deletes it");
    assert_eq!(
        ended.warnings,
        [
            "Certificate blog/own: nothing renews it afterwards",
            "Challenge blog/own-1-2-3: nothing ends it afterwards, so its finalizer holds it"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_the_user_made_stays_empty_as_it_is() {
    let mut all = lab();
    all.retain(|one| one["kind"] != "Namespace");
    for name in ["homelab", "external-dns", "cert-manager", "ingress-nginx"] {
        all.push(strangers(&kind::NAMESPACE, None, name));
    }
    // And one that he gave our labels.
    all.push(object(&kind::NAMESPACE, None, "photos", "kubectl"));
    let ended = Trial::new(all).down(true).await;
    ended.document.unwrap();
    let namespaces = ended.left.iter().filter(|name| name.starts_with("Namespace ")).count();
    assert_eq!(namespaces, 5, "{:?}", ended.left);
}

#[tokio::test(start_paused = true)]
async fn a_claim_stays_also_where_homelab_applied_it() {
    let mut all = lab();
    all.push(object(&kind::CLAIM, Some("homelab"), "data", "homelab"));
    let ended = Trial::new(all).down(true).await;
    ended.document.unwrap();
    let wanted = set([
        "Namespace homelab",
        "PersistentVolumeClaim homelab/data",
        "ConfigMap homelab/kube-root-ca.crt",
    ]);
    assert_eq!(ended.left, wanted);
}

#[tokio::test(start_paused = true)]
async fn another_lab_in_the_cluster_is_refused_before_anything_is_deleted() {
    let mut all = lab();
    for one in &mut all {
        one["metadata"]["labels"]["app.kubernetes.io/instance"] = "other.example.com".into();
    }
    let trial = Trial::new(all);
    let ended = trial.down(true).await;
    assert!(ended.error().contains("with `dns.owner: other.example.com`"), "{}", ended.error());
    assert!(trial.deleted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_replaced_between_the_look_and_the_deletion_stays() {
    // Somebody deletes the ClusterRole and makes one of his own of that name, with the labels of ours.
    let trial = Trial::new(lab());
    trial.before(|all, path| {
        let one = all.iter_mut().find(|one| one["kind"] == "ClusterRole")?;
        if !path.ends_with("/clusterroles/external-dns") || one["metadata"]["uid"] == "theirs" {
            return None;
        }
        one["metadata"]["uid"] = "theirs".into();
        one["metadata"]["managedFields"] = json!([{ "manager": "kubectl", "operation": "Apply" }]);
        Some(409)
    });
    let ended = trial.down(true).await;
    let document = ended.document.unwrap();
    assert_eq!(ended.left, set(["ClusterRole external-dns"]));
    assert!(!document["removed"].as_array().unwrap().contains(&json!("ClusterRole external-dns")));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_comes_into_a_namespace_meanwhile_keeps_it() {
    let trial = Trial::new(lab());
    trial.before(|all, path| {
        if path.ends_with("/ingresses/nas") {
            all.push(strangers(&kind::CONFIG_MAP, Some("external-dns"), "late"));
        }
        None
    });
    let ended = trial.down(true).await;
    ended.document.unwrap();
    assert_eq!(ended.left, set(["ConfigMap external-dns/late", "Namespace external-dns"]));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_comes_meanwhile_keeps_the_secret_that_it_has() {
    let trial = Trial::new(lab());
    trial.before(|all, path| {
        if path.ends_with("/certificates/nas-tls") {
            all.push(certificate("homelab", "nas-tls-of-theirs"));
            let last = all.last_mut().unwrap();
            last["spec"]["secretName"] = "nas-tls".into();
        }
        None
    });
    let ended = trial.down(true).await;
    ended.document.unwrap();
    let secrets: BTreeSet<&String> = ended.left.iter().filter(|name| name.starts_with("Secret ")).collect();
    assert_eq!(secrets.into_iter().collect::<Vec<_>>(), ["Secret homelab/nas-tls"]);
}
