//! Annotations of Ingresses that the controller does not accept. It says so in its log only.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::{blame, objects, or_pass, unread};
use crate::checks::reading::full_name;
use crate::checks::reading::logs::written;
use crate::desired::ingress_nginx::{CONTROLLER, NAMESPACE};
use crate::evidence::{Evidence, at};
use crate::outside::command::Command;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";
/// In the log, before the name of an annotation whose value is refused.
const REFUSED: &str = "contains invalid value";

pub(super) fn refused_annotations(evidence: &Evidence) -> Vec<Judged> {
    let Some(ingresses) = objects::served(evidence) else {
        return unread(id::ANNOTATIONS, "Ingresses or their classes");
    };
    let Some(maps) = evidence.objects("configmaps/ingress-nginx") else {
        return unread(id::ANNOTATIONS, "controller's settings");
    };
    let own =
        |map: &Value| at(map, "/metadata/namespace") == NAMESPACE && at(map, "/metadata/name") == CONTROLLER;
    let allowed = maps.iter().any(|map| own(map) && map["data"]["allow-snippet-annotations"] == "true");
    let mut found = Vec::new();
    for ingress in &ingresses {
        let snippet = snippets(ingress).next().filter(|_| !allowed).map(|key| snippet(ingress, key));
        let finding = snippet.or_else(|| refused(evidence, ingress));
        let each = finding.into_iter().flat_map(|finding| {
            objects::hosts(ingress)
                .into_iter()
                .map(move |host| judged(id::ANNOTATIONS, Subject::host(host), Vantage::Api, finding.clone()))
        });
        found.extend(each);
    }
    or_pass(found, id::ANNOTATIONS, "the controller accepts the annotations of every Ingress")
}

fn keys(ingress: &Value) -> impl Iterator<Item = &str> {
    let annotations = ingress["metadata"]["annotations"].as_object();
    annotations.into_iter().flatten().map(|(key, _)| key.as_str())
}

fn snippets(ingress: &Value) -> impl Iterator<Item = &str> {
    keys(ingress).filter_map(|key| key.strip_prefix(PREFIX)).filter(|key| key.ends_with("-snippet"))
}

fn remove(ingress: &Value, key: &str) -> Option<Command> {
    let (namespace, name) = (at(ingress, "/metadata/namespace"), at(ingress, "/metadata/name"));
    command!("kubectl -n {} annotate ingress {} {}-", namespace, name, format!("{PREFIX}{key}"))
}

fn snippet(ingress: &Value, key: &str) -> Finding {
    let name = full_name(ingress);
    let take_off = remove(ingress, key).map_or_else(String::new, |command| format!(" (`{command}`)"));
    Finding::new(
        format!("Ingress `{name}` has the annotation `{key}`, and snippets are off"),
        "a snippet lets anyone who may write an Ingress read every Secret (CVE-2021-25742), so the controller does not \
         accept it: since v1.12 it passes over the whole Ingress, or keeps its state from before; older ones leave the \
         snippet out",
        format!(
            "take it off{take_off} and use an annotation that is made for the purpose; where nobody else writes Ingresses, \
             `ingress.config: {{ allow-snippet-annotations: \"true\", annotations-risk-level: Critical }}` allows it"
        ),
    )
    .look(command!("kubectl -n {} logs daemonset/{} --tail=50 | grep -i -e annotation -e snippet", NAMESPACE, CONTROLLER))
}

/// An annotation whose value the log refuses, unless the Ingress was changed since.
fn refused(evidence: &Evidence, ingress: &Value) -> Option<Finding> {
    let pods = format!("{NAMESPACE}/{CONTROLLER}-");
    let logs = evidence.cluster.as_ref()?.logs.iter().filter(|(place, _)| place.starts_with(&pods));
    let changed = blame::changed(ingress)?;
    let mut lines = logs.flat_map(|(_, log)| log.lines()).filter(|line| line.contains(REFUSED));
    let key = lines.find_map(|line| {
        let current = written(line, evidence.now)? >= changed;
        keys(ingress).find(|key| current && key.starts_with(PREFIX) && names(line, key))
    })?;
    let short = key.strip_prefix(PREFIX)?;
    Some(
        Finding::new(
            format!("the controller does not accept the value of `{short}` in Ingress `{}`", full_name(ingress)),
            "the value is not what the annotation takes; the controller passes over the whole Ingress, or keeps its state from before",
            "correct the value: the annotation's page of the ingress-nginx documentation says what it takes",
        )
        .look(command!("kubectl -n {} logs daemonset/{} --tail=50 | grep 'invalid value'", NAMESPACE, CONTROLLER)),
    )
}

/// Whether the line names the annotation, and not a longer one that begins with it.
fn names(line: &str, key: &str) -> bool {
    let after = |(at, _): (usize, &str)| line.get(at + key.len()..).and_then(|rest| rest.chars().next());
    line.match_indices(key).map(after).any(|next| !next.is_some_and(|c| c.is_alphanumeric() || c == '-'))
}
