//! Annotations of Ingresses that the controller does not accept, or that refer to what is not there. It says so in its log
//! and its events only.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::{blame, migration, objects, or_pass, references, unread};
use crate::checks::reading::logs::written;
use crate::evidence::{Evidence, View};
use crate::ingress::{Snippets, Traits, traits_of};
use crate::outside::command::Command;

pub(super) fn refused_annotations(evidence: &Evidence) -> Vec<Judged> {
    let controller = traits_of(evidence.controller);
    let Some(ingresses) = objects::served(evidence) else {
        return unread(id::ANNOTATIONS, "Ingresses or their classes");
    };
    let objects = evidence.cluster.as_ref().map(|cluster| &cluster.objects);
    let maps = objects.filter(|objects| objects.list(&controller.settings_list()).is_some());
    if controller.settings.is_some() && controller.snippets.is_some() && maps.is_none() {
        return unread(id::ANNOTATIONS, "controller's settings");
    }
    let settings = maps.and_then(|objects| controller.settings(objects));
    let forbidden = controller.snippets.as_ref().filter(|snippets| {
        let (key, value) = snippets.allowed_by;
        settings.is_none_or(|map| map["data"][key] != value)
    });
    let mut found = Vec::new();
    for ingress in &ingresses {
        let snippet = forbidden.and_then(|snippets| {
            let key = first_snippet(controller, snippets, ingress)?;
            Some(snippet(controller, snippets, ingress, key))
        });
        let finding = snippet
            .or_else(|| refused(evidence, controller, ingress))
            .or_else(|| references::broken(evidence, controller, settings, ingress))
            .or_else(|| migration::now(evidence, ingress));
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

fn first_snippet<'a>(controller: &Traits, snippets: &Snippets, ingress: &'a Value) -> Option<&'a str> {
    let mut own = keys(ingress).filter_map(|key| key.strip_prefix(controller.annotations));
    own.find(|key| key.ends_with(snippets.end))
}

fn remove(controller: &Traits, ingress: &Value, key: &str) -> Option<Command> {
    let (namespace, name) = (ingress.namespace(), ingress.name());
    command!(
        "kubectl -n {} annotate ingress {} {}-",
        namespace,
        name,
        format!("{}{key}", controller.annotations)
    )
}

fn snippet(controller: &Traits, snippets: &Snippets, ingress: &Value, key: &str) -> Finding {
    let name = ingress.full_name();
    let take_off =
        remove(controller, ingress, key).map_or_else(String::new, |command| format!(" (`{command}`)"));
    Finding::new(
        format!("Ingress `{name}` has the annotation `{key}`, and snippets are off"),
        snippets.cause,
        format!(
            "remove it{take_off} and use an annotation that is made for the purpose; if nobody else creates Ingresses, {}",
            snippets.allow
        ),
    )
    .look(command!("kubectl -n {} logs daemonset/{} --tail=50 | grep -i -e annotation -e snippet", controller.namespace, controller.workload))
}

/// An annotation whose value the log refuses, unless the Ingress was changed since.
fn refused(evidence: &Evidence, controller: &Traits, ingress: &Value) -> Option<Finding> {
    let logs = evidence.cluster.as_ref()?.logs.iter().filter(|(place, _)| controller.is_place(place));
    let changed = blame::changed(ingress)?;
    let mut lines =
        logs.flat_map(|(_, log)| log.lines()).filter(|line| (controller.log.is_refused_annotation)(line));
    let key = lines.find_map(|line| {
        let current = written(line, evidence.now)? >= changed;
        keys(ingress).find(|key| current && key.starts_with(controller.annotations) && names(line, key))
    })?;
    let short = key.strip_prefix(controller.annotations)?;
    Some(
        Finding::new(
            format!("the controller does not accept the value of `{short}` in Ingress `{}`", ingress.full_name()),
            "the value is not valid for the annotation; the controller ignores the whole Ingress, or keeps its old state",
            format!("correct the value: see the annotation's page in the {} documentation", controller.name),
        )
        .look(command!("kubectl -n {} logs daemonset/{} --tail=50 | grep {}", controller.namespace, controller.workload, controller.log.refused_annotation)),
    )
}

/// Whether the line names the annotation, and not a longer one that begins with it.
fn names(line: &str, key: &str) -> bool {
    let after = |(at, _): (usize, &str)| line.get(at + key.len()..).and_then(|rest| rest.chars().next());
    line.match_indices(key).map(after).any(|next| !next.is_some_and(|c| c.is_alphanumeric() || c == '-'))
}
