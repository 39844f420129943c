//! Cilium's own policies, of a namespace and of the whole cluster, as far as they are about a pod's ways out. What they and Kubernetes'
//! own allow adds up; what they deny nobody allows (cilium 1.20.2, pkg/policy/api: rule.go, rule_validation.go, egress.go, entity.go).

use serde_json::Value;

use super::{Blocking, list_of_labels};
use crate::checks::reading::told;
use crate::evidence::engine::{CILIUM_CLUSTER_POLICIES, CILIUM_POLICIES};
use crate::evidence::pod::is_coredns;
use crate::evidence::{CILIUM_CONFIG, Evidence, View, entries};
use crate::facts::name_server;
use crate::facts::namespaces::SYSTEM;

/// A pod's namespace among its labels (pkg/k8s/apis/cilium.io/const.go: `PodNamespaceLabel`).
const NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// How the labels of its namespace begin (the same: `PodNamespaceMetaLabels`).
const OF_NAMESPACE: &str = "io.cilium.k8s.namespace.labels.";
/// The fields of a rule that say where to.
const DESTINATIONS: [&str; 8] =
    ["toEndpoints", "toCIDR", "toCIDRSet", "toEntities", "toFQDNs", "toServices", "toGroups", "toNodes"];

/// Where a connection of the pod goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// The API server, which has the network of its node.
    ApiServer,
    /// The cluster's DNS.
    Dns,
    /// Somewhere outside the cluster, at this port of TCP.
    Outside(u16),
}

/// A part of a policy that is about the pod.
pub(super) struct Spec<'p> {
    spec: &'p Value,
    /// The namespace of its policy; none of one for the whole cluster.
    namespace: Option<&'p str>,
    pub(super) of: Blocking,
}

/// What is about ways out of the pod.
pub(super) fn about<'p>(evidence: &'p Evidence, pod: &Value) -> Vec<Spec<'p>> {
    if !evidence.is_kept_by_cilium() {
        return Vec::new();
    }
    let of_namespace = evidence.objects(CILIUM_POLICIES).unwrap_or_default().iter();
    let of_namespace = of_namespace.filter(|policy| policy.namespace() == pod.namespace());
    let of_cluster = evidence.objects(CILIUM_CLUSTER_POLICIES).unwrap_or_default().iter();
    let all = of_namespace
        .map(|policy| (policy, Blocking::new("CiliumNetworkPolicy", policy.full_name())))
        .chain(of_cluster.map(|policy| {
            (policy, Blocking::new("CiliumClusterwideNetworkPolicy", policy.name().to_owned()))
        }));
    let specs = all.flat_map(|(policy, of)| {
        let one = Some(&policy["spec"]).filter(|spec| spec.is_object());
        let each = one.into_iter().chain(entries(policy, "/specs"));
        let namespace = Some(policy.namespace()).filter(|name| !name.is_empty());
        each.map(move |spec| Spec { spec, namespace, of: of.clone() })
    });
    specs.filter(|one| one.is_about_ways_out() && one.selects(evidence, pod)).collect()
}

impl Spec<'_> {
    fn is_about_ways_out(&self) -> bool {
        ["/egress", "/egressDeny"].iter().any(|rules| !entries(self.spec, rules).is_empty())
    }

    /// Whether it chooses the pod for certain: one by a label that homelab does not know of is blamed for nothing.
    fn selects(&self, evidence: &Evidence, pod: &Value) -> bool {
        let selector = &self.spec["endpointSelector"];
        selector.is_object() && chosen(evidence, selector, pod) == Some(true)
    }

    /// Whether what it does not allow is denied.
    pub(super) fn isolates(&self) -> bool {
        self.spec["enableDefaultDeny"]["egress"] != false
    }

    /// Whether it may let the connection through. It lets through whatever it does not clearly leave out.
    pub(super) fn may_let(&self, evidence: &Evidence, to: To) -> bool {
        let rules = entries(self.spec, "/egress");
        rules.iter().any(|rule| may_be_port(rule, to) && self.may_be_there(evidence, rule, to))
    }

    /// A rule has one kind of destination alone; one with ports and no destination is for every one, and one without both for none.
    fn may_be_there(&self, evidence: &Evidence, rule: &Value, to: To) -> bool {
        let Some(kind) = DESTINATIONS.iter().find(|kind| rule[**kind].is_array()) else {
            return !entries(rule, "/toPorts").is_empty();
        };
        let all = rule[*kind].as_array().map(Vec::as_slice).unwrap_or_default();
        // What is no pod may have a label of Cilium's own all the same.
        let is_reserved = |selector: &Value| selector.to_string().contains("reserved");
        match (*kind, to) {
            ("toEndpoints", To::Dns) => all.iter().any(|selector| self.may_be_dns(evidence, selector)),
            ("toEndpoints", _) => all.iter().any(is_reserved),
            ("toCIDR" | "toCIDRSet" | "toFQDNs", To::Dns) => false,
            ("toCIDR" | "toCIDRSet" | "toFQDNs", To::ApiServer) => !all.is_empty() && !is_on_a_node(evidence),
            ("toEntities", to) => all.iter().filter_map(Value::as_str).any(|entity| is_meant(entity, to)),
            _ => !all.is_empty(),
        }
    }

    /// Whether the selector may choose a pod of CoreDNS. In a namespace's policy, one that says no namespace is for that one.
    fn may_be_dns(&self, evidence: &Evidence, selector: &Value) -> bool {
        let is_elsewhere = self.namespace.is_some_and(|name| name != SYSTEM);
        if is_elsewhere
            && !selector.to_string().contains(NAMESPACE)
            && !selector.to_string().contains(OF_NAMESPACE)
        {
            return false;
        }
        let pods = evidence.objects("pods").unwrap_or_default().iter();
        let mut dns = pods.filter(|pod| is_coredns(pod)).peekable();
        dns.peek().is_none() || dns.any(|pod| chosen(evidence, selector, pod) != Some(false))
    }

    /// Whether it denies the connection for certain.
    pub(super) fn denies(&self, to: To) -> bool {
        let entity = match to {
            To::Outside(_) => "world",
            To::ApiServer => "kube-apiserver",
            To::Dns => "cluster",
        };
        let is_meant = |rule: &Value| {
            let named = entries(rule, "/toEntities").iter().any(|one| *one == "all" || *one == entity);
            named && is_every_port(rule)
        };
        entries(self.spec, "/egressDeny").iter().any(is_meant)
    }
}

