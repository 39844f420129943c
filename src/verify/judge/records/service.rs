//! Whether external-dns runs, and how its loop goes.

use jiff::SignedDuration;
use serde_json::Value;

use super::{
    log::{self, Line},
    reason::{self, Cure},
};
use crate::{
    desired::{
        external_dns::{NAME, NAMESPACE},
        meta::HOMELAB,
    },
    verify::{
        evidence::{Evidence, SyncSeen, at, entries},
        model::{Finding, Outcome},
        words::span,
    },
};

/// What shows its log.
const LOG: &str = "kubectl -n external-dns logs deployment/external-dns --tail=20";
/// Between two looks of external-dns, unless its flags say otherwise.
const INTERVAL: i64 = 60;
/// How long one look may last; with an answer from Cloudflare it takes a second.
const SLOW: i64 = 20;
/// How long a restart is held against a pod that has not done anything since.
const FRESH: i64 = 300;

/// Its Deployment; the outer `None` when the Deployments were not read.
fn deployment(evidence: &Evidence) -> Option<Option<&Value>> {
    evidence.objects("deployments.apps")?;
    Some(evidence.cluster.as_ref()?.objects.find("deployments.apps", NAMESPACE, NAME))
}

/// Its flags as they lie in the cluster; none when they were not read.
pub(super) fn flags(evidence: &Evidence) -> Vec<&str> {
    let container =
        deployment(evidence).flatten().map(|object| entries(object, "/spec/template/spec/containers"));
    let first = container.and_then(<[Value]>::first);
    first.map_or(&[][..], |first| entries(first, "/args")).iter().filter_map(Value::as_str).collect()
}

/// The value of the first of its flags of that name.
pub(super) fn flag<'a>(evidence: &'a Evidence, name: &str) -> Option<&'a str> {
    flags(evidence).into_iter().find_map(|flag| flag.strip_prefix(name)?.strip_prefix('='))
}

/// Seconds between two looks.
fn interval(evidence: &Evidence) -> i64 {
    let text = flag(evidence, "--interval").unwrap_or_default();
    let number = |unit| text.strip_suffix(unit).and_then(|number| number.parse::<i64>().ok());
    number("m")
        .map(|minutes| minutes * 60)
        .or(number("s"))
        .or(number("h").map(|hours| hours * 3600))
        .unwrap_or(INTERVAL)
}

fn metrics(evidence: &Evidence) -> Option<&SyncSeen> {
    evidence.external_dns.as_ref()?.metrics.as_ref().ok()
}

/// When it looks again by itself; `None` when its metrics are not known.
pub(super) fn next_look(evidence: &Evidence) -> Option<jiff::Timestamp> {
    let began = metrics(evidence)?.began?;
    began.checked_add(SignedDuration::from_secs(interval(evidence))).ok().filter(|at| *at > evidence.now)
}

/// What is behind the last error, where a run failed and no run since went well.
pub(super) fn failing(evidence: &Evidence) -> Option<Line> {
    let lines = log::lines(evidence);
    (metrics(evidence)?.soft_errors > 0).then(|| log::last_error(&lines).cloned()).flatten()
}

