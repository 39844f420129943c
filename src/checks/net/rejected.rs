//! NetworkPolicies that keep questions of DNS from CoreDNS, or CoreDNS from whom it asks. k3s rejects what none allows, so that
//! it reads as refused.

use serde_json::Value;

use crate::checks::engine::Finding;
use crate::checks::net::coredns;
use crate::checks::reading::policies::{self, Blocking, DNS, Way};
use crate::evidence::dns::AskError;
use crate::evidence::{Asked, Evidence, ServiceLookup, View};

/// What keeps a pod's question from CoreDNS: a policy of the pod's own namespace, or one of CoreDNS'.
pub(super) fn question(evidence: &Evidence, pod: &str, summary: &str) -> Option<Finding> {
    let pod = evidence.objects("pods")?.iter().find(|object| object.full_name() == pod)?;
    let out = policies::in_the_way(evidence, pod, Way::Out(None, DNS));
    if !out.is_empty() {
        return Some(told(pod, &out, summary, "blocks that pod's outgoing DNS queries", "egress"));
    }
    kept_out(evidence, Way::From(pod, DNS), summary)
}

/// What keeps this node's question from CoreDNS, or CoreDNS' own from the resolver that it asks.
pub(super) fn forwarding(evidence: &Evidence, asked: &ServiceLookup) -> Option<Finding> {
    let (name, server) = (&asked.name, &asked.lookup.server);
    if asked.kind == Asked::Internal {
        matches!(asked.lookup.result, Err(AskError::Refused)).then_some(())?;
        let summary = format!("the cluster's DNS at {server} refuses this node's query for {name}");
        return kept_out(evidence, Way::In(DNS), &summary);
    }
    let pods = coredns::pods_of(evidence);
    let pod = pods.first()?;
    let found = policies::in_the_way(evidence, pod, Way::Out(None, DNS));
    (!found.is_empty()).then(|| {
        let summary = format!("the cluster's DNS at {server} has no answer for {name}");
        let does = "does not let CoreDNS ask the resolver that it forwards queries to";
        told(pod, &found, &summary, does, "egress")
    })
}

fn kept_out(evidence: &Evidence, way: Way<'_>, summary: &str) -> Option<Finding> {
    let pods = coredns::pods_of(evidence);
    let pod = pods.first()?;
    let found = policies::in_the_way(evidence, pod, way);
    let does = "does not let DNS queries reach CoreDNS";
    (!found.is_empty()).then(|| told(pod, &found, summary, does, "ingress"))
}

fn told(pod: &Value, found: &[Blocking], summary: &str, does: &str, list: &str) -> Finding {
    Finding::new(
        summary,
        format!("{} {does}: k3s rejects what no policy allows", policies::named(found)),
        format!("allow port 53 over UDP and TCP in the policy's `{list}`, or delete the policy"),
    )
    .look(command!("kubectl --namespace {} get networkpolicies --output yaml", pod.namespace()))
}
