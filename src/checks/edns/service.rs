//! Whether external-dns runs.

use serde_json::Value;

use crate::checks::edns::log::{self, Line};
use crate::checks::edns::{organisations, reason, sync, wait};
use crate::checks::engine::{Finding, Outcome};
use crate::checks::id;
use crate::checks::reading::pods::{self, wait_for_their_node};
use crate::checks::reading::policies;
use crate::checks::scaled;
use crate::desired::external_dns::{NAME, NAMESPACE};
use crate::evidence::pod::containers;
use crate::evidence::{Evidence, View, at, entries};
use crate::plan::deployed::applies_lab;
use crate::provider::reading::Cure;

/// What shows its log.
pub(super) const LOG: &str = "kubectl -n external-dns logs deployment/external-dns --tail=20";
/// How long a restart is held against a pod that has not done anything since.
const FRESH: i64 = 300;

/// Its Deployment; the outer `None` when the Deployments were not read.
pub(super) fn deployment(evidence: &Evidence) -> Option<Option<&Value>> {
    evidence.objects("deployments.apps")?;
    Some(evidence.cluster.as_ref()?.objects.find("deployments.apps", NAMESPACE, NAME))
}

/// The finding with the commands that make its Deployment as homelab writes it. Fields that another manager has set stay
/// with it: a Deployment made anew is homelab's alone.
pub(super) fn written_again(evidence: &Evidence, finding: Finding) -> Finding {
    let foreign = deployment(evidence).flatten().is_some_and(is_foreign);
    let finding = match foreign {
        true => finding.command(command!("kubectl -n {} delete deployment {}", NAMESPACE, NAME)),
        false => finding,
    };
    finding.command("homelab up")
}

/// When its process started; `None` when that is not known.
pub(super) fn started(evidence: &Evidence) -> Option<jiff::Timestamp> {
    let pods = evidence.objects("pods")?.iter().filter(|pod| is_its(pod));
    pods.flat_map(containers).filter_map(|container| container.running).max()
}

/// Whether the pod is one of its own, and stays.
fn is_its(pod: &Value) -> bool {
    pod.namespace() == NAMESPACE
        && at(pod, "/metadata/labels/app.kubernetes.io~1name") == NAME
        && !pod.is_going()
}

pub(super) fn runs(evidence: &Evidence) -> Outcome {
    let Some(listed) = deployment(evidence) else {
        return Outcome::unknown("the Deployments of the cluster were not read");
    };
    let Some(deployment) = listed else {
        return Finding::new(
            "external-dns is not installed",
            "`homelab up` has not run yet, or its Deployment was deleted",
            "run `homelab up`, which installs it",
        )
        .command("homelab up")
        .into();
    };
    if deployment.pointer("/spec/replicas").and_then(Value::as_i64) == Some(0) {
        return Finding::new(
            "external-dns is switched off: its Deployment is scaled to 0",
            "somebody scaled it down; DNS records stay as they are, and new services get none",
            "scale it up again",
        )
        .command(scaled::cure(NAMESPACE, NAME))
        .into();
    }
    let found: Vec<&Value> =
        evidence.objects("pods").unwrap_or_default().iter().filter(|pod| is_its(pod)).collect();
    let ready = deployment.pointer("/status/readyReplicas").and_then(Value::as_i64).unwrap_or(0);
    let ended = found.iter().find_map(|pod| recently_ended(evidence, pod));
    if ready > 0 && ended.is_none() {
        return organisations::stopped(evidence).unwrap_or_else(|| Outcome::pass("its pod is ready"));
    }
    let lines = log::lines(evidence);
    if let Some(fatal) = log::fatal(&lines).filter(|_| ended.is_some()) {
        return crash(evidence, fatal, &found);
    }
    if wait_for_their_node(evidence, &found) {
        return Outcome::Blocked { by: id::NODES };
    }
    not_ready(evidence, &found, ended)
}

/// The exit code of its last process, when that ended a short while ago and the next one has done nothing since.
fn recently_ended(evidence: &Evidence, pod: &Value) -> Option<i64> {
    let container = containers(pod).next()?;
    let ended = container.ended.or(container.before)?;
    let (code, finished) = (ended.code.filter(|code| *code != 0)?, ended.at?);
    let worked = sync::metrics(evidence).and_then(|seen| seen.synced).is_some_and(|synced| synced > finished);
    let old = evidence.now.duration_since(finished).as_secs() > FRESH;
    let is_over = worked || (container.running.is_some() && old);
    (!is_over).then_some(code)
}

