//! NetworkPolicies that keep a connection from a pod, or in it.
//!
//! k3s enforces them unless it is told `--disable-network-policy` (kube-router: k3s, pkg/agent/netpol/netpol.go). What no
//! policy allows is rejected, not dropped (kube-router, pkg/controllers/netpol/pod.go: `REJECT --reject-with
//! icmp-port-unreachable`), so that it reads as "connection refused". A pod's own node is always let in.

mod cilium;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Container;
use k8s_openapi::api::networking::v1::{NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use cilium::To;

use crate::checks::engine::words::quoted;
use crate::checks::reading::told;
use crate::desired::egress::api_servers;
use crate::evidence::engine::SWITCH;
use crate::evidence::{Cidr, Evidence, View, at, typed};
use crate::facts::name_server;

const RESOURCE: &str = "networkpolicies.networking.k8s.io";
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// Where DNS is asked, by UDP; every other port here is one of TCP.
pub(in crate::checks) const DNS: u16 = name_server::PORT;

/// A connection, from the pod's side.
#[derive(Debug, Clone, Copy)]
pub(in crate::checks) enum Way<'p> {
    /// The API server comes to this port of it.
    In(u16),
    /// A machine of the LAN comes to this port of it.
    Lan(u16),
    /// This pod comes to this port of it.
    From(&'p Value, u16),
    /// It goes to this address and port.
    Out(Option<IpAddr>, u16),
}

impl Way<'_> {
    fn port(self) -> u16 {
        let (Self::In(port) | Self::Lan(port) | Self::From(_, port) | Self::Out(_, port)) = self;
        port
    }

    fn is_out(self) -> bool {
        matches!(self, Self::Out(..))
    }
}

/// A rule of a policy: whom it lets through, and to which ports. Empty lists leave nobody out.
type Rule<'p> = (&'p [NetworkPolicyPeer], &'p [NetworkPolicyPort]);

/// A policy that is in the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::checks) struct Blocking {
    /// Its kind.
    pub(in crate::checks) kind: &'static str,
    /// Its name, with its namespace if it has one.
    pub(in crate::checks) name: String,
}

impl Blocking {
    fn new(kind: &'static str, name: String) -> Self {
        Self { kind, name }
    }
}

/// The policies that leave the connection out, where it is sure that none lets it through; empty otherwise, and where nobody
/// enforces policies.
pub(in crate::checks) fn in_the_way(evidence: &Evidence, pod: &Value, way: Way<'_>) -> Vec<Blocking> {
    let to = match way {
        Way::Out(None, DNS) => Some(To::Dns),
        Way::Out(_, port) => Some(To::Outside(port)),
        Way::In(_) | Way::Lan(_) | Way::From(..) => None,
    };
    blocking(evidence, pod, &[way], to)
}

/// The policies that keep a pod from the API server: none lets it through to the Service's address, nor to each server behind it,
/// since the address is translated before the engine sees the connection.
pub(in crate::checks) fn from_the_api_server(evidence: &Evidence, pod: &Value) -> Vec<Blocking> {
    let objects = evidence.cluster.as_ref().map(|cluster| &cluster.objects);
    let service = objects.and_then(|objects| objects.find("services", "default", "kubernetes"));
    let address = service.and_then(|service| at(service, "/spec/clusterIP").parse().ok());
    let slices = evidence.objects("endpointslices.discovery.k8s.io").unwrap_or_default();
    let mut servers: Vec<Way<'_>> =
        slices.iter().flat_map(api_servers).map(|at| Way::Out(Some(at.ip()), at.port())).collect();
    if servers.is_empty() {
        servers.push(Way::Out(None, 6443));
    }
    let by_service = Way::Out(address, 443);
    let mut kept =
        servers.into_iter().map(|server| blocking(evidence, pod, &[by_service, server], Some(To::ApiServer)));
    kept.find(|found| !found.is_empty()).unwrap_or_default()
}