pub(super) fn pods(evidence: &Evidence) -> Outcome {
    let Some(found) = deployment(evidence) else {
        return Outcome::unknown("the Deployments of the cluster were not read");
    };
    let Some(deployment) = found else {
        return Finding::new(
            "external-dns is not installed",
            "`homelab up` has not run yet, or its Deployment was deleted",
            "let `homelab up` install it",
        )
        .command("homelab up")
        .into();
    };
    if deployment.pointer("/spec/replicas").and_then(Value::as_i64) == Some(0) {
        return Finding::new(
            "external-dns is switched off: its Deployment asks for 0 pods",
            "somebody scaled it down; records stay as they are, and no service gets a new one",
            "scale it up again",
        )
        .command(format!("kubectl -n {NAMESPACE} scale deployment/{NAME} --replicas=1"))
        .into();
    }
    let pods: Vec<&Value> = evidence
        .objects("pods")
        .unwrap_or_default()
        .iter()
        .filter(|pod| {
            at(pod, "/metadata/namespace") == NAMESPACE
                && at(pod, "/metadata/labels/app.kubernetes.io~1name") == NAME
                && at(pod, "/metadata/deletionTimestamp").is_empty()
        })
        .collect();
    let ready = deployment.pointer("/status/readyReplicas").and_then(Value::as_i64).unwrap_or(0);
    let ended = pods.iter().find_map(|pod| recently_ended(evidence, pod));
    if ready > 0 && ended.is_none() {
        return Outcome::pass("its pod is ready");
    }
    let lines = log::lines(evidence);
    if let Some(fatal) = log::fatal(&lines).filter(|_| ended.is_some()) {
        return crash(deployment, fatal);
    }
    not_ready(&pods, ended)
}

/// The exit code of its last process, when that ended a short while ago and the next one has done nothing since.
fn recently_ended(evidence: &Evidence, pod: &Value) -> Option<i64> {
    let status = entries(pod, "/status/containerStatuses").first()?;
    let ended = status.pointer("/state/terminated").or_else(|| status.pointer("/lastState/terminated"))?;
    let code = ended.get("exitCode").and_then(Value::as_i64).filter(|code| *code != 0)?;
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let finished = time(at(ended, "/finishedAt"))?;
    let worked = metrics(evidence).and_then(|seen| seen.synced).is_some_and(|synced| synced > finished);
    let runs = status.pointer("/state/running").is_some();
    let old = evidence.now.duration_since(finished).as_secs() > FRESH;
    let is_over = worked || (runs && old);
    (!is_over).then_some(code)
}

fn crash(deployment: &Value, fatal: &Line) -> Outcome {
    let known = reason::of(&fatal.message);
    let summary = format!("external-dns ends as soon as it starts: {}", fatal.short());
    let Some(known) = known else {
        return Finding::new(summary, "it gives no other reason", "read its log").look(LOG).into();
    };
    let finding = Finding::new(summary, known.cause, known.fix).look(LOG);
    match known.cure {
        Cure::Waiting => finding.heals().into(),
        Cure::Person => finding.into(),
        // Fields that another manager has set stay with it: a Deployment made anew is homelab's alone.
        Cure::Up if is_foreign(deployment) => finding
            .command(format!("kubectl -n {NAMESPACE} delete deployment {NAME}"))
            .command("homelab up")
            .into(),
        Cure::Up => finding.command("homelab up").into(),
    }
}

/// Whether somebody else than homelab has set fields of its container.
fn is_foreign(deployment: &Value) -> bool {
    entries(deployment, "/metadata/managedFields").iter().any(|entry| {
        at(entry, "/manager") != HOMELAB
            && entry.pointer("/fieldsV1/f:spec/f:template/f:spec/f:containers").is_some()
    })
}

