//! The end of a move: once the new way is proven, what is left of the old one goes. Its records, by an external-dns of their own,
//! and the name servers on the nodes that the house has asked until now.

use std::collections::BTreeSet;

use tokio::time::Instant;

use crate::cluster::{Awaited, Cluster};
use crate::collect::Probes;
use crate::collect::network::forwarders;
use crate::commands::prune;
use crate::commands::strangers::named;
use crate::config::Config;
use crate::desired::kind;
use crate::desired::leaving::{self, Leaving};
use crate::desired::object::{Component, Key};
use crate::error::{Error, Result};
use crate::plan::moving::{self, is_for_move, place};
use crate::plan::ownership::{Doomed, removal};
use crate::plan::{Change, Plan, Snapshot};
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "move";

/// What a run leaves.
#[derive(Debug)]
pub(super) struct Move {
    /// What wrote records that are not wanted there any more.
    leaving: Option<Leaving>,
    /// The name servers on the nodes.
    held: Vec<Doomed>,
    /// The domain that these answer for.
    zone: Option<String>,
}

impl Move {
    /// What of the plan has to wait until the new way is proven; `None` where nothing moves.
    pub(super) fn of(plan: &mut Plan, snapshot: &Snapshot, leaving: Option<Leaving>) -> Option<Self> {
        let held = moving::hold_back(plan, snapshot);
        let zone = moving::house_zone(snapshot).map(str::to_owned);
        (leaving.is_some() || !held.is_empty()).then_some(Self { leaving, held, zone })
    }

    /// Takes away what is left of the old way. Gives what was deleted, for the summary.
    ///
    /// # Errors
    /// When the records cannot be deleted; the next run goes on.
    pub(super) async fn finish(
        self,
        cluster: &Cluster,
        config: &Config,
        wanted: &BTreeSet<Key>,
        is_proven: bool,
        progress: &Progress,
    ) -> Result<Vec<Doomed>> {
        if !is_proven {
            progress.done(LINE, &self.waits());
            return Ok(Vec::new());
        }
        let owner = config.dns.owner.as_str();
        let deadline = Instant::now() + config.timeouts.apply;
        let mut said = Vec::new();
        if let Some(leaving) = &self.leaving {
            delete_records(cluster, config, leaving, deadline, progress).await?;
            said.push(format!("no record of the lab is left {}", place(leaving)));
        }
        let asked_by = match (&self.zone, self.held.is_empty()) {
            (Some(zone), false) => forwarders(&Probes::of(config, zone.clone(), Vec::new()), zone).await,
            _ => Vec::new(),
        };
        let stays = !asked_by.is_empty();
        if stays {
            said.push(still_asked(&asked_by, self.zone.as_deref().unwrap_or_default()));
        }
        // What a move made for itself is wanted no more; the name servers stay as long as somebody asks them.
        let held: BTreeSet<&Key> = self.held.iter().map(|doomed| &doomed.key).filter(|_| stays).collect();
        let wanted: BTreeSet<Key> = wanted.iter().filter(|key| !is_for_move(key)).cloned().collect();
        let snapshot = cluster.snapshot(owner, config.ingress.controller).await?;
        let mut removal = removal(&wanted, &snapshot);
        removal.gone.retain(|doomed| !held.contains(&doomed.key));
        let plan = Plan { removal, wanted, ..Plan::default() };
        prune::prune(cluster, owner, &plan, snapshot, progress).await?;
        progress.done(LINE, &said.join("; "));
        Ok(plan.removal.gone)
    }

    /// What the move still needs, in words.
    fn waits(&self) -> String {
        let records = self.leaving.as_ref().map(|left| format!("the records {}", place(left)));
        let servers = self.zone.as_ref().filter(|_| !self.held.is_empty());
        let servers = servers.map(|zone| format!("the name servers for `{zone}` on the nodes"));
        let all: Vec<String> = records.into_iter().chain(servers).collect();
        format!("{} stay until `homelab up` has seen all checks pass", all.join(" and "))
    }
}

fn still_asked(by: &[String], zone: &str) -> String {
    format!(
        "the name servers on the nodes stay, because {} still asks them for `{zone}`: remove that forwarding (conditional \
         forwarding, domain override) there, then run `homelab up` again",
        named(by.iter().cloned())
    )
}

/// An external-dns that reads nothing deletes what the lab owns at the old place.
async fn delete_records(
    cluster: &Cluster,
    config: &Config,
    leaving: &Leaving,
    deadline: Instant,
    progress: &Progress,
) -> Result<()> {
    let Some(object) = leaving.deployment(config) else { return Ok(()) };
    progress.update(LINE, &format!("deleting the lab's records {}", place(leaving)));
    let objects = [(object.key.clone(), (Component::ExternalDns, None))].into();
    let change = Change { object, new: true, adopts: None };
    let failed = |error: Error| not_deleted(leaving, &error);
    cluster.apply(std::iter::once(&change), deadline, |_, _| ()).await.map_err(failed)?;
    let mut awaited = Awaited { objects, ..Awaited::default() };
    let show = |awaited: &Awaited| {
        if let Some(why) = awaited.reason(Component::ExternalDns) {
            progress.update(LINE, &format!("deleting the lab's records {}: {why}", place(leaving)));
        }
    };
    cluster.wait(&config.dns.owner, &mut awaited, deadline, show).await.map_err(failed)
}

