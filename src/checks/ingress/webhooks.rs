//! Webhooks that the API server asks before an Ingress is written. One that cannot answer stops every write.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Severity};
use crate::checks::id;
use crate::checks::ingress::{lab_wide, or_pass, unread};
use crate::evidence::{Evidence, Objects, View, at, entries, ready_endpoints, slices_of};

/// The two kinds of webhooks, with the name that `kubectl` knows them by.
const KINDS: [(&str, &str); 2] = [
    ("validatingwebhookconfigurations.admissionregistration.k8s.io", "validatingwebhookconfiguration"),
    ("mutatingwebhookconfigurations.admissionregistration.k8s.io", "mutatingwebhookconfiguration"),
];
/// Has cert-manager fill in the authority, a moment after the webhook was made.
const INJECTED: &str = "cert-manager.io/inject-ca-from";

pub(super) fn leftover_webhooks(evidence: &Evidence) -> Vec<Judged> {
    let Some(objects) = evidence.cluster.as_ref().map(|cluster| &cluster.objects) else {
        return unread(id::WEBHOOK, "webhooks");
    };
    if objects.list("services").is_none() || objects.list("endpointslices.discovery.k8s.io").is_none() {
        return unread(id::WEBHOOK, "Services and their endpoints");
    }
    let mut found = Vec::new();
    for (resource, kind) in KINDS {
        let Some(configurations) = objects.list(resource) else {
            return unread(id::WEBHOOK, "webhooks");
        };
        for configuration in configurations {
            let stuck = entries(configuration, "/webhooks").iter().filter(|webhook| takes_ingresses(webhook));
            let first =
                stuck.filter_map(|webhook| fault_of_webhook(objects, kind, configuration, webhook)).next();
            found.extend(first.map(|finding| lab_wide(id::WEBHOOK, finding)));
        }
    }
    or_pass(found, id::WEBHOOK, "no webhook blocks changes to Ingresses")
}

fn takes_ingresses(webhook: &Value) -> bool {
    let names = |rule: &Value, list: &str, wanted: &[&str]| {
        entries(rule, list).iter().filter_map(Value::as_str).any(|name| wanted.contains(&name))
    };
    entries(webhook, "/rules").iter().any(|rule| {
        names(rule, "/apiGroups", &["networking.k8s.io", "*"])
            && names(rule, "/resources", &["ingresses", "*", "*/*"])
            && names(rule, "/operations", &["CREATE", "UPDATE", "*"])
    })
}

fn fault_of_webhook(
    objects: &Objects,
    kind: &str,
    configuration: &Value,
    webhook: &Value,
) -> Option<Finding> {
    let (namespace, service) =
        (at(webhook, "/clientConfig/service/namespace"), at(webhook, "/clientConfig/service/name"));
    if service.is_empty() {
        // It has an address of its own, of which the objects say nothing.
        return None;
    }
    let name = configuration.name();
    let summary =
        |what: &str| format!("every change of an Ingress asks webhook `{}`, {what}", at(webhook, "/name"));
    let look = command!("kubectl get {} {} -o yaml", kind, name);
    let finding = if objects.find("services", namespace, service).is_none() {
        let finding = Finding::new(
            summary(&format!("whose Service `{namespace}/{service}` does not exist")),
            format!(
                "`{kind}` `{name}` is left over from an installation that was removed; helm leaves it behind when its hooks fail"
            ),
            "remove it: nothing serves it, and a new installation creates its own",
        );
        // Others of the same object may still work.
        let alone = entries(configuration, "/webhooks").iter().all(|other| {
            let at = |pointer| at(other, pointer);
            let (namespace, service) =
                (at("/clientConfig/service/namespace"), at("/clientConfig/service/name"));
            !service.is_empty() && objects.find("services", namespace, service).is_none()
        });
        if alone { finding.command(command!("kubectl delete {} {}", kind, name)) } else { finding }
    } else if !has_endpoint(objects, namespace, service) {
        Finding::new(
            summary(&format!("whose Service `{namespace}/{service}` has no ready pod")),
            "the program behind it does not run, or is not ready",
            format!(
                "repair its pods; if you no longer use that installation, `kubectl delete {kind} {name}`"
            ),
        )
        .look(command!("kubectl -n {} get pods", namespace))
        .heals_soon()
    } else if at(webhook, "/clientConfig/caBundle").is_empty() {
        let finding = Finding::new(
            summary("which has no `caBundle`, so that its certificate is not trusted"),
            "the Job or the program that fills it in did not run, or its value was removed",
            "run the installation that created it again (`helm upgrade`)",
        );
        let filled = !configuration["metadata"]["annotations"][INJECTED].is_null();
        if filled { finding.heals() } else { finding }
    } else {
        return None;
    };
    Some(lowered(finding.look(look), webhook))
}

fn has_endpoint(objects: &Objects, namespace: &str, service: &str) -> bool {
    let slices = objects.list("endpointslices.discovery.k8s.io").unwrap_or_default();
    slices_of(slices, namespace, service).flat_map(ready_endpoints).next().is_some()
}

/// A webhook that may fail costs time only, and one with a selector may pass the Ingresses of the house over.
fn lowered(finding: Finding, webhook: &Value) -> Finding {
    let selects = |pointer: &str| {
        webhook.pointer(pointer).and_then(Value::as_object).is_some_and(|selector| !selector.is_empty())
    };
    let some_only = selects("/namespaceSelector")
        || selects("/objectSelector")
        || !entries(webhook, "/matchConditions").is_empty();
    if at(webhook, "/failurePolicy") == "Ignore" || some_only {
        finding.only(Severity::Warning)
    } else {
        finding
    }
}