fn not_ready(pods: &[&Value], ended: Option<i64>) -> Outcome {
    let Some(pod) = pods.first() else {
        return Finding::new(
            "external-dns has no pod",
            "its Deployment asks for one, and the cluster has not made it",
            "look at its events",
        )
        .look(format!("kubectl -n {NAMESPACE} describe deployment {NAME}"))
        .heals()
        .into();
    };
    let name = at(pod, "/metadata/name");
    let waiting =
        entries(pod, "/status/containerStatuses").first().and_then(|status| status.pointer("/state/waiting"));
    let (why, message) = waiting.map_or(("", ""), |state| (at(state, "/reason"), at(state, "/message")));
    let scheduled = entries(pod, "/status/conditions")
        .iter()
        .find(|condition| at(condition, "/type") == "PodScheduled" && at(condition, "/status") == "False");
    let message = message.trim_end_matches(['.', ' ']);
    let finding = match (why, scheduled, ended) {
        ("CreateContainerConfigError", ..) => Finding::new(
            format!("the pod of external-dns cannot start: {message}"),
            "something that its container refers to is not there, such as the Secret with the token",
            "let `homelab up` write it again",
        )
        .command("homelab up"),
        ("ErrImagePull" | "ImagePullBackOff" | "InvalidImageName", ..) => Finding::new(
            format!("the image of external-dns cannot be pulled: {message}"),
            "the node does not reach the registry, or `images.externalDns` names an image that is not there",
            "check that the node reaches the registry, and leave `images.externalDns` out",
        )
        .heals(),
        (_, Some(condition), _) => Finding::new(
            format!(
                "no node takes the pod of external-dns: {}",
                at(condition, "/message").trim_end_matches('.')
            ),
            "the scheduler finds no node that fits",
            "make room on a node, or bring one back",
        )
        .heals(),
        (_, None, Some(code)) => Finding::new(
            format!("external-dns ended with exit code {code} and is started again"),
            "its log does not say why",
            "read its log",
        ),
        _ => Finding::new(
            "the pod of external-dns is not ready",
            "it is starting, or does not answer its probe at /healthz",
            "wait a minute; then read its log",
        )
        .heals(),
    };
    finding.look(format!("kubectl -n {NAMESPACE} describe pod {name}")).into()
}

pub(super) fn sync(evidence: &Evidence) -> Outcome {
    let seen = match evidence.external_dns.as_ref().map(|seen| &seen.metrics) {
        None => return Outcome::unknown("external-dns was not asked"),
        Some(Ok(seen)) => seen,
        Some(Err(why)) => {
            return Outcome::unknown(format!("the metrics of external-dns cannot be read: {why}"));
        }
    };
    let age = |at: jiff::Timestamp| evidence.now.duration_since(at).as_secs();
    if seen.soft_errors > 0 {
        return failed(evidence, seen.soft_errors);
    }
    let limit = interval(evidence) * 3;
    match (seen.began, seen.synced) {
        (Some(began), synced) if synced.is_none_or(|synced| synced < began) && age(began) > SLOW => Finding::new(
            format!("external-dns has been at one look for {}, and has not ended it", span(age(began))),
            "Cloudflare gives its pod no answer, or only errors: it tries each call up to ten times, with growing pauses",
            "look at the checks of the group `net`: whether pods resolve names and reach the internet",
        )
        .look(LOG)
        .heals()
        .into(),
        (_, Some(synced)) if age(synced) > limit => Finding::new(
            format!("external-dns last compared the records {} ago", span(age(synced))),
            "it should do so every minute; its process hangs",
            "start it anew",
        )
        .command(format!("kubectl -n {NAMESPACE} rollout restart deployment/{NAME}"))
        .look(LOG)
        .into(),
        (_, Some(synced)) => Outcome::pass(format!("the records were compared {} ago", span(age(synced)))),
        (_, None) => Outcome::unknown("external-dns has just started and has not compared the records yet"),
    }
}

fn failed(evidence: &Evidence, times: u32) -> Outcome {
    let times = match times {
        1 => "its last run".to_owned(),
        some => format!("{some} runs in a row"),
    };
    let finding = match failing(evidence) {
        Some(line) => {
            let summary = format!("external-dns failed in {times}, {}", line.told());
            match reason::of(&line.message) {
                Some(known) if known.cure == Cure::Person => Finding::new(summary, known.cause, known.fix),
                Some(known) => Finding::new(summary, known.cause, known.fix).heals(),
                None => Finding::new(summary, "it tries again every minute", "read its log").heals(),
            }
        }
        None => Finding::new(
            format!("external-dns failed in {times}"),
            "its log does not say why; it tries again every minute",
            "read its log",
        )
        .heals(),
    };
    finding.look(LOG).retry_at(next_look(evidence)).into()
}