/// The policies that let the connection through by none of these ways. Where Cilium enforces them, what its own kinds say adds up with
/// what Kubernetes' kind says.
fn blocking(evidence: &Evidence, pod: &Value, ways: &[Way<'_>], to: Option<To>) -> Vec<Blocking> {
    let is_free = |way: &Way<'_>| is_of_its_node(evidence, pod, *way);
    let Some(way) = ways.first().filter(|_| !nobody_enforces(evidence) && !ways.iter().any(is_free)) else {
        return Vec::new();
    };
    let all = evidence.objects(RESOURCE).unwrap_or_default().iter();
    let labels: BTreeMap<String, String> = typed(&pod["metadata"]["labels"]).unwrap_or_default();
    let of_pod = all.filter(|policy| policy.namespace() == pod.namespace()).filter_map(|policy| {
        let spec: NetworkPolicySpec = typed(&policy["spec"])?;
        (selects(spec.pod_selector.as_ref(), &labels) && is_about(&spec, *way)).then_some((policy, spec))
    });
    let isolating: Vec<(&Value, NetworkPolicySpec)> = of_pod.collect();
    let by_cilium = to.map(|to| (to, cilium::about(evidence, pod)));
    let (to, by_cilium) = by_cilium.map_or((None, Vec::new()), |(to, specs)| (Some(to), specs));
    let denying: Vec<Blocking> = to
        .into_iter()
        .flat_map(|to| by_cilium.iter().filter(move |spec| spec.denies(to)))
        .map(|spec| spec.of.clone())
        .collect();
    if !denying.is_empty() {
        return denying;
    }
    let lets = |spec: &NetworkPolicySpec| {
        ways.iter().any(|way| rules(spec, *way).into_iter().any(|rule| may_let(evidence, rule, pod, *way)))
    };
    if isolating.iter().any(|(_, spec)| lets(spec))
        || to.is_some_and(|to| by_cilium.iter().any(|spec| spec.may_let(evidence, to)))
    {
        return Vec::new();
    }
    let named = isolating.iter().map(|(policy, _)| Blocking::new("NetworkPolicy", policy.full_name()));
    let named = named.chain(by_cilium.iter().filter(|spec| spec.isolates()).map(|spec| spec.of.clone()));
    let mut all: Vec<Blocking> = named.collect();
    all.dedup();
    all
}

/// Whether the other side may be the pod's own node, which no policy of kube-router keeps out (pkg/controllers/netpol/pod.go:
/// `--src-type LOCAL`). What a pod in the node's network sends comes from the node.
fn is_of_its_node(evidence: &Evidence, pod: &Value, way: Way<'_>) -> bool {
    match way {
        Way::In(_) => is_beside_the_api_server(evidence, pod),
        Way::From(from, _) => from["spec"]["hostNetwork"] == true,
        Way::Lan(_) | Way::Out(..) => false,
    }
}

/// Whether the pod may run on the API server's own node.
fn is_beside_the_api_server(evidence: &Evidence, pod: &Value) -> bool {
    let nodes = evidence.objects("nodes").unwrap_or_default();
    let serves = |node: &&Value| !node["metadata"]["labels"][CONTROL_PLANE].is_null();
    let on = at(pod, "/spec/nodeName");
    nodes.len() < 2 || nodes.iter().filter(serves).all(|node| node.name() == on)
}

/// Whether k3s or Cilium is known to enforce policies: then one that keeps something out is a fault even where nothing shows it yet.
pub(in crate::checks) fn are_enforced(evidence: &Evidence) -> bool {
    evidence.is_kept_by_cilium() || !told::servers(evidence).is_empty() && !nobody_enforces(evidence)
}

/// Whether k3s was told not to enforce policies, and has its own network, so that nobody else does.
fn nobody_enforces(evidence: &Evidence) -> bool {
    let servers = told::servers(evidence);
    let off = |told: &told::Told| {
        told.has(SWITCH) && told.value("--flannel-backend", "K3S_FLANNEL_BACKEND") != Some("none")
    };
    !servers.is_empty() && servers.iter().all(off) && !evidence.is_kept_by_cilium()
}

/// Whether the policy is about connections of that way: `policyTypes`, else what Kubernetes takes in their place, Ingress always,
/// Egress where there are rules for it.
fn is_about(spec: &NetworkPolicySpec, way: Way<'_>) -> bool {
    let named = spec.policy_types.as_deref().unwrap_or_default();
    match (way.is_out(), named.is_empty()) {
        (false, true) => true,
        (true, true) => spec.egress.is_some(),
        (false, false) => named.iter().any(|word| word == "Ingress"),
        (true, false) => named.iter().any(|word| word == "Egress"),
    }
}

fn rules<'s>(spec: &'s NetworkPolicySpec, way: Way<'_>) -> Vec<Rule<'s>> {
    if way.is_out() {
        let rules = spec.egress.iter().flatten();
        return rules.map(|rule| (list(rule.to.as_ref()), list(rule.ports.as_ref()))).collect();
    }
    let rules = spec.ingress.iter().flatten();
    rules.map(|rule| (list(rule.from.as_ref()), list(rule.ports.as_ref()))).collect()
}

fn list<T>(list: Option<&Vec<T>>) -> &[T] {
    list.map_or(&[], Vec::as_slice)
}

/// Whether the selector selects the pod with these labels, as an empty one does; one that is not understood selects nothing.
fn selects(selector: Option<&LabelSelector>, labels: &BTreeMap<String, String>) -> bool {
    let Some(selector) = selector else { return true };
    let mut pairs = selector.match_labels.iter().flatten();
    pairs.all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().flatten().all(|expression| holds(expression, labels))
}

fn holds(expression: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&expression.key);
    let among = value.is_some_and(|value| list(expression.values.as_ref()).contains(value));
    match expression.operator.as_str() {
        "In" => among,
        "NotIn" => !among,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// Whether a rule may let the connection through. It lets through whatever it does not clearly leave out.
fn may_let(evidence: &Evidence, (peers, ports): Rule<'_>, pod: &Value, way: Way<'_>) -> bool {
    (ports.is_empty() || ports.iter().any(|entry| may_be(entry, pod, way.port())))
        && (peers.is_empty() || peers.iter().any(|peer| may_be_peer(evidence, peer, pod, way)))
}

fn may_be(entry: &NetworkPolicyPort, pod: &Value, port: u16) -> bool {
    let asked = if port == DNS { "UDP" } else { "TCP" };
    if entry.protocol.as_deref().unwrap_or("TCP") != asked {
        return false;
    }
    match &entry.port {
        None => true,
        Some(IntOrString::Int(first)) => {
            (*first..=entry.end_port.unwrap_or(*first)).contains(&i32::from(port))
        }
        Some(IntOrString::String(name)) => {
            let containers: Vec<Container> = typed(&pod["spec"]["containers"]).unwrap_or_default();
            let ports = containers.iter().flat_map(|container| container.ports.iter().flatten());
            let mut named = ports.filter(|one| one.name.as_ref() == Some(name)).peekable();
            named.peek().is_none() || named.any(|one| one.container_port == i32::from(port))
        }
    }
}

/// A peer that is a choice of pods is no machine and no address of the internet; what is behind a Service's address may be one.
fn may_be_peer(evidence: &Evidence, peer: &NetworkPolicyPeer, pod: &Value, way: Way<'_>) -> bool {
    let Some(block) = &peer.ip_block else {
        return match way {
            Way::In(_) | Way::Lan(_) | Way::Out(Some(_), _) => false,
            Way::Out(None, _) => true,
            Way::From(from, _) => is_chosen(evidence, peer, pod, from),
        };
    };
    let address = match way {
        Way::Out(address, _) => address,
        Way::From(from, _) => at(from, "/status/podIP").parse().ok(),
        // Which of its addresses a machine takes on the way is not known here.
        Way::In(_) | Way::Lan(_) => None,
    };
    let Some(IpAddr::V4(address)) = address else { return true };
    let holds = |text: &str| Cidr::parse(text).is_none_or(|cidr| cidr.holds(address));
    holds(&block.cidr) && !block.except.iter().flatten().any(|except| holds(except))
}

/// Whether the peer chooses that pod: by its labels, among those of the policy's own namespace or of the chosen ones.
fn is_chosen(evidence: &Evidence, peer: &NetworkPolicyPeer, pod: &Value, from: &Value) -> bool {
    let labels = |object: &Value| -> BTreeMap<String, String> {
        typed(&object["metadata"]["labels"]).unwrap_or_default()
    };
    let in_namespace = match &peer.namespace_selector {
        None => from.namespace() == pod.namespace(),
        selector => {
            let all = evidence.objects("namespaces").unwrap_or_default();
            let namespace = all.iter().find(|namespace| namespace.name() == from.namespace());
            namespace.is_none_or(|namespace| selects(selector.as_ref(), &labels(namespace)))
        }
    };
    in_namespace && selects(peer.pod_selector.as_ref(), &labels(from))
}

/// The texts of a list.
fn list_of_labels(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The policies, as the words of a sentence.
pub(in crate::checks) fn named(policies: &[Blocking]) -> String {
    let of_kind = |kind: &str| {
        policies.iter().filter(|one| one.kind == kind).map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    let mut kinds: Vec<&str> = policies.iter().map(|one| one.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let each = kinds.into_iter().map(|kind| match of_kind(kind).as_slice() {
        [one] => format!("the {kind} `{one}`"),
        several => format!("the {} {}", kind.replace("Policy", "Policies"), quoted(several)),
    });
    each.collect::<Vec<_>>().join(" and ")
}
