//! Who else has, or wants, ports 80 and 443 of a node. Nobody is driven out for the controller (its PriorityClass says
//! `preemptionPolicy: Never`), and the guard keeps the address of a node that is Ready in DNS, whoever has its ports. A hostPort is an address translation and no socket: `ss` on the
//! node does not show it, but the pods say it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::pods::node_of;
use crate::checks::ingress::{lab_wide, or_pass, unread};
use crate::evidence::pod::has_ended;
use crate::evidence::{Evidence, Listing, View, WAITING_PODS, at, entries};
use crate::ingress::{Traits, traits_of};
use crate::outside::command::Command;

/// Who made a pod of k3s' servicelb, and for which Service (labels of its pods).
const SERVICELB_NAME: &str = "svccontroller.k3s.cattle.io/svcname";
const SERVICELB_NAMESPACE: &str = "svccontroller.k3s.cattle.io/svcnamespace";

/// A pod that asks for ports of its node.
pub(super) struct Claim<'a> {
    /// The pod.
    pub(super) pod: &'a Value,
    /// 80, 443 or both.
    pub(super) ports: Vec<u64>,
}

impl Claim<'_> {
    /// For example `port 80`.
    pub(super) fn ports(&self) -> String {
        match self.ports.as_slice() {
            [port] => format!("port {port}"),
            _ => "ports 80 and 443".to_owned(),
        }
    }

    /// The Service that k3s' servicelb made the pod for.
    fn service(&self) -> Option<String> {
        let label = |key: &str| self.pod["metadata"]["labels"][key].as_str().unwrap_or_default();
        let name = Some(label(SERVICELB_NAME)).filter(|name| !name.is_empty())?;
        Some(format!("{}/{name}", label(SERVICELB_NAMESPACE)))
    }

    /// How it gives the port back: a running pod cannot be changed, only what makes it.
    fn release(&self) -> String {
        let (namespace, name) = (self.pod.namespace(), self.pod.name());
        let Some(owner) = entries(self.pod, "/metadata/ownerReferences").first() else {
            let delete = pasted(command!("kubectl -n {} delete pod {}", namespace, name));
            return format!("delete the pod{delete}, and create it without the `hostPort` if you need it");
        };
        // Whoever makes a pod writes its owners: any text may stand there.
        let (kind, owner) = (at(owner, "/kind").to_lowercase(), at(owner, "/name"));
        // A ReplicaSet is its Deployment's, with a hash at the end.
        let (kind, owner) = match (kind.as_str(), owner.rsplit_once('-')) {
            ("replicaset", Some((deployment, _))) => ("deployment".to_owned(), deployment),
            _ => (kind, owner),
        };
        let edit = pasted(command!("kubectl -n {} edit {} {}", namespace, kind, owner));
        format!(
            "remove the line `hostPort` from the {} `{namespace}/{}`, or give it another port{edit}",
            kind.replace('`', "'"),
            owner.replace('`', "'")
        )
    }
}

/// A command in the middle of a sentence; nothing where it cannot be written safely.
fn pasted(command: Option<Command>) -> String {
    command.map(|command| format!(": `{command}`")).unwrap_or_default()
}

/// The pods other than the controller's that ask for port 80 or 443 of their node and have not ended.
pub(super) fn claims<'a>(controller: &Traits, pods: &'a [Value]) -> Vec<Claim<'a>> {
    let others = pods.iter().filter(|pod| !controller.is_pod(pod) && !has_ended(pod));
    let claims = others.map(|pod| Claim { pod, ports: wanted(pod) });
    claims.filter(|claim| !claim.ports.is_empty()).collect()
}

/// Whether the pod waits for a node, and is told of by that.
pub(in crate::checks) fn waits_for_ports(pod: &Value) -> bool {
    at(pod, "/spec/nodeName").is_empty() && !wanted(pod).is_empty()
}

fn wanted(pod: &Value) -> Vec<u64> {
    let ports = entries(pod, "/spec/containers").iter().flat_map(|container| entries(container, "/ports"));
    // One that is bound to an address of its own takes nothing from the others.
    let open = |port: &&Value| {
        ["", "0.0.0.0", "::"].contains(&at(port, "/hostIP")) && ["", "TCP"].contains(&at(port, "/protocol"))
    };
    let mut found: Vec<u64> = ports.filter(open).filter_map(|port| port["hostPort"].as_u64()).collect();
    found.retain(|port| [80, 443].contains(port));
    found.sort_unstable();
    found.dedup();
    found
}

