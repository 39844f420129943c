//! cert-manager's three programs.

use serde_json::Value;

use crate::checks::cm::reading::one_line;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::id;
use crate::checks::reading::pods::{self, wait_for_their_node};
use crate::checks::scaled;
use crate::evidence::{AcmeSeen, Evidence, View, selects};
use crate::facts::klog::severity;

/// The Deployments of upstream's manifest, and what stands still without each.
const PROGRAMS: [(&str, &str); 3] = [
    ("cert-manager", "no certificate is issued or renewed"),
    ("cert-manager-webhook", "no issuer and no Certificate can be created or changed"),
    ("cert-manager-cainjector", "the API server does not get the CA certificate of the webhook"),
];

pub(super) fn run(evidence: &Evidence, acme: &AcmeSeen) -> Outcome {
    let Some(all) = evidence.objects("deployments.apps") else {
        return Outcome::unknown("the Deployments were not read");
    };
    let namespace = acme.wanted.namespace.as_str();
    let ours: Vec<&Value> = all.iter().filter(|d| d.namespace() == namespace).collect();
    let broken = PROGRAMS.into_iter().find_map(|(name, without)| {
        match ours.iter().find(|deployment| deployment.name() == name) {
            Some(deployment) => stopped(evidence, deployment, name, without).map(|finding| {
                match wait_for_their_node(evidence, &pods_of(evidence, deployment)) {
                    true => Outcome::Blocked { by: id::NODES },
                    false => finding.into(),
                }
            }),
            // An installation of somebody else may call its Deployments by other names.
            None if !acme.wanted.managed && !ours.is_empty() => None,
            None => Some(absent(acme, name, without).into()),
        }
    });
    match broken {
        Some(outcome) => outcome,
        None => Outcome::pass(format!("controller, webhook and cainjector run in `{namespace}`")),
    }
}

fn absent(acme: &AcmeSeen, name: &str, without: &str) -> Finding {
    let namespace = &acme.wanted.namespace;
    let summary = format!("there is no Deployment `{namespace}/{name}`: {without}");
    if acme.wanted.managed {
        return Finding::new(
            summary,
            "cert-manager is not installed yet, or somebody removed a part of it",
            "run `homelab up`, which installs it again",
        )
        .command("homelab up");
    }
    Finding::new(
        summary,
        "cert-manager is not installed, or in another namespace than the configuration says",
        "install cert-manager, or name its namespace in `certManager.namespace`",
    )
    .look("kubectl get deployments -A | grep cert-manager")
}

fn stopped(evidence: &Evidence, deployment: &Value, name: &str, without: &str) -> Option<Finding> {
    let count = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_u64);
    let wanted = count("/spec/replicas").unwrap_or(1);
    let ready = count("/status/readyReplicas").unwrap_or(0);
    let namespace = deployment.namespace();
    if wanted == 0 {
        return Some(
            Finding::new(
                format!("Deployment `{namespace}/{name}` is scaled to 0: {without}"),
                "somebody scaled it down and did not scale it up again",
                "start it",
            )
            .command(scaled::cure(namespace, name)),
        );
    }
    if ready > 0 {
        return None;
    }
    let said = last_error(evidence, namespace, name);
    let said = said.map(|line| format!("its log ends with: {}", one_line(&line)));
    let pods = pods_of(evidence, deployment);
    let finding = match pods.into_iter().find_map(|pod| pods::trouble(evidence, pod)) {
        Some(trouble) => trouble.or_by_its_log(said).finding(),
        None => Finding::new(
            format!("no pod of `{namespace}/{name}` is ready: {without}"),
            said.unwrap_or_else(|| "it is starting, or something prevents it from starting".to_owned()),
            "wait a moment if it has just started; otherwise check its pods and their log",
        )
        .look(command!("kubectl -n {} describe pods", namespace))
        .heals_soon(),
    };
    Some(finding.look(command!("kubectl -n {} logs deployment/{} --tail=50", namespace, name)))
}

/// The pods that the Deployment's selector finds.
fn pods_of<'e>(evidence: &'e Evidence, deployment: &Value) -> Vec<&'e Value> {
    let (namespace, selector) = (deployment.namespace(), &deployment["spec"]["selector"]["matchLabels"]);
    let chosen = |pod: &&Value| pod.namespace() == namespace && selects(selector, &pod["metadata"]["labels"]);
    evidence.objects("pods").unwrap_or_default().iter().filter(chosen).collect()
}

/// The last line of its pods' logs that is an error.
fn last_error(evidence: &Evidence, namespace: &str, name: &str) -> Option<String> {
    let logs = &evidence.cluster.as_ref()?.logs;
    let is_of_deployment = |place: &str| {
        let Some((pod, _)) =
            place.strip_prefix(&format!("{namespace}/")).and_then(|rest| rest.split_once('/'))
        else {
            return false;
        };
        // `cert-manager-webhook-…` begins with `cert-manager-`, too: a pod's name has two more parts than its Deployment's.
        pod.rsplitn(3, '-').last() == Some(name)
    };
    let is_error = |line: &&str| matches!(severity(line), Some('E' | 'F')) || line.contains("panic:");
    let mut lines = logs
        .iter()
        .filter(|(place, _)| is_of_deployment(place))
        .filter_map(|(_, text)| text.lines().rfind(is_error));
    lines.next_back().map(str::to_owned)
}
