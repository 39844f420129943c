//! Where pods may connect to (`egress`): a NetworkPolicy, or Cilium's own kind where a rule is a name. Which of the two it is follows from
//! the configuration alone, so that `render` gives what `up` applies; whether the cluster can enforce it, `up` looks first.

mod placed;

use std::fmt;
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::config::{Backend, Config, Egress, Goal, OwnEgress, Port, Service, To};
use crate::desired::kind;
use crate::desired::meta::NAME;
use crate::desired::object::{Component, Key, Object};
use crate::evidence::pod::has_ended;
use crate::evidence::{View, at};
use crate::facts::namespaces::SYSTEM;
use crate::facts::network::Network;
use crate::provider;
use placed::pods;

pub use placed::{API, Labels, Placed, api_servers};

const COMPONENT: Component = Component::Services;
/// The name of a namespace's policy, and how that of a service's begins: they may lie in namespaces of others.
pub(super) const PREFIX: &str = "homelab-egress";
/// The key of homelab's own programs.
const OWN: &str = "security.egress";
/// The label of a pod's namespace, as Cilium has it.
pub(super) const CILIUM_NAMESPACE: &str = "k8s:io.kubernetes.pod.namespace";

/// Labels that Cilium leaves out, and how others of them begin.
const IGNORED_BY_CILIUM: [&str; 6] = [
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
];
const IGNORED_BEGINNINGS: [&str; 4] = ["kubernetes.io/", "io.kubernetes", "k8s.io/", "batch.kubernetes.io/"];

/// The policies of the configuration. Without `placed`, those of Services that others made are not there: their pods are not known.
pub(super) fn objects(config: &Config, placed: Option<&Placed>) -> Vec<Object> {
    let house = house(config, placed);
    let of_services = config.services.iter().filter_map(|service| {
        let egress = service.egress.as_ref()?;
        let place = (service.namespace(), format!("{PREFIX}-{}", service.name));
        Some((place, Some(labels(service, placed)?), egress))
    });
    let of_namespaces = config
        .egress
        .iter()
        .map(|(namespace, egress)| ((namespace.as_str(), PREFIX.to_owned()), None, egress));
    let all = of_services.chain(of_namespaces);
    let made = all.map(|((namespace, name), chosen, egress)| {
        policy((namespace, &name), chosen.as_ref(), egress, &house)
    });
    made.filter_map(|body| Object::from_value(COMPONENT, body)).collect()
}

/// The networks of the house, each with what of it is the pods'.
pub(super) fn house(config: &Config, placed: Option<&Placed>) -> House {
    let own = pods(&[]);
    within(&config.public.house, placed.map_or(&own, |placed| &placed.pods))
}

/// A program that is kept in, and whose pods only a look at the cluster tells.
#[must_use]
pub fn unplaced<'c>(config: &'c Config, placed: Option<&Placed>) -> Option<&'c Service> {
    config.services.iter().find(|service| service.egress.is_some() && labels(service, placed).is_none())
}

/// Whether anything of the lab is kept in.
#[must_use]
pub fn is_used(config: &Config) -> bool {
    config.own_egress == OwnEgress::Restricted || all(config).next().is_some()
}

/// Every key of the configuration that keeps something in.
#[must_use]
pub fn keys(config: &Config) -> Vec<String> {
    let own = (config.own_egress == OwnEgress::Restricted).then(|| OWN.to_owned());
    own.into_iter().chain(all(config).map(|(key, _)| key)).collect()
}

/// The key by which homelab's own programs are kept in, and a name that one of them connects to.
#[must_use]
pub fn of_own(config: &Config) -> Option<(String, String)> {
    let name = provider::words(config.dns.provider).api_host.to_owned();
    (config.own_egress == OwnEgress::Restricted).then(|| (OWN.to_owned(), name))
}

/// Every list of the configuration, with its key.
pub fn all(config: &Config) -> impl Iterator<Item = (String, &Egress)> {
    let services = config.services.iter();
    let services =
        services.filter_map(|one| Some((format!("services.{}.egress", one.name), one.egress.as_ref()?)));
    services.chain(config.egress.iter().map(|(namespace, egress)| (format!("egress.{namespace}"), egress)))
}

