//! The external-dns of each organisation: whether it runs, and whether its last look went well.

use serde_json::Value;

use crate::checks::edns::log::{self, Line};
use crate::checks::edns::reason;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::pods;
use crate::checks::scaled;
use crate::desired::external_dns::NAMESPACE;
use crate::evidence::{Evidence, OrganisationSeen, View, at};
use crate::facts::organisations::external_dns;
use crate::provider::reading::Cure;

/// What is wrong with the first that does not run.
pub(super) fn stopped(evidence: &Evidence) -> Option<Outcome> {
    evidence.objects("deployments.apps")?;
    evidence.organisations.iter().find_map(|one| not_running(evidence, one)).map(Outcome::from)
}

fn not_running(evidence: &Evidence, one: &OrganisationSeen) -> Option<Finding> {
    let (name, objects) = (external_dns(&one.name), &evidence.cluster.as_ref()?.objects);
    let what = format!("the external-dns of the organisation `{}`", one.name);
    let Some(deployment) = objects.find("deployments.apps", NAMESPACE, &name) else {
        let cause =
            "`homelab up` has not run since it is in the configuration, or its Deployment was deleted";
        let fix = "run `homelab up`, which installs it";
        return Some(Finding::new(format!("{what} is not installed"), cause, fix).command("homelab up"));
    };
    let count = |field: &str| deployment.pointer(field).and_then(Value::as_i64);
    if count("/spec/replicas") == Some(0) {
        let cause =
            "somebody scaled it down; the records in its zone stay as they are, and new services get none";
        let finding = Finding::new(format!("{what} is switched off"), cause, "scale it up again");
        return Some(finding.command(scaled::cure(NAMESPACE, &name)));
    }
    if count("/status/readyReplicas").unwrap_or(0) > 0 {
        return None;
    }
    let is_its = |pod: &&Value| {
        pod.namespace() == NAMESPACE
            && at(pod, "/metadata/labels/app.kubernetes.io~1name") == name
            && !pod.is_going()
    };
    let pod = evidence.objects("pods").unwrap_or_default().iter().find(is_its);
    if let Some(trouble) = pod.and_then(|pod| pods::trouble(evidence, pod)) {
        return Some(trouble.finding());
    }
    let cause = "it is starting, or one of its containers ends: each reads one namespace";
    let look = command!("kubectl -n {} logs deployment/{} --all-containers --tail=20", NAMESPACE, name);
    let finding = Finding::new(format!("{what} is not ready"), cause, "wait a minute; then read its log");
    Some(finding.look(look).heals_soon())
}

/// The error with which the log of one of them ends.
pub(super) fn failing(evidence: &Evidence) -> Option<Outcome> {
    let of = |one: &OrganisationSeen| {
        let lines = log::of_organisation(evidence, &one.name);
        let last = lines.into_iter().find_map(|(container, lines)| Some((container, ended_with(&lines)?)));
        last.map(|(container, line)| told(evidence, one, (&container, &line)))
    };
    evidence.organisations.iter().find_map(of).map(Outcome::from)
}

fn ended_with(lines: &[Line]) -> Option<Line> {
    let last = lines.last()?;
    let is_error = matches!(last.level.as_str(), "error" | "fatal");
    is_error.then(|| log::last_error(lines).cloned()).flatten()
}

fn told(evidence: &Evidence, one: &OrganisationSeen, (namespace, line): (&str, &Line)) -> Finding {
    let summary = format!(
        "the external-dns of the organisation `{}` fails for the namespace `{namespace}`, {}",
        one.name,
        line.told()
    );
    let look = command!(
        "kubectl -n {} logs deployment/{} --container={} --tail=20",
        NAMESPACE,
        external_dns(&one.name),
        namespace
    );
    let finding = match reason::reading_of(evidence.dns, &line.message) {
        Some(known) if known.cure == Cure::Person => Finding::new(summary, known.cause, known.fix),
        Some(known) => Finding::new(summary, known.cause, known.fix).heals(),
        None => Finding::new(summary, "it tries again every minute", "read its log").heals_soon(),
    };
    finding.look(look)
}
