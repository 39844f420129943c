//! Ports 80 and 443, the ingress controller and the Ingresses.

mod annotations;
mod blame;
mod classes;
mod controller;
mod duplicates;
mod eol;
mod foreign;
mod hostport;
pub(super) mod ids;
mod migration;
mod objects;
mod pod;
mod pods;
mod ports;
mod references;
mod reload;
mod scratch;
mod secrets;
mod status;
mod texts;
mod timer;
mod unmanaged;
mod webhooks;

#[cfg(test)]
pub(super) mod tests;

use crate::checks::engine::{CheckId, Group, Judged, Outcome, Subject, Vantage, judged};
use crate::evidence::{Evidence, HostSeen};

pub(super) use blame::changed;
pub(super) use ports::waits_for_ports;
pub(super) use references::denied;
pub(super) use reload::{is_stuck, withhold_restarts};
pub(super) use secrets::no_certificate;

/// The group.
pub(super) const GROUP: Group =
    Group::new("ingress", "ports 80 and 443, the ingress controller and the Ingresses", texts::CHECKS)
        .for_lab(outcomes_of_lab)
        .for_each_host(outcomes_of_host);

/// Everything that is not about one host of the configuration. `up` asks no pod for itself, and leaves out what needs more
/// than its own look: of other pods, it sees those that wait.
fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    if !evidence.controller.is_managed() {
        return unmanaged::outcomes_of_lab(evidence);
    }
    let mut found = controller::answers_to_unknown_names(evidence);
    found.extend(reload::last_reload(evidence));
    found.extend(timer::timer_of_addresses(evidence));
    if evidence.ingress.is_none() {
        found.extend(ports::waiting(evidence));
        return found;
    }
    found.extend(ports::owners_of_ports(evidence));
    found.extend(pods::pods_of_controller(evidence));
    found.extend(hostport::answers_of_host_ports(evidence));
    found.extend(classes::classes_of_ingresses(evidence));
    found.extend(webhooks::leftover_webhooks(evidence));
    found.extend(annotations::refused_annotations(evidence));
    found.extend(duplicates::hosts_named_twice(evidence));
    found.extend(secrets::secrets_of_ingresses(evidence));
    found.extend(eol::end_of_life(evidence));
    found.extend(migration::to_another(evidence));
    found.extend(scratch::scratch_ingress(evidence));
    found
}

fn outcomes_of_host(evidence: &Evidence, host: &str, _: &HostSeen) -> Vec<Judged> {
    vec![status::addresses_of_host(evidence, host)]
}

/// The failures, or one pass for the whole lab where there is none. Beside a failure there is no such pass: it would
/// say that the host that failed passed, too.
fn or_pass(failures: Vec<Judged>, id: CheckId, saw: impl Into<String>) -> Vec<Judged> {
    if failures.is_empty() { vec![lab_wide(id, Outcome::pass(saw))] } else { failures }
}

/// One unknown for the whole lab: a list could not be read.
fn unread(id: CheckId, what: &str) -> Vec<Judged> {
    vec![lab_wide(id, Outcome::unknown(format!("the {what} were not read")))]
}

fn lab_wide(id: CheckId, outcome: impl Into<Outcome>) -> Judged {
    judged(id, Subject::default(), Vantage::Api, outcome)
}
