//! What the annotations of an Ingress refer to: Secrets and Services that are not there, or not as the controller wants
//! them. The doctor reads no Secret for that: what it holds is known from what the controller says.

use serde_json::Value;

use crate::checks::engine::{Finding, Severity};
use crate::checks::ingress::{blame, objects};
use crate::checks::reading::{logs, when};
use crate::evidence::{Evidence, View, at, entries, ready_endpoints};
use crate::facts::names::users_secret;
use crate::ingress::{Reference, Referent, Traits, traits_of};

/// The first annotation of an Ingress that refers to something which is not there, or is not as it should be.
pub(super) fn broken(
    evidence: &Evidence,
    controller: &Traits,
    settings: Option<&Value>,
    ingress: &Value,
) -> Option<Finding> {
    let (key, value) = controller.keeps_secrets_apart;
    let apart = key.is_empty() || settings.is_some_and(|map| map["data"][key] == value);
    let all = || {
        controller.references.iter().filter_map(|reference| {
            let name = format!("{}{}", controller.annotations, reference.key);
            let value = objects::annotation(ingress, &name);
            (!value.is_empty()).then_some((reference, value))
        })
    };
    let by_form =
        all().find_map(|(reference, value)| malformed(controller, apart, ingress, reference, value));
    by_form
        .or_else(|| {
            let said = denied(evidence, ingress).filter(|_| is_refused(evidence, ingress))?;
            let named = all().filter(|(reference, _)| reference.to != Referent::Service);
            let mut named =
                named.filter(|(_, value)| said.contains(value.rsplit('/').next().unwrap_or(value)));
            Some(match named.next() {
                Some((reference, value)) => unusable(evidence, ingress, reference, value, &said),
                None => quoted(controller, ingress, &said),
            })
        })
        .or_else(|| {
            let services = evidence.objects("services")?;
            let (_, value) =
                all().filter(|(reference, _)| reference.to == Referent::Service).find(|(_, value)| {
                    let is = |service: &Value| {
                        service.namespace() == ingress.namespace() && service.name() == *value
                    };
                    !services.iter().any(is)
                })?;
            Some(no_service(ingress, value))
        })
}

/// What can never work, whatever the Secret holds.
fn malformed(
    controller: &Traits,
    apart: bool,
    ingress: &Value,
    reference: &Reference,
    value: &str,
) -> Option<Finding> {
    let (key, namespace) = (reference.key, ingress.namespace());
    let place = format!("`{key}: {value}` of Ingress `{}`", ingress.full_name());
    let refuses = format!("{} refuses every request for that Ingress until then", controller.program);
    let whole = reference.to == Referent::SecretWithNamespace;
    match value.split_once('/') {
        None if whole => Some(Finding::new(
            format!("{place} names a Secret without its namespace"),
            format!("this annotation wants NAMESPACE/NAME; {refuses}"),
            format!("write `{namespace}/{value}`"),
        )),
        Some((other, name)) if apart && reference.to != Referent::Service && other != namespace => {
            Some(Finding::new(
                format!("{place} names a Secret of another namespace"),
                format!("an Ingress may use Secrets of its own namespace only; {refuses}"),
                format!(
                    "create the Secret in the namespace `{namespace}`, with {}, and write `{namespace}/{name}`",
                    reference.holds
                ),
            ))
        }
        _ => None,
    }
}

/// The controller says that it cannot use the Secret.
fn unusable(evidence: &Evidence, ingress: &Value, reference: &Reference, value: &str, said: &str) -> Finding {
    let controller = traits_of(evidence.controller);
    let (key, namespace) = (reference.key, ingress.namespace());
    let name = value.rsplit('/').next().unwrap_or(value);
    let what = match said.contains(controller.log.absent) {
        true => format!("refers to a Secret that does not exist in the namespace `{namespace}`"),
        false => {
            format!(
                "refers to a Secret that is not there, or does not hold what {} wants",
                controller.program
            )
        }
    };
    Finding::new(
        format!("`{key}: {value}` of Ingress `{}` {what}", ingress.full_name()),
        format!(
            "{} refuses every request for that Ingress until it has read the Secret. It says: {}",
            controller.program,
            said.trim_end_matches('.')
        ),
        fix(evidence, reference, namespace, name),
    )
    .look(command!("kubectl --namespace {} describe secret {}", namespace, name))
}

