//! NetworkPolicies between the ingress controller and what stands behind a name. What none lets through is rejected by k3s, so
//! that it reads as if nobody listened (kube-router, pkg/controllers/netpol/pod.go); other engines drop it.

use std::net::SocketAddr;

use serde_json::Value;

use crate::checks::engine::Finding;
use crate::checks::reading::policies::{self, Way};
use crate::evidence::{Evidence, View, at};
use crate::ingress::{FailedRequest, Unusable, traits_of};

/// The policies that keep the controller's connection from coming about, where it is sure that they do.
pub(super) fn why(evidence: &Evidence, noted: &FailedRequest<'_>, summary: &str) -> Option<Finding> {
    if !matches!(noted.why?, Unusable::Refused | Unusable::Silent) {
        return None;
    }
    let to = noted.address?;
    let pods = evidence.objects("pods")?;
    let controller = pods.iter().find(|pod| traits_of(evidence.controller).is_pod(pod))?;
    let pod = pods.iter().find(|pod| at(pod, "/status/podIP").parse() == Ok(to.ip()));
    pod.and_then(|pod| kept_out(evidence, controller, pod, to, summary))
        .or_else(|| kept_in(evidence, controller, pod, to, summary))
}

fn kept_out(
    evidence: &Evidence,
    controller: &Value,
    pod: &Value,
    to: SocketAddr,
    summary: &str,
) -> Option<Finding> {
    let found = policies::in_the_way(evidence, pod, Way::From(controller, to.port()));
    (!found.is_empty()).then(|| {
        Finding::new(
            summary,
            format!(
                "{} does not let the ingress controller connect to the pod `{}`: k3s rejects what no policy allows, so it looks as if nothing listened there",
                policies::named(&found),
                pod.full_name()
            ),
            format!(
                "in the policy's `ingress`, allow port {} from the namespace `{}`, or delete the policy",
                to.port(),
                controller.namespace()
            ),
        )
        .look(listed(pod.namespace()))
    })
}

fn kept_in(
    evidence: &Evidence,
    controller: &Value,
    pod: Option<&Value>,
    to: SocketAddr,
    summary: &str,
) -> Option<Finding> {
    // Which labels a policy may choose the pod by is not looked at here.
    let address = pod.is_none().then_some(to.ip());
    let found = policies::in_the_way(evidence, controller, Way::Out(address, to.port()));
    (!found.is_empty()).then(|| {
        Finding::new(
            summary,
            format!(
                "{} does not let the ingress controller connect to {to}: k3s rejects what no policy allows",
                policies::named(&found)
            ),
            format!("allow {to} in the policy's `egress`, or delete the policy"),
        )
        .look(listed(controller.namespace()))
    })
}

fn listed(namespace: &str) -> Option<crate::outside::command::Command> {
    command!("kubectl --namespace {} get networkpolicies --output yaml", namespace)
}
