//! The addresses that homelab writes into the status of Ingresses, where their controller does not: of every node that is Ready
//! and has a Ready pod of the controller. Pure.
//!
//! They are those that ingress-nginx writes with `--report-node-internal-ip-address`, so that changing the controller changes no
//! record: every InternalIP of the node, each once, sorted as text (its internal/k8s/main.go, `GetNodeIPs`, and
//! internal/ingress/status/status.go, `runningAddresses` and `updateStatus`, by which an order alone is no difference).

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::desired::object::Key;
use crate::desired::{addresses, kind};
use crate::evidence::pod::is_ready;
use crate::evidence::{View, at, entries};
use crate::ingress::{Class, Traits};
use crate::plan::Plan;

/// The addresses: host name first, as in the order by which they are compared, and then the address, each as it is written.
type Entry = (String, String);

/// What stands in a status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses(BTreeSet<Entry>);

/// The status of an Ingress that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The Ingress.
    pub key: Key,
    /// Its version, of which alone this is said.
    pub version: String,
}

/// What there is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// What has to be written; nothing where no node qualifies: what stands there stays, since external-dns takes an empty list
    /// for a name that is wanted no more.
    pub stale: Vec<Stale>,
    /// How many Ingresses of the controller there are.
    pub served: usize,
}

/// Whether the plan makes the account of the timer: then the timer cannot have run yet.
#[must_use]
pub fn makes_account(plan: &Plan) -> bool {
    plan.apply.iter().any(|change| {
        change.new
            && *change.object.key.kind == kind::SERVICE_ACCOUNT
            && change.object.key.name == addresses::NAME
    })
}

impl Addresses {
    /// Those of the nodes that serve.
    pub fn of_nodes(controller: &Traits, nodes: &[Value], pods: &[Value]) -> Self {
        let runs =
            |pod: &&Value| controller.is_pod(pod) && at(pod, "/status/phase") == "Running" && is_ready(pod);
        let places: BTreeSet<&str> = pods.iter().filter(runs).map(|pod| at(pod, "/spec/nodeName")).collect();
        let serves = |node: &&Value| node.holds("Ready") && !node.is_going() && places.contains(node.name());
        let internal = nodes.iter().filter(serves).flat_map(|node| {
            let all = entries(node, "/status/addresses").iter();
            all.filter(|address| at(address, "/type") == "InternalIP").map(|address| at(address, "/address"))
        });
        Self(internal.filter(|address| !address.is_empty()).map(entry).collect())
    }

    /// Those in the status of an Ingress.
    fn of_ingress(ingress: &Value) -> Self {
        let all = entries(ingress, "/status/loadBalancer/ingress").iter();
        Self(all.map(|one| (at(one, "/hostname").to_owned(), at(one, "/ip").to_owned())).collect())
    }

    /// Whether no node qualifies.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses as texts, in their order.
    pub fn texts(&self) -> Vec<&str> {
        self.0.iter().map(|(host, ip)| if ip.is_empty() { host.as_str() } else { ip.as_str() }).collect()
    }

    /// As `status.loadBalancer.ingress` has them.
    pub fn status(&self) -> Value {
        let entry = |(host, ip): &Entry| match ip.is_empty() {
            true => json!({ "hostname": host }),
            false => json!({ "ip": ip }),
        };
        self.0.iter().map(entry).collect()
    }

    /// Which Ingresses of the controller have others, whoever made them. Of no other controller's is anything said.
    pub fn rewrite(
        &self,
        controller: &Traits,
        takes_any: bool,
        classes: &[Value],
        ingresses: &[Value],
    ) -> Rewrite {
        let is_served = |ingress: &&Value| {
            !ingress.is_going() && controller.class_of(takes_any, classes, ingress) == Class::Served
        };
        let served: Vec<&Value> = ingresses.iter().filter(is_served).collect();
        let is_stale = |ingress: &&&Value| !self.is_empty() && Self::of_ingress(ingress) != *self;
        let stale = served.iter().filter(is_stale).filter_map(|ingress| {
            let version = at(ingress, "/metadata/resourceVersion").to_owned();
            Some(Stale { key: Key::of(&kind::INGRESS, ingress)?, version })
        });
        Rewrite { stale: stale.collect(), served: served.len() }
    }
}