fn not_deleted(leaving: &Leaving, error: &Error) -> Error {
    let what =
        format!("the lab works at its new place, but its records {} could not be deleted", place(leaving));
    let told =
        error.causes.iter().fold(Error::unfinished(what).because(&error.what), |told, why| told.because(why));
    let left = leaving::key(&kind::SECRET);
    told.hint(format!(
        "their owner's credential of before is used for that, and has to work still. If it does, run `homelab up` again;\n\
         to leave these records where they are: `kubectl -n {} delete secret {}`",
        left.namespace.unwrap_or_default(),
        left.name
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::fake::cluster;
    use crate::config;
    use crate::ui::Mode;

    const OWNER: &str = "home.example.com";
    const LOCAL: &str = "domain: home.example.com\ndns: { provider: local }\n";

    fn leaving() -> Leaving {
        let deployment = json!({ "spec": { "template": { "spec": { "containers": [{ "image": "external-dns:before",
            "args": ["--provider=cloudflare", "--policy=sync", "--txt-owner-id=home.example.com"],
            "env": [{ "name": "CF_API_TOKEN", "valueFrom": { "secretKeyRef": { "name": "homelab-dns-provider", "key": "token" } } }] }] } } } });
        Leaving::of_living(&deployment, &json!({ "data": { "zone": "ZXhhbXBsZS5jb20=" } })).unwrap()
    }

    fn object(kind: &str, name: &str, by: &str) -> Value {
        json!({ "kind": kind, "metadata": { "namespace": "external-dns", "name": name, "uid": format!("{kind}-{name}"), "generation": 1,
            "resourceVersion": "7", "managedFields": [{ "manager": by, "operation": "Apply" }],
            "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": OWNER } },
            "spec": { "replicas": 1 },
            "status": { "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1 } })
    }

    /// What is written and deleted at the end of a move, and how it ends.
    async fn finished(is_proven: bool, write: u16) -> (Vec<String>, Result<Vec<Doomed>>) {
        let (cluster, log) = cluster(move |line, _| {
            let path = line.split_once(' ').map_or("", |(_, path)| path);
            let list =
                |all: Vec<Value>| (200, json!({ "metadata": { "resourceVersion": "9" }, "items": all }));
            match line {
                line if line.starts_with("DELETE") => (200, json!({ "kind": "Status", "status": "Success" })),
                line if line.starts_with("PATCH") && write == 200 => {
                    (200, object("Deployment", leaving::NAME, "homelab"))
                }
                line if line.starts_with("PATCH") => (
                    write,
                    json!({ "kind": "Status", "reason": "Forbidden", "code": write, "message": "no" }),
                ),
                _ if path.contains("/deployments") => {
                    list(vec![object("Deployment", leaving::NAME, "homelab")])
                }
                _ if path.contains("/secrets") => list(vec![
                    object("Secret", leaving::NAME, "homelab"),
                    object("Secret", "theirs", "kubectl"),
                ]),
                _ => list(Vec::new()),
            }
        });
        let (config, progress) = (config::parse(LOCAL).unwrap(), Progress::new(Mode::Quiet, &[LINE]));
        let moving = Move { leaving: Some(leaving()), held: Vec::new(), zone: None };
        let wanted = BTreeSet::from([leaving::key(&kind::SECRET)]);
        let ended = moving.finish(&cluster, &config, &wanted, is_proven, &progress).await;
        let log = log.lock().unwrap();
        let writes = log.iter().filter(|line| !line.starts_with("GET"));
        let of = |line: &String| {
            let (verb, path) = line.split_once(' ').unwrap();
            let path =
                path.split('?').next().unwrap().rsplit_once("/external-dns/").map_or(path, |(_, path)| path);
            format!("{verb} {path}")
        };
        (writes.map(of).collect(), ended)
    }

    #[tokio::test]
    async fn before_the_new_way_is_proven_nothing_of_the_old_one_is_touched() {
        let (writes, ended) = finished(false, 200).await;
        assert!(writes.is_empty() && ended.unwrap().is_empty(), "{writes:?}");
    }

    #[tokio::test]
    async fn then_the_records_are_deleted_and_what_did_it_goes_and_nothing_of_others() {
        let (writes, ended) = finished(true, 200).await;
        assert_eq!(
            writes,
            [
                "PATCH deployments/external-dns-before",
                "DELETE deployments/external-dns-before",
                "DELETE secrets/external-dns-before"
            ]
        );
        assert_eq!(ended.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn what_cannot_be_deleted_is_remembered_for_the_next_run_and_there_is_a_way_out() {
        let (writes, ended) = finished(true, 403).await;
        assert!(!writes.iter().any(|line| line.starts_with("DELETE")), "{writes:?}");
        let text = ended.unwrap_err().to_string();
        for part in [
            "at Cloudflare, in the zone `example.com`",
            "run `homelab up` again",
            "kubectl -n external-dns delete secret external-dns-before",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
