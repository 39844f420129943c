//! Whole runs against an API server that is a function over what it holds.

mod account;
mod data;
mod interrupted;
mod records;
mod server;
mod strangers;

use std::collections::BTreeSet;

use crate::desired::kind;

use server::{KEPT, Trial, lab, name, set, strangers, without_labels};

#[tokio::test(start_paused = true)]
async fn everything_goes_but_certificates_keys_definitions_and_their_namespaces() {
    let ended = Trial::new(lab()).down(false).await;
    ended.document.unwrap();
    assert_eq!(ended.left, set(KEPT));
    let said = ended.said;
    assert!(said.contains("`homelab up` installs everything again"), "{said}");
    let kept = "kept for the next `homelab up`: `Secret homelab/nas-tls`, `Secret cert-manager/letsencrypt-account`, \
                `CustomResourceDefinition certificates.cert-manager.io`; `homelab down --purge` deletes these, too";
    assert!(said.contains(kept), "{said}");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_asked_the_list_comes_first_and_nothing_goes_without_yes() {
    let trial = Trial::new(lab());
    let error = trial.asked_of_nobody(true).await.unwrap_err();
    let text = error.to_string();
    for part in ["nothing was deleted", "no terminal to ask on", "`homelab down --purge --yes` deletes"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let has_looked = trial.log.lock().unwrap().iter().any(|line| line.starts_with("GET "));
    assert!(has_looked && trial.deleted().is_empty());
    assert_eq!((error.exit, trial.names()), (crate::error::Exit::Usage, Trial::new(lab()).names()));
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_asked_and_there_is_nothing_to_delete_there_is_no_question() {
    assert_eq!(Trial::new(Vec::new()).asked_of_nobody(false).await.unwrap(), crate::error::Exit::Fine);
}

#[tokio::test(start_paused = true)]
async fn with_purge_nothing_is_left() {
    let ended = Trial::new(lab()).down(true).await;
    ended.document.unwrap();
    assert_eq!(ended.left, BTreeSet::new());
}

#[tokio::test(start_paused = true)]
async fn what_a_run_without_purge_has_kept_goes_with_the_next_that_has_it() {
    let trial = Trial::new(lab());
    trial.down(false).await.document.unwrap();
    let again = trial.down(false).await;
    assert_eq!((again.left, again.document.unwrap()["removed"].as_array().unwrap().len()), (set(KEPT), 0));
    assert!(again.said.starts_with("nothing to delete\nkept for the next"), "{}", again.said);
    let ended = trial.down(true).await;
    ended.document.unwrap();
    assert_eq!(ended.left, BTreeSet::new());
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_lab_is_nothing_to_delete() {
    let ended = Trial::new(Vec::new()).down(true).await;
    ended.document.unwrap();
    assert_eq!(ended.said.trim_end(), "nothing to delete: homelab has nothing in this cluster");
}

/// Somebody has deleted cert-manager by hand: namespace, programs and definitions.
#[tokio::test(start_paused = true)]
async fn certificates_are_known_as_ours_when_cert_manager_and_its_definitions_are_gone() {
    let is_left = |one: &serde_json::Value| {
        let name = name(one);
        !name.contains("cert-manager") && one["kind"] != "Certificate" && one["kind"] != "ClusterIssuer"
    };
    let trial = Trial::new(lab().into_iter().filter(is_left).collect());
    trial.is_without(&kind::CERTIFICATE);
    let ended = trial.down(false).await;
    ended.document.unwrap();
    assert_eq!(
        ended.left,
        set(["Namespace homelab", "Secret homelab/nas-tls", "ConfigMap homelab/kube-root-ca.crt"])
    );
    let ended = trial.down(true).await;
    ended.document.unwrap();
    assert_eq!(ended.left, BTreeSet::new());
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_nobody_ends_any_more_is_named_and_cert_managers_webhook_is_out_of_the_way() {
    let mut all = lab();
    all.retain(|one| name(one) != "Deployment cert-manager/cert-manager");
    let mut challenge = without_labels(strangers(&kind::CHALLENGE, Some("homelab"), "nas-1"));
    challenge["metadata"]["deletionTimestamp"] = "2026-06-01T12:00:00Z".into();
    all.push(challenge);
    let ended = Trial::new(all).down(false).await;
    let text = ended.error();
    for part in [
        "left: `Challenge homelab/nas-1`",
        "it is not there any more",
        "edit challenge nas-1",
        "run `homelab down` again",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!ended.left.contains("ValidatingWebhookConfiguration cert-manager-webhook"));
    assert!(ended.left.contains("ClusterIssuer letsencrypt"), "nothing else went: {:?}", ended.left);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_looked_into_stays_and_is_no_success() {
    let mut all = lab();
    let mut hidden = without_labels(strangers(&kind::CONFIG_MAP, Some("external-dns"), "hidden"));
    hidden["metadata"]["annotations"] = serde_json::json!({ "hidden": "true" });
    all.push(hidden);
    let ended = Trial::new(all).down(true).await;
    let text = ended.error();
    for part in [
        "Namespace external-dns: what is in it cannot be seen: configmaps: so says the test",
        "run `homelab down --purge` again",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(ended.left, set(["Namespace external-dns", "ConfigMap external-dns/hidden"]));
}
