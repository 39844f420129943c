//! Puts one ingress controller in another one's place. Both want ports 80 and 443 of every node: the one that serves goes only when
//! pods of the new one have shown, without those ports, that they start on every node. Then nothing is between the two but the time
//! in which pods end and start.

use futures::future;
use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::remove::{Removed, remove, unfinished};
use crate::cluster::{Awaited, Cluster};
use crate::commands::prune::decide;
use crate::config::Config;
use crate::desired::controller::trial;
use crate::desired::object::{Key, Object};
use crate::error::{Error, Result};
use crate::evidence::{View, at};
use crate::ingress::traits_of;
use crate::plan::ownership::Doomed;
use crate::plan::readiness::pod_trouble;
use crate::plan::switching::Switch;
use crate::plan::{Change, Plan, Snapshot, is_applied};
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "switch";
const STAYS: &str = "the ingress controller of before could not be removed, so that the new one has no ports";

/// Carries the switch out, once everything else of the new controller is there: trial, its DaemonSet, away with the one of
/// before. Gives what the API server answered to what it wrote. Nothing of anybody else goes.
///
/// # Errors
/// When the new controller does not start on every node: then the one of before serves on, and the next run tries again.
pub(super) async fn switch(
    cluster: &Cluster,
    config: &Config,
    (plan, snapshot): (&Plan, &mut Snapshot),
    switch: &Switch,
    deadline: Instant,
    progress: &Progress,
) -> Result<Vec<(Key, Value)>> {
    let (from, to) = (traits_of(switch.from).name, traits_of(switch.to).name);
    let Some(trial) = trial(config) else { return Ok(Vec::new()) };
    progress
        .update(LINE, &format!("starting {to} on every node without ports 80 and 443, while {from} serves"));
    let tried = try_out(cluster, config, &trial, switch, deadline, progress).await;
    if tried.is_err() {
        // What is left of it, the next run removes.
        let _ = end(cluster, &trial.key).await;
    }
    tried?;
    let new = plan.apply.iter().filter(|change| change.object.key == switch.new);
    let answers = cluster.apply(new, deadline, |_, _| ()).await?;
    let owner = config.dns.owner.as_str();
    let again = async |now: &Doomed| {
        cluster.look_again(snapshot, owner, now.key.kind).await?;
        Ok(decide(plan, snapshot, now))
    };
    let (removed, ended) =
        future::join(remove(cluster, switch.old.clone(), again), end(cluster, &trial.key)).await;
    if let Removed::Stays(stays) = removed? {
        return Err(unfinished(STAYS, &[stays], "homelab up"));
    }
    ended?;
    progress.done(LINE, &told(from, to));
    Ok(answers)
}

/// What a switch means for whoever opens a page.
fn told(from: &str, to: &str) -> String {
    format!("{from} gives ports 80 and 443 to {to}: new connections fail for some seconds")
}

/// The same before it happens.
pub(super) fn announced(switch: &Switch) -> String {
    let (from, to) = (traits_of(switch.from).name, traits_of(switch.to).name);
    format!("{to} takes the place of {from}: new connections will fail for some seconds")
}

async fn try_out(
    cluster: &Cluster,
    config: &Config,
    trial: &Object,
    switch: &Switch,
    deadline: Instant,
    progress: &Progress,
) -> Result<()> {
    let (from, to) = (traits_of(switch.from).name, traits_of(switch.to).name);
    // An apply would change what somebody else has called so.
    let met = cluster.metadata_of(&trial.key).await?;
    if met.is_some_and(|live| !is_applied(&live)) {
        return Err(Error::usage(format!("{} exists already, and homelab did not create it", trial.key))
            .because(format!("homelab tries {to} out under that name before {from} goes"))
            .hint("give it another name, then run `homelab up` again"));
    }
    let change = Change { object: trial.clone(), new: true, adopts: None };
    cluster.apply(std::iter::once(&change), deadline, |_, _| ()).await?;
    let objects = [(trial.key.clone(), (trial.component, None))].into();
    let mut awaited = Awaited { objects, ..Awaited::default() };
    let show = |awaited: &Awaited| {
        if let Some(why) = awaited.reason(trial.component) {
            progress.update(LINE, &format!("{from} serves, while {to} is tried out: {why}"));
        }
    };
    let Err(failed) = cluster.wait(&config.dns.owner, &mut awaited, deadline, show).await else {
        return Ok(());
    };
    let mut error = Error::wrong(format!("{to} does not start on every node, so {from} stays and serves"));
    let pods = cluster.pods_of(&trial.key).await.unwrap_or_default();
    let mut causes: Vec<String> = pods.iter().filter_map(trouble).collect();
    if causes.is_empty() {
        causes = failed.causes.into_iter().chain([failed.what]).collect();
    }
    for cause in causes {
        error = error.because(cause);
    }
    Err(error.hint(format!(
        "once that is mended, run `homelab up` again; to stay with {from}, set `ingress.controller: {}`",
        switch.from.facts().key
    )))
}