pub(super) fn owners_of_ports(evidence: &Evidence) -> Vec<Judged> {
    let Some(pods) = evidence.objects("pods") else {
        return unread(id::PORT_OWNER, "pods");
    };
    let claims = claims(traits_of(evidence.controller), pods);
    let mut by_node: BTreeMap<&str, Vec<&Claim<'_>>> = BTreeMap::new();
    for claim in &claims {
        by_node.entry(at(claim.pod, "/spec/nodeName")).or_default().push(claim);
    }
    let held = by_node.iter().flat_map(|(node, claims)| claims.iter().map(move |claim| (*node, *claim)));
    let found: Vec<Judged> = held
        .map(|(node, claim)| match node {
            "" => lab_wide(id::PORT_OWNER, waits(claim)),
            node => judged(id::PORT_OWNER, Subject::node(node), Vantage::Api, holds(evidence, node, claim)),
        })
        .collect();
    or_pass(found, id::PORT_OWNER, "no other pod has or waits for port 80 or 443 of a node")
}

/// The same where only the pods that wait were read; nothing where nobody tried. One that holds a port of a node keeps the
/// controller from being ready there, and `up` does not come so far.
pub(super) fn waiting(evidence: &Evidence) -> Vec<Judged> {
    match evidence.cluster.as_ref().and_then(|cluster| cluster.objects.listing(WAITING_PODS)) {
        None => Vec::new(),
        Some(Listing::Items(pods)) => {
            let found = claims(traits_of(evidence.controller), pods)
                .iter()
                .map(|claim| lab_wide(id::PORT_OWNER, waits(claim)))
                .collect();
            or_pass(found, id::PORT_OWNER, "no other pod waits for port 80 or 443 of a node")
        }
        Some(_) => unread(id::PORT_OWNER, "pods that wait for a node"),
    }
}

fn holds(evidence: &Evidence, node: &str, claim: &Claim<'_>) -> Finding {
    let summary = format!("pod `{}` holds {} of node `{node}`", claim.pod.full_name(), claim.ports());
    if let Some(service) = claim.service() {
        return Finding::new(
            summary,
            format!("k3s' servicelb gives the ports of every node to the LoadBalancer Service `{service}`"),
            format!("start every k3s server with `--disable=traefik,servicelb`, or make `{service}` a Service of type ClusterIP"),
        )
        .look("kubectl get services -A | grep LoadBalancer");
    }
    let cause = "only one pod can have a port of a node, so the ingress controller cannot start there; `ss` does not show a hostPort";
    let cause = match is_published(evidence, node) {
        true => {
            format!(
                "{cause}; your names open that pod, because the address of a node that is Ready stays in DNS"
            )
        }
        false => cause.to_owned(),
    };
    let mut fix = format!("{}; the controller then starts by itself", claim.release());
    if is_published(evidence, node) && others_are_ready(evidence, node) {
        let cordon = pasted(command!("kubectl cordon {}", node));
        fix.push_str(&format!(". Until then, remove the node from DNS{cordon}"));
    }
    Finding::new(summary, cause, fix).look(command!(
        "kubectl -n {} get pod {} -o yaml",
        claim.pod.namespace(),
        claim.pod.name()
    ))
}

/// Whether an Ingress has an address of the node, and so has DNS.
fn is_published(evidence: &Evidence, node: &str) -> bool {
    let nodes = evidence.nodes.iter().flatten().filter(|seen| seen.name == node);
    let addresses: Vec<_> = nodes.flat_map(|seen| &seen.addresses).collect();
    evidence
        .ingresses
        .iter()
        .flatten()
        .flat_map(|ingress| &ingress.addresses)
        .any(|one| addresses.contains(&one))
}

fn others_are_ready(evidence: &Evidence, node: &str) -> bool {
    evidence.nodes.iter().flatten().any(|seen| seen.ready && seen.name != node)
}

fn waits(claim: &Claim<'_>) -> Finding {
    let name = claim.pod.full_name();
    let node = match node_of(claim.pod) {
        "" => "a node".to_owned(),
        node => format!("node `{node}`"),
    };
    Finding::new(
        format!("pod `{name}` waits for {} of {node}", claim.ports()),
        "the ingress controller has the port now. When its pod restarts, the port is free for some seconds and this pod takes it; \
         your names then open this pod, because the address of a node that is Ready stays in DNS",
        format!("before the controller or the node restarts, {}", claim.release()),
    )
    .look(command!(
        "kubectl -n {} describe pod {}",
        claim.pod.namespace(),
        claim.pod.name()
    ))
    .only(Severity::Warning)
}
