//! Removes what is wanted no more, each object only as it was seen.

use serde_json::Value;

use crate::cluster::Cluster;
use crate::cluster::remove::{Removed, Stays, remove, unfinished};
use crate::commands::strangers::named;
use crate::commands::{data, homes, open_challenges};
use crate::desired::kind;
use crate::desired::object::Key;
use crate::error::Result;
use crate::plan::ownership::{Doomed, is_needed_by, removal};
use crate::plan::{Plan, Snapshot};
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "prune";
const UNFINISHED: &str = "some objects that the configuration no longer has could not be removed";

/// Deletes what the plan says, one after the other; what has changed since is decided anew. An Ingress that is still there is
/// served: what its visitors are shown stays as long, and the next run removes it.
pub(super) async fn prune(
    cluster: &Cluster,
    owner: &str,
    plan: &Plan,
    mut snapshot: Snapshot,
    progress: &Progress,
) -> Result<()> {
    let mut removed = 0;
    // One object that will not go holds back no other, but for what it needs.
    let mut stays: Vec<Stays> = Vec::new();
    let mut there: Vec<(Key, Value)> = Vec::new();
    let mut certificates_are_new = false;
    let mut challenges: Option<Vec<String>> = None;
    for doomed in plan.removal.gone.iter().filter(|doomed| *doomed.key.kind != kind::NAMESPACE) {
        let mut next = Some(doomed.clone());
        if *doomed.key.kind == kind::SECRET && !certificates_are_new {
            // Applying took its time: a Certificate may have come that has one of these Secrets.
            cluster.look_again(&mut snapshot, owner, &kind::CERTIFICATE).await?;
            certificates_are_new = true;
        }
        if certificates_are_new {
            next = decide(plan, &snapshot, doomed);
        }
        let lives = snapshot.objects.get(&doomed.key);
        let needed =
            |live: &Value| there.iter().any(|(key, still)| is_needed_by(&doomed.key, live, (key, still)));
        if lives.is_some_and(needed) {
            continue;
        }
        if open_challenges::need(&doomed.key, lives) {
            if challenges.is_none() {
                challenges = Some(open_challenges::left(cluster, LINE, progress).await?);
            }
            if challenges.as_ref().is_some_and(|left| !left.is_empty()) {
                continue;
            }
        }
        // What is there if the deletion comes to nothing.
        let before = lives.cloned();
        let mut gone = false;
        if let Some(now) = next {
            progress.update(LINE, &format!("deleting {}", now.told()));
            let again = async |now: &Doomed| {
                cluster.look_again(&mut snapshot, owner, now.key.kind).await?;
                Ok(decide(plan, &snapshot, now))
            };
            match remove(cluster, now, again).await? {
                Removed::Gone => (gone, removed) = (true, removed + 1),
                Removed::Spared => {}
                Removed::Stays(one) => stays.push(one),
            }
        }
        if !gone && let Some(live) = snapshot.objects.get(&doomed.key).cloned().or(before) {
            there.push((doomed.key.clone(), live));
        }
    }
    if plan.removal.gone.iter().any(|doomed| *doomed.key.kind == kind::NAMESPACE) {
        // Meanwhile somebody may have put something into them.
        cluster.look_again(&mut snapshot, owner, &kind::NAMESPACE).await?;
        for home in homes::emptied(cluster, plan, &snapshot).await? {
            progress.update(LINE, &format!("deleting {}", home.key));
            // One that changes is looked at by the next run.
            match remove(cluster, home, async |_: &Doomed| Ok(None)).await? {
                Removed::Gone => removed += 1,
                Removed::Spared => {}
                Removed::Stays(one) => stays.push(one),
            }
        }
    }
    tell(removed, plan, &challenges.unwrap_or_default(), progress);
    if stays.is_empty() { Ok(()) } else { Err(unfinished(UNFINISHED, &stays, "homelab up")) }
}

/// The same object as it is now, if it still goes.
pub(super) fn decide(plan: &Plan, snapshot: &Snapshot, doomed: &Doomed) -> Option<Doomed> {
    removal(&plan.wanted, snapshot).gone.into_iter().find(|now| now.key == doomed.key)
}

