//! What Cilium remembers of names. An address is allowed for as long as the agent on the pod's node remembers it, which may be for longer
//! than the name has it (docs/egress.md).
//!
//! Nobody else knows: the addresses have identities of their node alone (cilium 1.20.2, pkg/identity/identity.go,
//! `ScopeForLabels`), so no object of the cluster has them; the agent's metrics count them by pod and name none
//! (Documentation/observability/metrics.rst, "FQDN"); and its API listens at a socket of the node. What is left is to run
//! `cilium-dbg` in the agent's pod, a right with which anything can be done on that node, and which homelab does not take.

use std::collections::BTreeSet;

use serde_json::Value;

use super::names;
use crate::checks::engine::words::quoted;
use crate::checks::engine::{Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::pod::has_ended;
use crate::evidence::{Evidence, View, at};

/// So many names in one line.
const MOST: usize = 3;

/// For each node with pods to which a rule by name may apply, that it could not be looked at, and where to look.
pub(super) fn on_nodes(evidence: &Evidence) -> Vec<Judged> {
    let named = names::all_by_namespace(evidence);
    let pods = evidence.objects("pods").unwrap_or_default();
    if named.is_empty() || !evidence.is_kept_by_cilium() {
        return Vec::new();
    }
    let is_agent = |pod: &&Value| pod.label("k8s-app") == "cilium" && !has_ended(pod);
    let of_node = |agent: &Value| {
        let node = at(agent, "/spec/nodeName").to_owned();
        let is_there = |pod: &&Value| at(pod, "/spec/nodeName") == node && !has_ended(pod);
        let here: BTreeSet<&str> = pods.iter().filter(is_there).map(View::namespace).collect();
        // A policy of the whole cluster has no namespace.
        let asked = named.iter().filter(|(namespace, _)| namespace.is_empty() || here.contains(*namespace));
        let asked: BTreeSet<&str> = asked.flat_map(|(_, names)| names.iter().copied()).collect();
        (!asked.is_empty()).then(|| {
            let some: Vec<String> = asked.iter().take(MOST).map(|name| (*name).to_owned()).collect();
            let more = if asked.len() > MOST { " and others" } else { "" };
            let why = format!(
                "could not look: which addresses are allowed for {}{more} on node `{node}`, only Cilium's agent there says. Run `cilium-dbg fqdn cache list` in its pod `{}`; homelab runs no programs in pods of others",
                quoted(&some),
                agent.full_name()
            );
            judged(id::EGRESS_CACHE, Subject::node(&node), Vantage::Node(node.clone()), Outcome::unknown(why))
        })
    };
    pods.iter().filter(is_agent).filter_map(of_node).collect()
}
