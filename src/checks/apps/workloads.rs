//! Pods that do not run: for want of their image, or for any other reason.

use serde_json::Value;

use crate::checks::apps::backend;
use crate::checks::engine::{CheckId, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::reading::pods::{self, Obstacle, Trouble};
use crate::checks::{id, ingress};
use crate::desired::{cert_manager, external_dns};
use crate::evidence::{Evidence, View, at};
use crate::facts::namespaces::SYSTEM;
use crate::ingress::known;

/// Whose pods have checks of their own, which know more of them; but not of a pod there that answers for a host.
const OTHERS: [&str; 2] = [SYSTEM, external_dns::NAMESPACE];

pub(super) fn images_and_pods(evidence: &Evidence) -> Vec<Judged> {
    let all = evidence.objects("pods").unwrap_or_default();
    let elsewhere = |pod: &&Value| {
        let namespace = pod.namespace();
        let is_known = OTHERS.contains(&namespace)
            || known().any(|controller| controller.namespace == namespace)
            || is_of_cert_manager(evidence, pod);
        !is_known || !backend::hosts_of(evidence, pod).is_empty()
    };
    let troubles: Vec<(&Value, Trouble)> =
        all.iter().filter(elsewhere).filter_map(|pod| Some((pod, pods::trouble(evidence, pod)?))).collect();
    let mut found = of_kind(evidence, id::IMAGES, Obstacle::Image, &troubles, "every image could be pulled");
    found.extend(of_kind(
        evidence,
        id::APP_PODS,
        Obstacle::Other,
        &troubles,
        "every pod of the services runs",
    ));
    found
}

/// Whether `cm.pods` judges it. Programs of others may run beside cert-manager.
fn is_of_cert_manager(evidence: &Evidence, pod: &Value) -> bool {
    let acme = evidence.acme.as_ref();
    let namespace = acme.map_or(cert_manager::NAMESPACE, |acme| acme.wanted.namespace.as_str());
    pod.namespace() == namespace && pod.name().starts_with("cert-manager")
}

/// One finding for each workload: the pods of one fail alike. What no name of the lab leads to is only a warning.
fn of_kind(
    evidence: &Evidence,
    id: CheckId,
    kind: Obstacle,
    troubles: &[(&Value, Trouble)],
    well: &str,
) -> Vec<Judged> {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    let mut found = Vec::new();
    for (pod, trouble) in troubles.iter().filter(|(_, trouble)| trouble.kind == kind) {
        let owner = at(pod, "/metadata/ownerReferences/0/name");
        let owner = if owner.is_empty() { pod.name() } else { owner };
        let workload = (pod.namespace(), owner);
        if seen.contains(&workload) {
            continue;
        }
        seen.push(workload);
        let hosts = backend::hosts_of(evidence, pod);
        let finding = trouble.clone().finding();
        // Of one that waits for the controller's ports, `ingress.port-owner` knows more.
        if hosts.is_empty() && !ingress::waits_for_ports(pod) {
            found.push(judged(id, Subject::default(), Vantage::Api, finding.clone().only(Severity::Warning)));
        }
        found.extend(hosts.iter().map(|host| judged(id, Subject::host(host), Vantage::Api, finding.clone())));
    }
    if found.is_empty() {
        found.push(judged(id, Subject::default(), Vantage::Api, Outcome::pass(well)));
    }
    found
}