/// Who has a service's users in a Secret that `homelab protect` writes, is told so.
fn fix(evidence: &Evidence, reference: &Reference, namespace: &str, name: &str) -> String {
    let services = evidence.config.iter().flat_map(|config| &config.services);
    match services.map(|service| &service.name).find(|service| users_secret(service) == name) {
        Some(service) => {
            format!(
                "let somebody in: `homelab protect {service} --user NAME` asks for a password, and makes that Secret"
            )
        }
        None => {
            format!("create the Secret `{name}` in the namespace `{namespace}`, with {}", reference.holds)
        }
    }
}

fn quoted(controller: &Traits, ingress: &Value, said: &str) -> Finding {
    Finding::new(
        format!("{} cannot use an annotation of Ingress `{}`", controller.program, ingress.full_name()),
        format!(
            "it refuses every request for that Ingress until then. It says: {}",
            said.trim_end_matches('.')
        ),
        "correct the annotation, or create what it refers to in the namespace of the Ingress",
    )
    .look(command!("kubectl --namespace {} describe ingress {}", ingress.namespace(), ingress.name()))
}

fn no_service(ingress: &Value, value: &str) -> Finding {
    Finding::new(
        format!(
            "`default-backend: {value}` of Ingress `{}` refers to a Service that does not exist",
            ingress.full_name()
        ),
        "the annotation has no effect: when the program is down, people get the controller's own error page",
        format!("correct the name: the Service has to be in the namespace `{}`", ingress.namespace()),
    )
    .look(command!("kubectl --namespace {} get services", ingress.namespace()))
    .only(Severity::Warning)
}

/// Whether a node answers for the Ingress now as the controller does where it denies every request: what it said of that in
/// the past may be cured.
fn is_refused(evidence: &Evidence, ingress: &Value) -> bool {
    // Without endpoints, 503 has another cause.
    if !has_endpoints(evidence, ingress) {
        return false;
    }
    let controller = traits_of(evidence.controller);
    let answers = objects::hosts(ingress).into_iter().filter_map(|host| evidence.hosts.get(host));
    let mut answers = answers.flat_map(|seen| &seen.http).filter_map(|seen| seen.result.as_ref().ok());
    answers.any(|answer| controller.denies_with.contains(&answer.status) && (controller.is_own_page)(answer))
}

/// Whether a Service that the Ingress names has an address that is ready; taken to be so where nobody read them.
fn has_endpoints(evidence: &Evidence, ingress: &Value) -> bool {
    let Some(slices) = evidence.objects("endpointslices.discovery.k8s.io") else { return true };
    let paths = entries(ingress, "/spec/rules").iter().flat_map(|rule| entries(rule, "/http/paths"));
    let services: Vec<&str> = paths.map(|path| at(path, "/backend/service/name")).collect();
    let theirs = slices.iter().filter(|slice| {
        slice.namespace() == ingress.namespace()
            && services.contains(&slice.label("kubernetes.io/service-name"))
    });
    theirs.flat_map(ready_endpoints).next().is_some()
}

/// Why the controller denies every request for an Ingress, since that was changed last: by its events, else by its log.
pub(in crate::checks) fn denied(evidence: &Evidence, ingress: &Value) -> Option<String> {
    let controller = traits_of(evidence.controller);
    let (namespace, name) = (ingress.namespace(), ingress.name());
    let since = blame::changed(ingress);
    let (reason, begins) = controller.log.denied_event;
    let events = evidence.objects("events").unwrap_or_default().iter().filter(|event| {
        !reason.is_empty()
            && at(event, "/reason") == reason
            && at(event, "/involvedObject/namespace") == namespace
            && at(event, "/involvedObject/name") == name
            && when(event, "/lastTimestamp") >= since
    });
    let newest = events.max_by_key(|event| when(event, "/lastTimestamp"));
    let by_event = newest.map(|event| at(event, "/message").trim_start_matches(begins).to_owned());
    by_event.filter(|text| !text.is_empty()).or_else(|| {
        let seen = evidence.cluster.as_ref()?;
        let logs = seen.logs.iter().filter(|(place, _)| controller.is_place(place));
        let name = format!("{namespace}/{name}");
        let lines =
            logs.flat_map(|(_, log)| log.lines()).filter(|line| logs::written(line, evidence.now) >= since);
        lines.filter_map(|line| (controller.log.denied_ingress)(line, &name)).next_back().map(str::to_owned)
    })
}
