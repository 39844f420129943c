//! The domain of a cluster's own names: a Service is `<name>.<namespace>.svc.<domain>` (Kubernetes docs, "DNS for Services and Pods").
//!
//! No API says which it is. What answers says it: k3s writes `--cluster-domain` into CoreDNS' Corefile at each start (k3s,
//! manifests/coredns.yaml, pkg/server/server.go). Where k3s runs without its CoreDNS, each server notes its flags and the keys of its
//! config.yaml at its Node (k3s, pkg/nodeconfig/nodeconfig.go). A kubelet would say it, too, by `nodes/proxy`: with that right, a
//! GET runs programs in any pod, so that nobody is asked to give it.

use serde_json::Value;

use crate::facts::corefile;
use crate::facts::names::{is_label, without_wildcard};
use crate::facts::told::servers_of;

/// Unless somebody says otherwise (k3s, `--cluster-domain`; kubeadm, `dnsDomain`).
pub const DEFAULT: &str = "cluster.local";
/// What CoreDNS is called in k3s, and its settings, in `kube-system`.
pub const COREDNS: &str = "coredns";

const FLAG: &str = "--cluster-domain";
/// The longest name in DNS.
const LONGEST: usize = 253;

/// The domain, by the ConfigMap `coredns` and the nodes; `None` if neither says it.
pub fn of<'v>(settings: Option<&Value>, nodes: impl IntoIterator<Item = &'v Value>) -> Option<String> {
    settings.and_then(of_coredns).or_else(|| of_servers(nodes))
}

/// By the ConfigMap `coredns`.
#[must_use]
pub fn of_coredns(settings: &Value) -> Option<String> {
    let corefile = corefile::parse(settings["data"]["Corefile"].as_str()?).ok()?;
    of_corefile(&corefile)
}

/// The first zone that is not read backwards, as CoreDNS itself takes it; one without zones has those of its block (CoreDNS
/// 1.14.7, plugin/kubernetes/setup.go).
#[must_use]
pub fn of_corefile(corefile: &corefile::Corefile) -> Option<String> {
    corefile.blocks.iter().find_map(|block| {
        let plugin = block.of("kubernetes").next()?;
        let zones: Vec<String> = match plugin.arguments.as_slice() {
            [] => block.zones().collect(),
            given => given.to_vec(),
        };
        zones
            .iter()
            .filter(|zone| !zone.trim_end_matches('.').ends_with(".arpa"))
            .find_map(|zone| domain(zone))
    })
}

/// By the flags of the k3s servers; an agent takes the domain from its server and does not know the flag.
fn of_servers<'v>(nodes: impl IntoIterator<Item = &'v Value>) -> Option<String> {
    servers_of(nodes).iter().find_map(|told| match told.values(FLAG).last() {
        Some(told) => domain(told),
        None => Some(DEFAULT.to_owned()),
    })
}

/// In lower case without the final dot; `None` if it is no domain.
#[must_use]
pub fn domain(text: &str) -> Option<String> {
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    (name.len() <= LONGEST && name.split('.').all(is_label)).then_some(name)
}

/// Whether a name, or what a wildcard stands below, has the form of one inside a cluster, whatever its domain is.
#[must_use]
pub fn is_inside_some(name: &str) -> bool {
    let labels: Vec<&str> = without_wildcard(name).split('.').collect();
    let svc = labels.iter().position(|label| *label == "svc");
    svc.is_some_and(|at| at > 0 && at + 1 < labels.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn coredns(kubernetes: &str, zones: &str) -> Value {
        json!({ "data": { "Corefile": format!("{zones} {{\n errors\n {kubernetes}\n forward . /etc/resolv.conf\n}}\n") } })
    }

    fn node(flags: &Value) -> Value {
        json!({ "metadata": { "annotations": { "k3s.io/node-args": flags.to_string() } } })
    }

    #[test]
    fn the_corefile_says_it_as_coredns_reads_it() {
        for (kubernetes, zones, is) in [
            (
                "kubernetes cluster.local in-addr.arpa ip6.arpa {\n pods insecure\n }",
                ".:53",
                Some("cluster.local"),
            ),
            (
                "kubernetes in-addr.arpa ip6.arpa Cluster-01.Intranet.Example.test. a.b",
                ".:53",
                Some("cluster-01.intranet.example.test"),
            ),
            ("kubernetes", "lan:53", Some("lan")),
            ("kubernetes", ".:53", None),
            ("kubernetes a_b", ".:53", None),
            ("hosts", ".:53", None),
        ] {
            assert_eq!(of(Some(&coredns(kubernetes, zones)), []).as_deref(), is, "{kubernetes}");
        }
    }

    #[test]
    fn without_k3s_own_coredns_its_servers_say_it_and_agents_do_not() {
        let agent = node(&json!(["agent", "--node-name", "b"]));
        for (flags, is) in [
            (json!(["server", "--cluster-domain", "lab.test", "--disable", "coredns"]), Some("lab.test")),
            (json!(["server", "--disable", "coredns"]), Some(DEFAULT)),
            (json!("server"), None),
        ] {
            assert_eq!(of(None, [&agent, &node(&flags)]).as_deref(), is, "{flags}");
        }
        assert_eq!(of(None, [&agent, &json!({})]), None);
    }

    #[test]
    fn what_answers_counts_before_what_a_flag_says() {
        let server = node(&json!(["server", "--cluster-domain", "other.test"]));
        assert_eq!(of(Some(&coredns("kubernetes lab.test", ".")), [&server]).as_deref(), Some("lab.test"));
        assert_eq!(of(Some(&json!({ "data": {} })), [&server]).as_deref(), Some("other.test"));
    }

    #[test]
    fn a_name_inside_a_cluster_is_known_by_its_form() {
        for name in ["db.qa.svc.cluster.local", "*.qa.svc.cluster-01.intranet.example.test", "qa.svc.lan"] {
            assert!(is_inside_some(name), "{name}");
        }
        for name in ["svc.example.com", "*.svc.example.com", "db.svc", "nas.example.com", "qa.svcs.a.b"] {
            assert!(!is_inside_some(name), "{name}");
        }
    }
}