/// As ingress-nginx puts it: what is no address is a name.
fn entry(text: &str) -> Entry {
    match text.parse::<IpAddr>() {
        Ok(_) => (String::new(), text.to_owned()),
        Err(_) => (text.to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Controller;
    use crate::ingress::traits_of;

    fn paper() -> &'static Traits {
        traits_of(Controller::Paper)
    }

    fn node(name: &str, ready: &str, addresses: &[&str]) -> Value {
        let all = addresses.iter().map(|address| json!({ "type": "InternalIP", "address": address }));
        let mut all: Vec<Value> = all.collect();
        all.push(json!({ "type": "ExternalIP", "address": "203.0.113.9" }));
        all.push(json!({ "type": "Hostname", "address": name }));
        json!({ "metadata": { "name": name }, "status": { "addresses": all,
            "conditions": [{ "type": "Ready", "status": ready }] } })
    }

    fn pod(node: &str, ready: &str) -> Value {
        json!({ "metadata": { "namespace": "paper-system", "name": format!("paper-{node}"),
                "labels": { "app.kubernetes.io/name": "paper" } },
            "spec": { "nodeName": node },
            "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": ready }] } })
    }

    fn of(nodes: &[Value], pods: &[Value]) -> Vec<String> {
        let found = Addresses::of_nodes(paper(), nodes, pods);
        found.texts().into_iter().map(str::to_owned).collect()
    }

    /// An Ingress of a class with these addresses.
    fn ingress(name: &str, class: &str, addresses: &[&str]) -> Value {
        let all: Vec<Value> = addresses.iter().map(|ip| json!({ "ip": ip })).collect();
        json!({ "metadata": { "namespace": "a", "name": name, "resourceVersion": "5" },
            "spec": { "ingressClassName": class }, "status": { "loadBalancer": { "ingress": all } } })
    }

    fn classes() -> Vec<Value> {
        let class = |name: &str, controller: &str| json!({ "metadata": { "name": name }, "spec": { "controller": controller } });
        vec![class("paper", "paper.test/ingress"), class("cilium", "cilium.io/ingress-controller")]
    }

    fn stale(addresses: &[&str], ingresses: &[Value]) -> Vec<String> {
        let addresses = Addresses(addresses.iter().map(|text| entry(text)).collect());
        let found = addresses.rewrite(paper(), false, &classes(), ingresses);
        found.stale.into_iter().map(|one| one.key.name).collect()
    }

    /// First of all: what is another controller's is not touched, whatever stands there.
    #[test]
    fn an_ingress_of_another_class_is_never_written() {
        let mut annotated = ingress("annotated", "", &[]);
        annotated["spec"] = json!({});
        annotated["metadata"]["annotations"] = json!({ "kubernetes.io/ingress.class": "cilium" });
        let mut bare = ingress("bare", "", &[]);
        bare["spec"] = json!({});
        let others = [
            ingress("theirs", "cilium", &["10.9.9.9"]),
            ingress("empty", "cilium", &[]),
            ingress("nobodys", "gone", &[]),
            annotated,
            bare,
        ];
        assert!(stale(&["192.168.1.10"], &others).is_empty());
    }

    #[test]
    fn whoever_made_an_ingress_of_the_class_it_gets_the_addresses_and_only_where_they_differ() {
        let mut going = ingress("going", "paper", &[]);
        going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        let all = [
            ingress("new", "paper", &[]),
            ingress("old", "paper", &["192.168.1.9"]),
            ingress("same", "paper", &["192.168.1.11", "192.168.1.10"]),
            going,
        ];
        assert_eq!(stale(&["192.168.1.10", "192.168.1.11"], &all), ["new", "old"]);
    }

    #[test]
    fn what_stands_there_stays_where_no_node_qualifies() {
        let all = [ingress("old", "paper", &["192.168.1.9"]), ingress("new", "paper", &[])];
        let found = Addresses::default().rewrite(paper(), false, &classes(), &all);
        assert_eq!(found, Rewrite { stale: Vec::new(), served: 2 });
    }

    #[test]
    fn a_node_counts_that_is_ready_and_has_a_ready_pod_of_the_controller() {
        let nodes = [
            node("a", "True", &["192.168.1.10"]),
            node("lost", "Unknown", &["192.168.1.11"]),
            node("starts", "True", &["192.168.1.12"]),
            node("empty", "True", &["192.168.1.13"]),
        ];
        let mut elsewhere = pod("empty", "True");
        elsewhere["metadata"]["namespace"] = "default".into();
        let pods = [pod("a", "True"), pod("lost", "True"), pod("starts", "False"), elsewhere];
        assert_eq!(of(&nodes, &pods), ["192.168.1.10"]);
        assert!(of(&nodes, &[]).is_empty());
    }

    #[test]
    fn of_both_families_and_several_nodes_each_address_stands_once_and_sorted_as_text() {
        let nodes = [
            node("b", "True", &["192.168.1.9", "fd00::9"]),
            node("a", "True", &["192.168.1.10", "fd00::10", "192.168.1.10"]),
        ];
        let pods = [pod("a", "True"), pod("b", "True")];
        // As ingress-nginx compares: as text, character by character.
        assert_eq!(of(&nodes, &pods), ["192.168.1.10", "192.168.1.9", "fd00::10", "fd00::9"]);
        let found = Addresses::of_nodes(paper(), &nodes[..1], &pods);
        assert_eq!(found.status(), json!([{ "ip": "192.168.1.9" }, { "ip": "fd00::9" }]));
    }
}