/// The first pod of the configuration's lists that policies are not about, with the key of its list: it has the network of its node.
#[must_use]
pub fn beyond(config: &Config, placed: &Placed, pods: &[Value]) -> Option<(String, String)> {
    let by_node = || pods.iter().filter(|pod| pod["spec"]["hostNetwork"] == true && !has_ended(pod));
    let of_services = config.services.iter().filter(|service| service.egress.is_some()).find_map(|service| {
        let chosen = labels(service, Some(placed))?;
        let is = |pod: &&Value| {
            pod.namespace() == service.namespace()
                && chosen.iter().all(|(key, value)| pod.label(key) == value)
        };
        by_node().find(is).map(|pod| (format!("services.{}.egress", service.name), pod.full_name()))
    });
    of_services.or_else(|| {
        by_node()
            .find(|pod| config.egress.contains_key(pod.namespace()))
            .map(|pod| (format!("egress.{}", pod.namespace()), pod.full_name()))
    })
}

/// The first service whose pods are chosen by a label that Cilium leaves out of what it knows pods by (Cilium 1.20's documentation,
/// "Limiting Identity-Relevant Labels"), with its key.
#[must_use]
pub fn unlabelled(config: &Config, placed: &Placed) -> Option<(String, String)> {
    let kept = config.services.iter().filter(|service| service.egress.is_some());
    kept.filter_map(|service| Some((service, labels(service, Some(placed))?))).find_map(
        |(service, chosen)| {
            let label = chosen.into_keys().find(|key| {
                IGNORED_BY_CILIUM.contains(&key.as_str())
                    || IGNORED_BEGINNINGS.iter().any(|start| key.starts_with(start))
            })?;
            Some((format!("services.{}.egress", service.name), label))
        },
    )
}

/// The first list with `lan` where a pod has an address outside of the networks that are known for pods, with that pod.
#[must_use]
pub fn outside(config: &Config, placed: &Placed, pods: &[Value]) -> Option<(String, String)> {
    let (key, _) = all(config).find(|(_, egress)| egress.goals.iter().any(|goal| goal.to == To::Lan))?;
    let stray = pods.iter().filter(|pod| pod["spec"]["hostNetwork"] != true).find(|pod| {
        let address = at(pod, "/status/podIP").parse::<IpAddr>();
        address.is_ok_and(|address| !placed.pods.iter().any(|range| range.holds(&address)))
    })?;
    Some((key, stray.full_name()))
}

/// The labels of the service's pods.
fn labels(service: &Service, placed: Option<&Placed>) -> Option<Labels> {
    match &service.backend {
        Backend::Image { .. } => Some([(NAME.to_owned(), service.name.clone())].into()),
        Backend::Cluster { namespace, service, .. } => {
            placed?.selectors.get(&(namespace.clone(), service.clone())).cloned()
        }
        Backend::Address { .. } | Backend::Local { .. } | Backend::Name { .. } => None,
    }
}

/// Those networks, each with what of it is the pods'; without one that is all theirs.
fn within(house: &[Network], pods: &[Network]) -> House {
    let left = house.iter().filter(|network| !pods.iter().any(|range| range.has(network)));
    left.map(|network| (*network, pods.iter().copied().filter(|range| network.has(range)).collect()))
        .collect()
}

/// The networks of the house, each with what of it is the pods'.
pub type House = Vec<(Network, Vec<Network>)>;

/// The policy of that name: of the pods with these labels, or of all in the namespace.
pub fn policy(
    (namespace, name): (&str, &str),
    chosen: Option<&Labels>,
    egress: &Egress,
    house: &[(Network, Vec<Network>)],
) -> Value {
    let selector = chosen.map_or_else(|| json!({}), |labels| json!({ "matchLabels": labels }));
    let metadata = json!({ "namespace": namespace, "name": name });
    // Who may connect to nothing has no use for names, and by names, too, something can be told to others.
    let asks = !egress.goals.is_empty()
        && !egress.goals.iter().any(|goal| goal.to == To::Any && goal.port.is_none());
    if egress.has_names() {
        let dns = asks.then(dns_of_cilium);
        let rules: Vec<Value> =
            dns.into_iter().chain(egress.goals.iter().flat_map(|goal| of_cilium(goal, house))).collect();
        let kind = &kind::CILIUM_POLICY;
        return json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata,
            "spec": { "endpointSelector": selector, "egress": rules } });
    }
    let dns = asks.then(dns);
    let rules: Vec<Value> =
        dns.into_iter().chain(egress.goals.iter().map(|goal| of_kubernetes(goal, house))).collect();
    let kind = &kind::NETWORK_POLICY;
    let mut spec = json!({ "podSelector": selector, "policyTypes": ["Egress"] });
    // The API server keeps no empty list.
    if !rules.is_empty() {
        spec["egress"] = rules.into();
    }
    json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata, "spec": spec })
}

