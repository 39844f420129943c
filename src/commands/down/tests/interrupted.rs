//! Runs that are stopped somewhere, and the next one.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::server::{KEPT, Trial, lab, object, set, without_labels};
use crate::desired::kind;
use crate::error::Exit;

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_says_what_is_left_and_the_next_finishes() {
    let trial = Trial::new(lab());
    trial.before(|_, path| path.ends_with("/ingresses/nas").then_some(409));
    let ended = trial.down(false).await;
    let error = ended.document.as_ref().unwrap_err();
    assert_eq!(error.exit, Exit::Unfinished);
    let text = ended.error();
    assert!(text.contains("0 objects were deleted; not deleted yet: `Ingress homelab/nas`"), "{text}");
    assert!(text.contains("`homelab down` again"), "{text}");
    assert!(ended.left.contains("Certificate homelab/nas-tls"), "nothing else was touched: {:?}", ended.left);
    trial.before(|_, _| None);
    let next = trial.down(false).await;
    next.document.unwrap();
    assert_eq!(next.left, set(KEPT));
}

/// The API server goes away after each number of deletions, as it does when k3s restarts or the power fails.
#[tokio::test(start_paused = true)]
async fn wherever_it_is_stopped_the_next_run_ends_as_if_it_had_not_been() {
    for purge in [false, true] {
        let whole = Trial::new(lab());
        whole.down(purge).await.document.unwrap();
        let deletions = whole.deleted().len();
        assert!(deletions > 10, "{deletions}");
        for stop in 0..deletions {
            let trial = Trial::new(lab());
            let done = AtomicUsize::new(0);
            trial.before(move |_, _| (done.fetch_add(1, Ordering::Relaxed) >= stop).then_some(503));
            let ended = trial.down(purge).await;
            let text = ended.error();
            assert_eq!(ended.document.as_ref().unwrap_err().exit, Exit::Unfinished, "{text}");
            assert!(
                text.contains(&format!("{stop} objects were deleted; not deleted yet: ")),
                "{stop}: {text}"
            );
            let next = if purge { "`homelab down --purge`" } else { "`homelab down`" };
            assert!(text.contains(next), "{text}");
            trial.before(|_, _| None);
            let next = trial.down(purge).await;
            next.document.unwrap();
            let wanted = if purge { BTreeSet::new() } else { set(KEPT) };
            assert_eq!(next.left, wanted, "stopped after {stop}");
        }
    }
}

/// `up` was killed in the middle: some of what it makes is there, in the order in which it makes it.
#[tokio::test(start_paused = true)]
async fn whatever_a_killed_up_has_left_is_removed() {
    let all = lab();
    for there in 0..all.len() {
        let mut some = all.clone();
        some.sort_by_key(|one| one["kind"] != "Namespace");
        some.truncate(there);
        let ended = Trial::new(some).down(true).await;
        ended.document.unwrap();
        assert_eq!(ended.left, BTreeSet::new(), "with {there} objects");
    }
}

/// A killed `up` has just started cert-manager: it makes its lease after everything was listed. One of that name by somebody else
/// stays.
#[tokio::test(start_paused = true)]
async fn a_lease_that_comes_after_the_list_goes_if_cert_manager_made_it() {
    for (manager, stays) in [("controller", false), ("somebody", true)] {
        let mut all = lab();
        let mut role = object(&kind::ROLE, Some("kube-system"), "cert-manager:leaderelection", "homelab");
        role["rules"] =
            serde_json::json!([{ "resources": ["leases"], "resourceNames": ["cert-manager-controller"] }]);
        all.push(role);
        let trial = Trial::new(all);
        trial.before(move |all, path| {
            if path.ends_with("/deployments/cert-manager") {
                let made = object(&kind::LEASE, Some("kube-system"), "cert-manager-controller", manager);
                all.push(without_labels(made));
            }
            None
        });
        let ended = trial.down(true).await;
        ended.document.unwrap();
        assert_eq!(ended.left.contains("Lease kube-system/cert-manager-controller"), stays, "{manager}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_ends_already_is_waited_for_and_not_deleted_again() {
    let mut all = lab();
    for one in &mut all {
        if one["kind"] == "Namespace" && one["metadata"]["name"] == "external-dns" {
            one["metadata"]["deletionTimestamp"] = "2026-06-01T12:00:00Z".into();
        }
    }
    let trial = Trial::new(all);
    let ended = trial.down(false).await;
    let text = ended.error();
    assert!(text.contains("Namespace external-dns is not gone yet"), "{text}");
    assert!(!trial.deleted().contains(&"namespaces/external-dns".to_owned()));
}
