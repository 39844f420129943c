//! Namespaces that homelab made for extra certificates: each goes with the last of them, unless something else is in it.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, Kinds};
use crate::error::Result;
use crate::plan::homes::leftover;
use crate::plan::ownership::Doomed;
use crate::plan::{Plan, Snapshot};

/// Those in which nothing is left when the plan is carried out. Nobody is asked unless one is wanted no more.
///
/// # Errors
/// When the cluster cannot be asked what is in them.
pub(super) async fn emptied(cluster: &Cluster, plan: &Plan, snapshot: &Snapshot) -> Result<Vec<Doomed>> {
    let left = leftover(&plan.wanted, snapshot);
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let kinds = cluster.kinds().await?;
    let goes: BTreeSet<String> = plan.removal.gone.iter().map(|doomed| doomed.uid.clone()).collect();
    let mut found = Vec::new();
    for home in left {
        if is_empty(cluster, &kinds, &home, &goes).await? {
            found.push(home);
        }
    }
    Ok(found)
}

/// What nobody can look into is not known to be empty.
async fn is_empty(cluster: &Cluster, kinds: &Kinds, home: &Doomed, goes: &BTreeSet<String>) -> Result<bool> {
    let survey = cluster.survey_namespace(kinds, &home.key.name).await?;
    let found = survey.occupancy(goes);
    Ok(survey.unread.is_empty() && found.others.is_empty() && found.following.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::fake::{Log, cluster};
    use crate::commands::prune::{LINE, prune};
    use crate::config;
    use crate::desired::kind::{self, KINDS, Kind};
    use crate::desired::{Inputs, bundle};
    use crate::plan::plan;
    use crate::ui::{Mode, Progress};

    const OWNER: &str = "home.example.com";
    const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";

    fn object(kind: &Kind, namespace: Option<&str>, name: &str, by: &str) -> Value {
        json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": { "namespace": namespace, "name": name,
            "uid": format!("{}-{name}", kind.kind), "resourceVersion": "7",
            "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": OWNER,
                "app.kubernetes.io/component": "issuer" },
            "managedFields": [{ "manager": by, "operation": "Apply" }] } })
    }

    /// The namespace `qa` with the certificate of an entry, as an earlier run left it.
    fn lab() -> Vec<Value> {
        let mut certificate = object(&kind::CERTIFICATE, Some("qa"), "a-tls", "homelab");
        certificate["spec"] = json!({ "secretName": "a-tls" });
        let mut secret = object(&kind::SECRET, Some("qa"), "a-tls", "cert-manager-certificates-issuing");
        secret["metadata"]["annotations"] = json!({ "cert-manager.io/certificate-name": "a-tls" });
        let mut request = json!({ "kind": "CertificateRequest", "metadata": { "namespace": "qa", "name": "a-tls-1", "uid": "r" } });
        request["metadata"]["ownerReferences"] = json!([{ "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "name": "a-tls", "uid": "Certificate-a-tls", "controller": true }]);
        let of_cluster = json!({ "kind": "ConfigMap", "metadata": { "namespace": "qa", "name": "kube-root-ca.crt", "uid": "c" } });
        vec![object(&kind::NAMESPACE, None, "qa", "homelab"), certificate, secret, request, of_cluster]
    }

    fn stranger() -> Value {
        json!({ "kind": "ConfigMap", "metadata": { "namespace": "qa", "name": "theirs", "uid": "t" } })
    }

    /// A cluster with these objects, which has a stranger's from the request on that `late` names.
    fn serving(
        objects: Vec<Value>,
        late: impl Fn(&str, usize) -> bool + Send + Sync + 'static,
    ) -> (Cluster, Log) {
        let kinds = [
            ("", "v1", "ConfigMap", "configmaps"),
            ("", "v1", "Secret", "secrets"),
            ("cert-manager.io", "v1", "Certificate", "certificates"),
            ("cert-manager.io", "v1", "CertificateRequest", "certificaterequests"),
        ];
        let group = move |name: &'static str| {
            let of = kinds.iter().filter(|(group, ..)| *group == name);
            let all: Vec<Value> = of
                .map(|(_, _, kind, plural)| {
                    json!({ "resource": plural, "scope": "Namespaced",
                "verbs": ["delete", "get", "list"], "responseKind": { "kind": kind } })
                })
                .collect();
            json!({ "metadata": { "name": name }, "versions": [{ "version": "v1", "freshness": "Current", "resources": all }] })
        };
        cluster(move |line, times| {
            let path = line.split_once(' ').map_or("", |(_, path)| path);
            let plural = path.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
            if line.starts_with("DELETE") {
                return (200, json!({ "kind": "Status", "status": "Success" }));
            }
            let discovery =
                |group: Value| (200, json!({ "kind": "APIGroupDiscoveryList", "items": [group] }));
            match plural {
                "api" => return discovery(group("")),
                "apis" => return discovery(group("cert-manager.io")),
                _ => {}
            }
            let kind = KINDS
                .iter()
                .map(|kind| (kind.plural, kind.kind))
                .chain([("certificaterequests", "CertificateRequest")]);
            let Some((_, kind)) = kind.into_iter().find(|(of, _)| *of == plural) else {
                return (404, json!({}));
            };
            let mut items: Vec<Value> = objects.iter().filter(|one| one["kind"] == kind).cloned().collect();
            if kind == "ConfigMap" && late(line, times) {
                items.push(stranger());
            }
            (200, json!({ "metadata": { "resourceVersion": "9" }, "items": items }))
        })
    }

    fn snapshot(objects: &[Value]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for kind in KINDS {
            let items: Vec<&Value> = objects.iter().filter(|one| one["kind"] == kind.kind).collect();
            snapshot.note(OWNER, kind, Some(json!({ "items": items })));
        }
        snapshot
    }

    /// What goes when the configuration is `text`, and what was deleted then.
    async fn gone(
        text: &str,
        objects: Vec<Value>,
        late: impl Fn(&str, usize) -> bool + Send + Sync + 'static,
    ) -> (Vec<String>, Vec<String>, usize) {
        let snapshot = snapshot(&objects);
        let (cluster, log) = serving(objects, late);
        let mut plan = plan(bundle(&config::parse(text).unwrap(), &Inputs::default()), &snapshot);
        plan.removal.gone.extend(emptied(&cluster, &plan, &snapshot).await.unwrap());
        let asked = log.lock().unwrap().len();
        let planned = plan.removal.gone.iter().map(|doomed| doomed.key.to_string()).collect();
        prune(&cluster, OWNER, &plan, snapshot, &Progress::new(Mode::Quiet, &[LINE])).await.unwrap();
        let log = log.lock().unwrap();
        let deleted = log.iter().filter_map(|line| line.strip_prefix("DELETE ")?.rsplit_once("/v1/"));
        (planned, deleted.map(|(_, path)| path.to_owned()).collect(), asked)
    }

    #[tokio::test]
    async fn a_namespace_in_which_a_stranger_has_something_stays() {
        let (planned, deleted, _) = gone(BASE, lab(), |_, _| true).await;
        assert_eq!(planned, ["Certificate qa/a-tls", "Secret qa/a-tls"]);
        assert_eq!(deleted, ["namespaces/qa/certificates/a-tls", "namespaces/qa/secrets/a-tls"]);
    }

    #[tokio::test]
    async fn one_that_comes_while_the_rest_is_deleted_keeps_it_too() {
        let (planned, deleted, _) = gone(BASE, lab(), |_, times| times > 0).await;
        assert_eq!(planned.last().map(String::as_str), Some("Namespace qa"));
        assert!(!deleted.contains(&"namespaces/qa".to_owned()), "{deleted:?}");
    }

    #[tokio::test]
    async fn a_namespace_that_others_made_stays_though_it_is_empty() {
        let mut all = lab();
        all[0]["metadata"]["managedFields"][0]["manager"] = "kubectl".into();
        let (planned, _, asked) = gone(BASE, all, |_, _| false).await;
        assert_eq!(
            (planned.as_slice(), asked),
            (["Certificate qa/a-tls", "Secret qa/a-tls"].map(str::to_owned).as_slice(), 0)
        );
    }

    #[tokio::test]
    async fn one_that_homelab_made_goes_with_the_last_thing_in_it() {
        let (planned, deleted, _) = gone(BASE, lab(), |_, _| false).await;
        assert_eq!(planned, ["Certificate qa/a-tls", "Secret qa/a-tls", "Namespace qa"]);
        assert_eq!(deleted.last().map(String::as_str), Some("namespaces/qa"));
    }

    #[tokio::test]
    async fn a_run_that_was_stopped_before_it_is_finished_by_the_next() {
        let mut all = lab();
        all.retain(|one| ["Namespace", "ConfigMap"].contains(&one["kind"].as_str().unwrap()));
        let (planned, deleted, _) = gone(BASE, all, |_, _| false).await;
        assert_eq!(
            (planned.as_slice(), deleted.as_slice()),
            (&["Namespace qa".to_owned()][..], &["namespaces/qa".to_owned()][..])
        );
    }

    #[tokio::test]
    async fn one_that_is_wanted_is_asked_about_nothing() {
        let text = format!("{BASE}extraCertificates: [{{ namespace: qa, names: [a], secret: a-tls }}]\n");
        let (planned, deleted, asked) = gone(&text, lab(), |_, _| false).await;
        assert!(planned.is_empty() && deleted.is_empty() && asked == 0, "{planned:?} {deleted:?} {asked}");
    }
}