fn is_every_port(rule: &Value) -> bool {
    entries(rule, "/toPorts").is_empty() && entries(rule, "/icmps").is_empty()
}

/// Whether the selector chooses the pod; none where it goes by what is not known here.
fn chosen(evidence: &Evidence, selector: &Value, pod: &Value) -> Option<bool> {
    let pairs = selector["matchLabels"].as_object().into_iter().flatten();
    let by_label = pairs.map(|(key, wanted)| {
        Some(label(evidence, key, pod)?.as_deref() == Some(wanted.as_str().unwrap_or_default()))
    });
    let by_expression = entries(selector, "/matchExpressions").iter().map(|expression| {
        let value = label(evidence, expression["key"].as_str()?, pod)?;
        let values = list_of_labels(&expression["values"]);
        let is_among = value.as_ref().is_some_and(|value| values.contains(value));
        match expression["operator"].as_str()? {
            "In" => Some(is_among),
            "NotIn" => Some(!is_among),
            "Exists" => Some(value.is_some()),
            "DoesNotExist" => Some(value.is_none()),
            _ => None,
        }
    });
    let all: Vec<Option<bool>> = by_label.chain(by_expression).collect();
    match () {
        () if all.contains(&Some(false)) => Some(false),
        () if all.contains(&None) => None,
        () => Some(true),
    }
}

/// The value of a pod's label as Cilium has it, if it has one; none where that is not known. A label may stand with its source
/// (pkg/labels/labels.go: `k8s:`, `any:`, `reserved:`).
fn label(evidence: &Evidence, key: &str, pod: &Value) -> Option<Option<String>> {
    let key = match key.split_once(':') {
        Some(("k8s" | "any", key)) => key,
        Some(_) => return None,
        None => key,
    };
    if key == NAMESPACE {
        return Some(Some(pod.namespace().to_owned()));
    }
    let text = |object: &Value, key: &str| object["metadata"]["labels"][key].as_str().map(str::to_owned);
    if let Some(key) = key.strip_prefix(OF_NAMESPACE) {
        let all = evidence.objects("namespaces")?;
        return Some(text(all.iter().find(|one| one.name() == pod.namespace())?, key));
    }
    // What Cilium adds itself: the cluster's name, the account.
    (!key.starts_with("io.cilium.")).then(|| text(pod, key))
}

fn may_be_port(rule: &Value, to: To) -> bool {
    if is_every_port(rule) {
        return true;
    }
    let (ports, protocol): (Vec<u64>, &str) = match to {
        To::Dns => (vec![name_server::PORT.into()], "UDP"),
        // Whether Cilium sees the Service's port or the server's depends on who leads Services there.
        To::ApiServer => (vec![443, 6443], "TCP"),
        To::Outside(port) => (vec![port.into()], "TCP"),
    };
    let is_one = |entry: &Value| {
        let said = entry["protocol"].as_str().unwrap_or("ANY");
        if !["", "ANY", protocol].contains(&said.to_ascii_uppercase().as_str()) {
            return false;
        }
        // One by its name may be any.
        let Some(first) = entry["port"].as_str().and_then(|port| port.parse::<u64>().ok()) else {
            return true;
        };
        let last = entry["endPort"].as_u64().unwrap_or(first);
        first == 0 || ports.iter().any(|port| (first..=last.max(first)).contains(port))
    };
    entries(rule, "/toPorts").iter().any(|port| {
        let all = entries(port, "/ports");
        all.is_empty() || all.iter().any(is_one)
    })
}

fn is_meant(entity: &str, to: To) -> bool {
    let entities: &[&str] = match to {
        To::Outside(_) => &["all", "world", "world-ipv4", "world-ipv6"],
        To::Dns => &["all", "cluster", "cluster-mesh"],
        To::ApiServer => {
            &["all", "cluster", "cluster-mesh", "host", "remote-node", "kube-apiserver", "world"]
        }
    };
    entities.contains(&entity)
}

/// Whether the API server has the network of a node of the cluster, and Cilium takes no node for an address (its option
/// `policy-cidr-match-mode`).
fn is_on_a_node(evidence: &Evidence) -> bool {
    let config = evidence.objects(CILIUM_CONFIG).and_then(<[Value]>::first);
    let by_address = config.is_some_and(|config| {
        config["data"]["policy-cidr-match-mode"].as_str().unwrap_or_default().contains("nodes")
    });
    !by_address && !told::servers(evidence).is_empty()
}