/// What keeps a pod of the trial from running, and on which node.
fn trouble(pod: &Value) -> Option<String> {
    let why = pod_trouble(pod)?.why;
    Some(match at(pod, "/spec/nodeName") {
        "" => why,
        node => format!("node `{node}`: {why}"),
    })
}

/// Removes the trial.
async fn end(cluster: &Cluster, key: &Key) -> Result<()> {
    let seen = async || {
        let live = cluster.metadata_of(key).await?;
        Ok(live.filter(|live| is_applied(live) && !live.is_going()).map(|live| Doomed::of(key, &live)))
    };
    let Some(doomed) = seen().await? else { return Ok(()) };
    match remove(cluster, doomed, async |_: &Doomed| seen().await).await? {
        Removed::Stays(stays) => {
            Err(unfinished("the trial of the new controller could not be removed", &[stays], "homelab up"))
        }
        Removed::Gone | Removed::Spared => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::cluster::fake::cluster;
    use crate::config;
    use crate::desired::kind::KINDS;
    use crate::desired::{Inputs, bundle};
    use crate::error::Exit;
    use crate::plan::plan;
    use crate::ui::Mode;

    const OWNER: &str = "home.example.com";
    const OLD: &str = "/daemonsets/ingress-nginx-controller";

    fn config(controller: &str) -> Config {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\ningress: {{ controller: {controller} }}\n"
        );
        config::parse(&text).unwrap()
    }

    /// The lab on ingress-nginx, as it lives.
    fn living() -> Vec<(&'static crate::desired::kind::Kind, Value)> {
        let objects = bundle(&config("ingress-nginx"), &Inputs::default()).objects;
        let living = objects.into_iter().map(|object| {
            let mut body = object.body;
            body["metadata"]["uid"] = object.key.to_string().into();
            body["metadata"]["resourceVersion"] = "7".into();
            body["metadata"]["managedFields"] = json!([{ "manager": "homelab", "operation": "Apply" }]);
            (object.key.kind, body)
        });
        living.collect()
    }

    /// What the cluster has, beside the lab on ingress-nginx.
    #[derive(Clone, Copy, PartialEq)]
    enum Has {
        /// An image that starts.
        Image,
        /// None, on the node `n2`.
        NoImage,
        /// A DaemonSet of a stranger's that is called as the trial.
        Namesake,
        /// A DaemonSet of a stranger's in place of the old controller's, from the first deletion on.
        StrangersOld,
    }

    /// What is written and deleted, and how it ends.
    async fn switched(has: Has) -> (Vec<String>, Result<Vec<(Key, Value)>>) {
        let set = |by: &str, available: u64| {
            json!({ "kind": "DaemonSet", "metadata": { "namespace": "paper-system", "name": "paper-trial", "uid": "t", "resourceVersion": "1", "generation": 1,
                    "managedFields": [{ "manager": by, "operation": "Apply" }],
                    "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": OWNER } },
                "spec": { "selector": { "matchLabels": { "app.kubernetes.io/name": "paper-trial" } } },
                "status": { "observedGeneration": 1, "desiredNumberScheduled": 1, "numberAvailable": available, "updatedNumberScheduled": available } })
        };
        let pod = json!({ "metadata": { "namespace": "paper-system", "name": "paper-trial-a", "labels": { "app.kubernetes.io/name": "paper-trial" } },
            "spec": { "nodeName": "n2" }, "status": { "phase": "Pending", "containerStatuses": [{ "image": "paper:1",
                "state": { "waiting": { "reason": "ImagePullBackOff", "message": "no such host" } } }] } });
        let (cluster, log) = cluster(move |line, times| {
            let (verb, path) = line.split_once(' ').unwrap();
            let list =
                |all: Vec<Value>| (200, json!({ "metadata": { "resourceVersion": "9" }, "items": all }));
            let is_trial = path.contains("/daemonsets/paper-trial");
            match verb {
                "DELETE" if has == Has::StrangersOld && path.contains(OLD) => {
                    (409, json!({ "kind": "Status", "code": 409, "reason": "Conflict" }))
                }
                // As everything that changes by itself: at first another version is there.
                "DELETE" if path.contains(OLD) && times == 0 => {
                    (409, json!({ "kind": "Status", "code": 409, "reason": "Conflict" }))
                }
                "GET" if is_trial && has == Has::Namesake => (200, set("helm", 1)),
                "GET" if is_trial && times == 0 => (404, json!({ "code": 404 })),
                "GET" if is_trial => (200, set("homelab", 1)),
                "GET" if path.contains("/daemonsets") && path.contains("watch") => (200, json!({})),
                "GET" if path.contains("/daemonsets") => {
                    let mut all: Vec<Value> = living()
                        .into_iter()
                        .filter(|(kind, _)| kind.kind == "DaemonSet")
                        .map(|(_, body)| body)
                        .collect();
                    if has == Has::StrangersOld {
                        all.iter_mut()
                            .for_each(|one| one["metadata"]["managedFields"][0]["manager"] = "helm".into());
                    }
                    all.push(set("homelab", u64::from(has != Has::NoImage)));
                    list(all)
                }
                "GET" if path.contains("/pods") => list(vec![pod.clone()]),
                "GET" => list(Vec::new()),
                _ => (200, json!({ "kind": "Status", "status": "Success" })),
            }
        });
        let config = config("paper");
        let mut snapshot = Snapshot::default();
        for kind in KINDS {
            let items: Vec<Value> =
                living().into_iter().filter(|(of, _)| of == kind).map(|(_, body)| body).collect();
            snapshot.note(OWNER, kind, Some(json!({ "items": items })));
        }
        let plan = plan(bundle(&config, &Inputs::default()), &snapshot);
        let (wanted, progress) = (plan.switch.clone().unwrap(), Progress::new(Mode::Quiet, &[LINE]));
        let deadline = Instant::now() + Duration::from_secs(300);
        let ended = switch(&cluster, &config, (&plan, &mut snapshot), &wanted, deadline, &progress).await;
        let log = log.lock().unwrap();
        let writes = log.iter().filter(|line| !line.starts_with("GET")).map(|line| {
            let (verb, path) = line.split_once(' ').unwrap();
            format!("{verb} {}", path.split('?').next().unwrap().rsplit('/').next().unwrap())
        });
        (writes.collect(), ended)
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_who_has_taken_the_old_controllers_name_meanwhile_keeps_it() {
        let (writes, ended) = switched(Has::StrangersOld).await;
        let tried = writes.iter().filter(|line| *line == "DELETE ingress-nginx-controller").count();
        // As it was seen; then it was looked at again, and spared.
        assert_eq!(tried, 1, "{writes:?}");
        assert!(ended.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_somebody_else_has_called_as_the_trial_is_not_written_over_and_nothing_goes() {
        let (writes, ended) = switched(Has::Namesake).await;
        assert!(writes.is_empty(), "{writes:?}");
        let error = ended.unwrap_err();
        assert_eq!(error.exit, Exit::Usage);
        assert!(error.to_string().contains("paper-trial"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn first_a_trial_then_the_new_one_and_in_the_same_moment_the_old_one_goes() {
        let (writes, ended) = switched(Has::Image).await;
        assert_eq!(writes[..2], ["PATCH paper-trial", "PATCH paper"]);
        let count = |wanted: &str| writes.iter().filter(|line| *line == wanted).count();
        // The first time it was another version.
        assert_eq!(
            (count("DELETE ingress-nginx-controller"), count("DELETE paper-trial")),
            (2, 1),
            "{writes:?}"
        );
        assert_eq!(writes.len(), 5);
        let answers = ended.unwrap();
        assert_eq!(answers[0].0.to_string(), "DaemonSet paper-system/paper");
    }

    #[tokio::test(start_paused = true)]
    async fn without_its_image_the_new_one_is_not_even_there_and_the_node_is_named() {
        let (writes, ended) = switched(Has::NoImage).await;
        assert_eq!(writes, ["PATCH paper-trial", "DELETE paper-trial"]);
        let error = ended.unwrap_err();
        assert_eq!(error.exit, Exit::Wrong);
        let text = error.to_string();
        for part in [
            "paper-ingress does not start on every node, so ingress-nginx stays and serves",
            "node `n2`: image `paper:1` cannot be pulled: no such host",
            "set `ingress.controller: ingress-nginx`",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
