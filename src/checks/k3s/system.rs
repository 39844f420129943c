//! The pods of k3s itself, CoreDNS excepted: the network's checks know more of that one.

use crate::checks::engine::{Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::k3s::whole;
use crate::checks::reading::NOT_READ;
use crate::checks::reading::pods::{self, Trouble};
use crate::evidence::pod::is_coredns;
use crate::evidence::{Evidence, View};
use crate::facts::namespaces::SYSTEM;

/// Judged by checks of their own.
const OTHERS: [&str; 5] = ["coredns", "traefik", "helm-install-traefik", "helm-delete-traefik", "svclb-"];
/// Without it, nothing but `kubectl top` is missing.
const OPTIONAL: &str = "metrics-server";

pub(super) fn pods(evidence: &Evidence) -> Judged {
    let Some(all) = evidence.objects("pods") else {
        return whole(id::SYSTEM_PODS, Outcome::unknown(NOT_READ));
    };
    let ours = |pod: &&serde_json::Value| {
        pod.namespace() == SYSTEM
            && !is_coredns(pod)
            && !OTHERS.iter().any(|name| pod.name().starts_with(name))
    };
    let mut troubles: Vec<(bool, Trouble)> = all
        .iter()
        .filter(ours)
        .filter_map(|pod| {
            let optional = pod.name().starts_with(OPTIONAL);
            Some((optional, pods::trouble(evidence, pod)?))
        })
        .collect();
    troubles.sort_by_key(|(optional, _)| *optional);
    match troubles.into_iter().next() {
        None => whole(id::SYSTEM_PODS, Outcome::pass("all pods in `kube-system` run")),
        Some((optional, trouble)) => {
            let subject = trouble.node.clone().map_or_else(Subject::default, Subject::node);
            let finding = trouble.finding();
            let finding = if optional { finding.only(Severity::Warning) } else { finding };
            judged(id::SYSTEM_PODS, subject, Vantage::Api, finding)
        }
    }
}