fn crash(evidence: &Evidence, fatal: &Line, pods: &[&Value]) -> Outcome {
    let known = reason::reading_of(evidence.dns, &fatal.message);
    let summary = format!("external-dns exits as soon as it starts: {}", fatal.short());
    if let Some(finding) = kept_in(evidence, fatal, pods, &summary) {
        return finding.into();
    }
    let Some(known) = known else {
        return Finding::new(summary, "it gives no other reason", "read its log").look(LOG).into();
    };
    let finding = Finding::new(summary, known.cause, known.fix).look(LOG);
    match known.cure {
        Cure::Waiting => finding.heals().into(),
        Cure::Person | Cure::Renewal => finding.into(),
        Cure::Up => written_again(evidence, finding).into(),
    }
}

/// A NetworkPolicy that keeps it from the API server: it says only that it waited in vain.
fn kept_in(evidence: &Evidence, fatal: &Line, pods: &[&Value], summary: &str) -> Option<Finding> {
    let waited = ["failed to sync", "connection refused"].iter().any(|words| fatal.message.contains(words));
    let found = pods.iter().map(|pod| policies::from_the_api_server(evidence, pod));
    let found = found.filter(|_| waited).find(|found| !found.is_empty())?;
    Some(
        Finding::new(
            summary,
            format!("{} blocks its connections to the API server: k3s rejects what no policy allows", policies::named(&found)),
            "allow it in the policy's `egress`, together with DNS and the DNS provider's API, or delete the policy",
        )
        .look(command!("kubectl --namespace {} get networkpolicies --output yaml", NAMESPACE)),
    )
}

/// Whether somebody else than homelab has set fields of its container.
fn is_foreign(deployment: &Value) -> bool {
    entries(deployment, "/metadata/managedFields").iter().any(|entry| {
        !applies_lab(at(entry, "/manager"))
            && entry.pointer("/fieldsV1/f:spec/f:template/f:spec/f:containers").is_some()
    })
}

/// Whether the pod may still be starting; taken to be so where nobody knows.
fn is_young(evidence: &Evidence, pod: &Value) -> bool {
    let since = at(pod, "/metadata/creationTimestamp").parse::<jiff::Timestamp>();
    !since.is_ok_and(|since| evidence.now.duration_since(since).as_secs() > wait::PATIENCE)
}

fn not_ready(evidence: &Evidence, pods: &[&Value], ended: Option<i64>) -> Outcome {
    let Some(pod) = pods.first() else {
        return Finding::new(
            "external-dns has no pod",
            "its Deployment asks for one pod, and Kubernetes has not created it",
            "read its events",
        )
        .look(command!("kubectl -n {} describe deployment {}", NAMESPACE, NAME))
        .heals_soon()
        .into();
    };
    let waiting = containers(pod).filter_map(|container| container.waiting);
    let lacks = waiting.map(|waiting| waiting.reason).any(|reason| reason == "CreateContainerConfigError");
    match (pods::trouble(evidence, pod), ended) {
        // All that it refers to is written by `up`.
        (Some(trouble), _) if lacks => trouble.finding().command("homelab up"),
        (Some(trouble), _) => trouble.finding(),
        (None, Some(code)) => Finding::new(
            format!("external-dns exited with code {code}, and Kubernetes starts it again"),
            "its log does not say why",
            "read its log",
        )
        .look(LOG),
        (None, None) if is_young(evidence, pod) => Finding::new(
            "the pod of external-dns is not ready",
            "it is starting, or does not answer its probe at /healthz",
            "wait a minute; then read its log",
        )
        .look(LOG)
        .heals(),
        (None, None) => Finding::new(
            "the pod of external-dns is not ready",
            "it has run for longer than it takes to start, and does not answer its probe at /healthz: its process hangs",
            "read its log, and restart it",
        )
        .look(LOG)
        .command(command!("kubectl -n {} rollout restart deployment/{}", NAMESPACE, NAME))
        .heals_soon(),
    }
    .into()
}
