//! How the objects of this group are read.

use serde_json::Value;

use crate::checks::reading::classes::{CLASSES, serves};
use crate::evidence::{Evidence, at, entries};
use crate::ingress::{Class, class_in, traits_of, whose};
use crate::plan::deployed::applies_lab;

/// An annotation; empty when there is none.
pub(super) fn annotation<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"]["annotations"][key].as_str().unwrap_or_default()
}

/// The controller's DaemonSet; `None` when it is not there, or the DaemonSets were not read.
pub(super) fn daemon_set(evidence: &Evidence) -> Option<&Value> {
    let controller = traits_of(evidence.controller);
    evidence.cluster.as_ref()?.objects.find("daemonsets.apps", controller.namespace, controller.workload)
}

/// The arguments of the controller.
pub(super) fn arguments(evidence: &Evidence) -> Vec<&str> {
    let containers =
        daemon_set(evidence).map_or(&[][..], |set| entries(set, "/spec/template/spec/containers"));
    containers.iter().flat_map(|container| entries(container, "/args")).filter_map(Value::as_str).collect()
}

/// Who else has changed what the object asks for, by the name that it wrote under. A restart is no change.
pub(super) fn editor(object: &Value) -> Option<&str> {
    let changes = |fields: &Value| {
        let beyond = |value: &Value, harmless: &str| {
            value.as_object().is_some_and(|keys| keys.keys().any(|key| key != harmless && key != "."))
        };
        let spec = &fields["f:spec"];
        beyond(spec, "f:template")
            || beyond(&spec["f:template"], "f:metadata")
            || fields["f:rules"].is_object()
    };
    let by_another = |entry: &&Value| {
        !applies_lab(at(entry, "/manager"))
            && at(entry, "/subresource").is_empty()
            && changes(&entry["fieldsV1"])
    };
    let entry = entries(object, "/metadata/managedFields").iter().find(by_another)?;
    Some(at(entry, "/manager"))
}

/// Whose an Ingress is; `None` when the classes were not read.
pub(super) fn class<'a>(evidence: &'a Evidence, ingress: &'a Value) -> Option<Class<'a>> {
    let classes = evidence.objects(CLASSES)?;
    let serves = |class: &Value| serves(evidence, class);
    Some(whose(class_in(evidence), takes_any(evidence), serves, classes, ingress))
}

/// Whether the controller takes Ingresses without a class.
fn takes_any(evidence: &Evidence) -> bool {
    let word = traits_of(evidence.controller).takes_any;
    !word.is_empty() && arguments(evidence).contains(&word)
}

/// The Ingresses that the controller serves; `None` when they or the classes were not read.
pub(super) fn served(evidence: &Evidence) -> Option<Vec<&Value>> {
    let ingresses = evidence.objects("ingresses.networking.k8s.io")?;
    let mut found = Vec::new();
    for ingress in ingresses {
        if class(evidence, ingress)? == Class::Served {
            found.push(ingress);
        }
    }
    Some(found)
}

/// The hosts of an Ingress, each once; wildcards included.
pub(super) fn hosts(ingress: &Value) -> Vec<&str> {
    let mut found: Vec<&str> = entries(ingress, "/spec/rules").iter().map(|rule| at(rule, "/host")).collect();
    found.retain(|host| !host.is_empty());
    found.sort_unstable();
    found.dedup();
    found
}