fn tell(removed: usize, plan: &Plan, challenges: &[String], progress: &Progress) {
    let left: Vec<String> = plan.removal.left.iter().map(|key| format!("`{key}`")).collect();
    let mut said = Vec::new();
    if removed > 0 {
        said.push(format!("{removed} removed"));
    }
    if !left.is_empty() {
        said.push(format!("not deleted, because it was adopted: {}", left.join(", ")));
    }
    if !challenges.is_empty() {
        let left = named(challenges.iter().cloned());
        said.push(format!(
            "the server of the challenges stays until cert-manager has ended {left}: the next `homelab up` removes it"
        ));
    }
    said.extend(plan.removal.data.iter().filter_map(data::told));
    if !said.is_empty() {
        progress.done(LINE, &said.join("; "));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake::{Log, cluster};
    use crate::config;
    use crate::desired::kind::KINDS;
    use crate::desired::{Inputs, bundle};
    use crate::plan::plan;
    use crate::ui::Mode;

    const OWNER: &str = "home.example.com";

    fn object(kind: &str, name: &str, manager: &str, more: &Value) -> Value {
        let mut object = json!({ "kind": kind, "metadata": { "namespace": "homelab", "name": name, "uid": format!("{kind}-{name}"),
            "resourceVersion": "7", "managedFields": [{ "manager": manager, "operation": "Apply" }],
            "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": OWNER } } });
        for (key, value) in more.as_object().unwrap() {
            match key.as_str() {
                "spec" => object["spec"] = value.clone(),
                key => object["metadata"][key] = value.clone(),
            }
        }
        object
    }

    /// A service that the configuration has no more, and what cert-manager made for it.
    fn service(name: &str) -> [Value; 3] {
        let tls = format!("{name}-tls");
        let owner = json!([{ "kind": "Ingress", "name": name, "uid": format!("Ingress-{name}"), "controller": true }]);
        [
            object("Ingress", name, "homelab", &json!({ "spec": { "tls": [{ "secretName": tls }] } })),
            object(
                "Certificate",
                &tls,
                "cert-manager-certificates-trigger",
                &json!({ "ownerReferences": owner, "spec": { "secretName": tls } }),
            ),
            object(
                "Secret",
                &tls,
                "cert-manager-certificates-issuing",
                &json!({ "annotations": { "cert-manager.io/certificate-name": tls } }),
            ),
        ]
    }

    /// What `up` deletes of two services that are wanted no more, when `held` is answered to the deletion of one of its
    /// objects, and how it ends.
    async fn pruned(
        held: impl Fn(&str) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> (Vec<String>, Result<()>) {
        let all: Vec<Value> = ["nas", "photos"].into_iter().flat_map(service).collect();
        let list = move |kind: &str| json!({ "items": all.iter().filter(|object| object["kind"] == kind).collect::<Vec<_>>() });
        let mut snapshot = Snapshot::default();
        for kind in KINDS {
            snapshot.note(OWNER, kind, Some(list(kind.kind)));
        }
        let (cluster, log): (Cluster, Log) = cluster(move |line, _| match line.split_once(' ') {
            Some(("DELETE", path)) => {
                held(path).unwrap_or((200, json!({ "kind": "Status", "status": "Success" })))
            }
            Some((_, path)) if path.contains("/certificates") => (200, list("Certificate")),
            Some((_, path)) if path.contains("/ingresses") => (200, list("Ingress")),
            _ => (404, json!({})),
        });
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        let plan = plan(bundle(&config::parse(text).unwrap(), &Inputs::default()), &snapshot);
        let progress = Progress::new(Mode::Quiet, &[LINE]);
        let ended = prune(&cluster, OWNER, &plan, snapshot, &progress).await;
        let log = log.lock().unwrap();
        let deleted = log.iter().filter_map(|line| line.strip_prefix("DELETE ")?.rsplit_once("/homelab/"));
        (deleted.map(|(_, object)| object.to_owned()).collect(), ended)
    }

    fn answer(path: &str, of: &str, answer: (u16, Value)) -> Option<(u16, Value)> {
        path.ends_with(of).then_some(answer)
    }

    fn finalizers() -> (u16, Value) {
        (
            200,
            json!({ "metadata": { "finalizers": ["example.test/guard"], "deletionTimestamp": "2026-06-01T12:00:00Z" } }),
        )
    }

    #[tokio::test]
    async fn an_ingress_that_a_finalizer_holds_keeps_its_certificate_and_its_secret() {
        let (deleted, ended) = pruned(|path| answer(path, "ingresses/nas", finalizers())).await;
        assert_eq!(
            deleted,
            ["ingresses/nas", "ingresses/photos", "certificates/photos-tls", "secrets/photos-tls"]
        );
        let error = ended.unwrap_err();
        assert_eq!(error.exit, crate::error::Exit::Unfinished);
        let text = error.to_string();
        for part in [
            "Ingress homelab/nas is held by the finalizer `example.test/guard`",
            "its Certificate and its Secret stay",
            "`kubectl -n homelab edit ingresses nas`",
            "run `homelab up` again",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[tokio::test]
    async fn an_ingress_that_cannot_be_deleted_as_it_was_seen_keeps_them_too() {
        let conflict = json!({ "kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict" });
        let (deleted, ended) =
            pruned(move |path| answer(path, "ingresses/nas", (409, conflict.clone()))).await;
        assert!(!deleted.iter().any(|object| object.ends_with("nas-tls")), "{deleted:?}");
        assert!(ended.unwrap_err().to_string().contains("changes faster"));
    }

    #[tokio::test]
    async fn the_secret_of_a_certificate_that_a_finalizer_holds_is_not_issued_again() {
        let (deleted, _) = pruned(|path| answer(path, "certificates/nas-tls", finalizers())).await;
        assert!(!deleted.contains(&"secrets/nas-tls".to_owned()), "{deleted:?}");
        assert!(deleted.contains(&"secrets/photos-tls".to_owned()), "{deleted:?}");
    }

    /// The law, for each choice of the six objects that a finalizer may hold.
    #[tokio::test]
    async fn whatever_is_held_nothing_goes_that_it_needs_and_everything_else_does() {
        let objects = ["nas", "photos"].map(|name| {
            [format!("ingresses/{name}"), format!("certificates/{name}-tls"), format!("secrets/{name}-tls")]
        });
        for choice in 0..64_u32 {
            let all = objects.concat();
            let held: Vec<String> = all
                .iter()
                .enumerate()
                .filter(|(at, _)| choice >> at & 1 == 1)
                .map(|(_, o)| o.clone())
                .collect();
            let holds = held.clone();
            let (deleted, ended) = pruned(move |path| {
                holds.iter().any(|object| path.ends_with(object.as_str())).then(finalizers)
            })
            .await;
            for [ingress, certificate, secret] in &objects {
                let shown = held.contains(ingress);
                assert!(deleted.contains(ingress), "{held:?}");
                assert_eq!(deleted.contains(certificate), !shown, "{held:?}: {deleted:?}");
                assert_eq!(
                    deleted.contains(secret),
                    !shown && !held.contains(certificate),
                    "{held:?}: {deleted:?}"
                );
            }
            assert_eq!(ended.is_ok(), !held.iter().any(|object| deleted.contains(object)), "{held:?}");
        }
    }
}