/// The cluster's own DNS, in which pods look up every name.
pub(super) fn dns() -> Value {
    json!({
        "to": [{
            "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": SYSTEM } },
            "podSelector": { "matchLabels": { "k8s-app": "kube-dns" } },
        }],
        "ports": [{ "protocol": "UDP", "port": 53 }, { "protocol": "TCP", "port": 53 }],
    })
}

/// A network without some of it.
pub(super) fn cidr(network: impl fmt::Display, except: &[Network]) -> Value {
    let mut block = json!({ "cidr": network.to_string() });
    if !except.is_empty() {
        block["except"] = except.iter().map(Network::to_string).collect();
    }
    block
}

fn of_kubernetes(goal: &Goal, house: &[(Network, Vec<Network>)]) -> Value {
    let block = |network: &Network, except: &[Network]| json!({ "ipBlock": cidr(network, except) });
    let to: Option<Vec<Value>> = match &goal.to {
        // A name makes it a policy of Cilium's.
        To::Any | To::Name(_) => None,
        To::Lan => Some(house.iter().map(|(network, except)| block(network, except)).collect()),
        To::Cluster => Some(vec![json!({ "namespaceSelector": {} })]),
        To::Network(network) => Some(vec![block(network, &[])]),
    };
    let mut rule = json!({});
    if let Some(to) = to {
        rule["to"] = to.into();
    }
    if let Some(port) = goal.port {
        rule["ports"] = json!([{ "protocol": port.protocol(), "port": port.number }]);
    }
    rule
}

/// The same for Cilium. Without `rules`, its proxy does not see what is looked up, and no name has an address.
pub(super) fn dns_of_cilium() -> Value {
    json!({
        "toEndpoints": [{ "matchLabels": { CILIUM_NAMESPACE: SYSTEM, "k8s:k8s-app": "kube-dns" } }],
        "toPorts": [{ "ports": [{ "port": "53", "protocol": "ANY" }], "rules": { "dns": [{ "matchPattern": "*" }] } }],
    })
}

/// Each rule has one kind of goal alone (cilium 1.20.2, pkg/policy/api/rule_validation.go).
fn of_cilium(goal: &Goal, house: &[(Network, Vec<Network>)]) -> Vec<Value> {
    let to: Vec<(&str, Value)> = match &goal.to {
        To::Any => vec![("toEntities", json!(["all"]))],
        To::Lan => {
            let block = |(network, except): &(Network, Vec<Network>)| cidr(network, except);
            // A node is no address to Cilium (its option `policy-cidr-match-mode`), and one of the house all the same.
            vec![
                ("toCIDRSet", house.iter().map(block).collect()),
                ("toEntities", json!(["host", "remote-node"])),
            ]
        }
        // Whatever its namespace: without that key, Cilium takes the policy's own.
        To::Cluster => {
            let everywhere = json!({ "key": CILIUM_NAMESPACE, "operator": "Exists" });
            vec![("toEndpoints", json!([{ "matchExpressions": [everywhere] }]))]
        }
        To::Network(network) => vec![("toCIDR", json!([network.to_string()]))],
        To::Name(name) if name.contains('*') => vec![("toFQDNs", json!([{ "matchPattern": name }]))],
        To::Name(name) => vec![("toFQDNs", json!([{ "matchName": name }]))],
    };
    let rule = |(key, to): (&str, Value)| {
        let mut rule = json!({ key: to });
        if let Some(port) = goal.port {
            rule["toPorts"] = json!([{ "ports": [ciliums(port)] }]);
        }
        rule
    };
    to.into_iter().map(rule).collect()
}

pub(super) fn ciliums(port: Port) -> Value {
    json!({ "port": port.number.to_string(), "protocol": port.protocol() })
}

/// Whether it is a policy of `egress`.
#[must_use]
pub fn is_policy(key: &Key) -> bool {
    [&kind::NETWORK_POLICY, &kind::CILIUM_POLICY].contains(&key.kind)
        && key.name.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests;
