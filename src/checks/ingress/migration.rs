//! Annotations of other people's Ingresses that another controller of homelab's does not read, or reads otherwise: what to look at
//! before `ingress.controller` is changed.

use serde_json::Value;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::{lab_wide, objects, or_pass, unread};
use crate::config::{Controller, nearest};
use crate::evidence::{Evidence, View};
use crate::facts::controllers::Difference;
use crate::outside::command::Command;
use crate::plan;

/// How many annotations of an Ingress are told of.
const MANY: usize = 6;

/// For each controller that reads the same annotations, and not all of them.
pub(super) fn to_another(evidence: &Evidence) -> Vec<Judged> {
    let Some(ingresses) = objects::served(evidence) else {
        return unread(id::MIGRATION, "Ingresses or their classes");
    };
    let now = evidence.controller.facts();
    let others = Controller::ALL.iter().filter(|other| {
        let facts = other.facts();
        facts.reads_anothers() && facts.annotations == now.annotations
    });
    let others: Vec<Controller> = others.copied().collect();
    if others.is_empty() {
        return vec![lab_wide(
            id::MIGRATION,
            Outcome::skip("no other controller reads the same annotations"),
        )];
    }
    let mut found = Vec::new();
    for controller in &others {
        // Those of the configuration are written anew for it, or refused when it is read.
        for ingress in ingresses.iter().filter(|ingress| !plan::is_of_lab(ingress)) {
            let differences = differences(*controller, ingress);
            if !differences.is_empty() {
                let subject = objects::hosts(ingress)
                    .first()
                    .map_or_else(Subject::default, |host| Subject::host(*host));
                let finding = told(*controller, ingress, &differences);
                found.push(judged(id::MIGRATION, subject, Vantage::Api, finding));
            }
        }
    }
    let names: Vec<&str> = others.iter().map(|other| other.facts().key).collect();
    or_pass(
        found,
        id::MIGRATION,
        format!(
            "no Ingress that homelab did not write has an annotation that {} reads otherwise",
            names.join(" or ")
        ),
    )
}

/// The annotations of an Ingress that the controller reads otherwise, those that keep somebody out first.
fn differences(controller: Controller, ingress: &Value) -> Vec<(String, &'static Difference)> {
    let annotations = ingress["metadata"]["annotations"].as_object();
    let beside = |name: &str| ingress["metadata"]["annotations"][name].as_str();
    let mut found: Vec<_> = annotations
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| {
            let difference = controller.facts().difference(name, value.as_str()?, beside)?;
            Some((name.strip_prefix(controller.facts().annotations)?.to_owned(), difference))
        })
        .collect();
    found.sort_by_key(|(_, difference)| !difference.guards);
    found
}

/// The same of the controller that runs.
pub(super) fn now(evidence: &Evidence, ingress: &Value) -> Option<Finding> {
    // Those are refused where the configuration is read.
    if plan::is_of_lab(ingress) && evidence.controller.facts().reads_anothers() {
        return None;
    }
    let differences = differences(evidence.controller, ingress);
    let guards = differences.iter().any(|(_, one)| one.guards);
    let finding = (!differences.is_empty()).then(|| told(evidence.controller, ingress, &differences))?;
    Some(if guards { finding } else { finding.only(Severity::Warning) })
}

/// The name that was meant, where one is near.
fn likely(controller: Controller, name: &str, difference: &Difference) -> String {
    let known = controller.facts().reads.unwrap_or_default();
    let near = difference.is_unknown().then(|| nearest(name, known)).flatten();
    near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default()
}

/// What takes away the annotations that nobody knows; whoever made the Ingress may do that at any time.
fn removed(
    controller: Controller,
    ingress: &Value,
    differences: &[(String, &'static Difference)],
) -> Vec<Command> {
    let unknown = differences.iter().filter(|(_, one)| one.is_unknown() && !plan::is_of_lab(ingress));
    let begin = controller.facts().annotations;
    let command = |name: &String| {
        let (namespace, ingress) = (ingress.namespace(), ingress.name());
        command!(
            "kubectl --namespace {} annotate ingress {} {}-",
            namespace,
            ingress,
            format!("{begin}{name}")
        )
    };
    unknown.take(MANY).filter_map(|(name, _)| command(name)).collect()
}

fn told(controller: Controller, ingress: &Value, differences: &[(String, &'static Difference)]) -> Finding {
    let shown = || differences.iter().take(MANY);
    let effects: Vec<String> = shown().map(|(name, one)| format!("`{name}`: {}", one.effect)).collect();
    let fixes: Vec<String> = shown()
        .map(|(name, one)| format!("`{name}`: {}{}", one.instead, likely(controller, name, one)))
        .collect();
    let more = match differences.len().saturating_sub(MANY) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let finding = Finding::new(
        format!(
            "Ingress `{}` has annotations that `ingress.controller: {}` reads otherwise or not at all: {}{more}",
            ingress.full_name(),
            controller.facts().key,
            quoted(shown().map(|(name, _)| name))
        ),
        effects.join("; "),
        fixes.join("; "),
    )
    .look(command!(
        "kubectl --namespace {} get ingress {} -o yaml",
        ingress.namespace(),
        ingress.name()
    ));
    removed(controller, ingress, differences)
        .into_iter()
        .fold(finding, |finding, command| finding.command(Some(command)))
}
