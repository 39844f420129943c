//! Who enforces the NetworkPolicies of a cluster, as far as its objects tell. Whether it does is another matter: that is tried out.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{Evidence, View, at};
use crate::facts::told::{is_k3s, servers_of};

/// The switch by which k3s enforces no policies (k3s, pkg/cli/cmds/server.go: `disable-network-policy`); otherwise each node has a
/// kube-router within its k3s (pkg/agent/netpol/netpol.go). Every server must have the same (k3s docs, "CLI: server", critical values).
pub const SWITCH: &str = "--disable-network-policy";
/// The list of definitions among the objects.
pub const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";
/// The definition of Cilium's own policies, as its agents register it.
pub const CILIUM_POLICIES: &str = "ciliumnetworkpolicies.cilium.io";
/// That of those which are about pods of every namespace.
pub const CILIUM_CLUSTER_POLICIES: &str = "ciliumclusterwidenetworkpolicies.cilium.io";
/// Cilium's agent by the label of its DaemonSet's pods (cilium 1.20.2, install/kubernetes/cilium/templates/cilium-agent/daemonset.yaml).
const CILIUM: &str = "cilium";
/// Others that enforce policies, by the same label of their own manifests: Calico (projectcalico/calico, manifests/calico.yaml and
/// canal.yaml), kube-router (cloudnativelabs/kube-router, daemonset), kube-network-policies (kubernetes-sigs), Weave Net.
const OTHERS: [(&str, &str); 6] = [
    ("calico-node", "Calico"),
    ("canal", "Canal"),
    ("kube-router", "kube-router"),
    ("kube-network-policies", "kube-network-policies"),
    ("weave-net", "Weave Net"),
    ("antrea-agent", "Antrea"),
];

/// Who enforces policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Cilium, which also knows names.
    Cilium,
    /// The kube-router in k3s.
    K3s,
    /// Another one, by its name.
    Other(&'static str),
}

/// Why nobody does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoEngine {
    /// k3s was told not to, on these servers.
    Off(Vec<String>),
    /// The programs of this one are to run, and none does.
    Down(&'static str),
    /// Neither k3s nor anything else that is known to do so was found.
    Unknown,
}

impl Engine {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cilium => "Cilium",
            Self::K3s => "k3s' kube-router",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for NoEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off(servers) => {
                write!(f, "k3s was started with `{SWITCH}` on {}, and nothing else enforces policies", servers.join(", "))
            }
            Self::Down(name) => write!(f, "{name} is installed, but none of its agents is ready"),
            Self::Unknown => {
                f.write_str("the cluster is not k3s, and runs nothing that is known to enforce policies: flannel and kindnet alone do not")
            }
        }
    }
}

/// Who enforces policies, read from the nodes, all DaemonSets and the names of the definitions.
///
/// # Errors
/// When nobody does, with the reason.
pub fn engine(nodes: &[Value], daemon_sets: &[Value]) -> Result<Engine, NoEngine> {
    let labelled = |label: &str| {
        let pods = |set: &&Value| at(set, "/spec/template/metadata/labels/k8s-app") == label;
        daemon_sets.iter().find(pods)
    };
    let runs = |set: &Value| set["status"]["numberReady"].as_u64().is_some_and(|ready| ready > 0);
    let known = [(CILIUM, Engine::Cilium)]
        .into_iter()
        .chain(OTHERS.map(|(label, name)| (label, Engine::Other(name))));
    let found: Vec<(Engine, bool)> =
        known.filter_map(|(label, engine)| Some((engine, runs(labelled(label)?)))).collect();
    if let Some((engine, _)) = found.iter().find(|(_, runs)| *runs) {
        return Ok(*engine);
    }
    let servers = servers_of(nodes);
    let off: Vec<String> =
        servers.iter().filter(|told| told.has(SWITCH)).map(|told| told.node.clone()).collect();
    match found.first() {
        Some((engine, _)) => Err(NoEngine::Down(engine.name())),
        None if !off.is_empty() => Err(NoEngine::Off(off)),
        None if nodes.iter().any(is_k3s) => Ok(Engine::K3s),
        None => Err(NoEngine::Unknown),
    }
}

/// Whether Cilium's own policies can be written there, by the definitions of the cluster.
#[must_use]
pub fn takes_names(engine: Engine, definitions: &[Value]) -> bool {
    engine == Engine::Cilium && definitions.iter().any(|definition| definition.name() == CILIUM_POLICIES)
}

impl Evidence {
    /// Who enforces policies, by what was seen; `None` where nodes or DaemonSets were not read.
    #[must_use]
    pub fn engine(&self) -> Option<Result<Engine, NoEngine>> {
        Some(engine(self.objects("nodes")?, self.objects("daemonsets.apps")?))
    }

    /// Whether Cilium does: policies that it has left behind keep nobody in.
    #[must_use]
    pub fn is_kept_by_cilium(&self) -> bool {
        self.engine() == Some(Ok(Engine::Cilium))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(name: &str, args: &[&str]) -> Value {
        json!({ "metadata": { "name": name, "annotations": { "k3s.io/node-args": json!(args).to_string() } } })
    }

    fn set(label: &str, ready: u64) -> Value {
        json!({ "spec": { "template": { "metadata": { "labels": { "k8s-app": label } } } }, "status": { "numberReady": ready } })
    }

    #[test]
    fn k3s_enforces_policies_by_itself_unless_it_is_told_not_to() {
        assert_eq!(engine(&[node("pi", &["server"])], &[]), Ok(Engine::K3s));
        assert_eq!(engine(&[node("pi", &["server", SWITCH, "false"])], &[]), Ok(Engine::K3s));
        let off = engine(&[node("pi", &["server", SWITCH]), node("nuc", &["agent"])], &[]).unwrap_err();
        assert_eq!(off, NoEngine::Off(vec!["pi".into()]));
        assert!(off.to_string().contains("`--disable-network-policy` on pi"));
    }

    #[test]
    fn a_k3s_that_notes_nothing_is_known_by_its_version_and_another_kubernetes_enforces_nothing_by_itself() {
        let of = |version: &str| json!({ "metadata": { "name": "a" }, "status": { "nodeInfo": { "kubeletVersion": version } } });
        assert_eq!(engine(&[of("v1.36.1+k3s1")], &[]), Ok(Engine::K3s));
        assert_eq!(engine(&[of("v1.36.1")], &[set("kindnet", 1)]), Err(NoEngine::Unknown));
        assert_eq!(engine(&[], &[]), Err(NoEngine::Unknown));
    }

    #[test]
    fn another_engine_counts_where_its_agents_run() {
        let off = [node("pi", &["server", SWITCH, "--flannel-backend", "none"])];
        assert_eq!(engine(&off, &[set("cilium", 1)]), Ok(Engine::Cilium));
        assert_eq!(engine(&off, &[set("calico-node", 2)]), Ok(Engine::Other("Calico")));
        assert_eq!(engine(&off, &[set("cilium", 0)]), Err(NoEngine::Down("Cilium")));
        // Cilium's agent comes before what another one has left behind.
        assert_eq!(engine(&off, &[set("calico-node", 0), set("cilium", 1)]), Ok(Engine::Cilium));
    }

    #[test]
    fn names_need_ciliums_definition_too() {
        let definition = [json!({ "metadata": { "name": CILIUM_POLICIES } })];
        assert!(takes_names(Engine::Cilium, &definition));
        assert!(!takes_names(Engine::Cilium, &[]) && !takes_names(Engine::K3s, &definition));
    }
}
