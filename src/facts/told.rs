//! How k3s was told to run, by what it notes on each Node: `k3s.io/node-args` has the command line with the values of
//! config.yaml and config.yaml.d laid into it, `k3s.io/node-env` the variables `K3S_…`; both without secrets (k3s,
//! pkg/nodeconfig/nodeconfig.go, v1.33).

use std::collections::BTreeMap;

use serde_json::Value;

const ARGS: &str = "k3s.io/node-args";
const ENV: &str = "k3s.io/node-env";
/// What the kubelet's own setting is called, in an argument that k3s hands on.
const KUBELET: &str = "--kubelet-arg";

/// What k3s of one node was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The name of the Node.
    pub node: String,
    args: Vec<String>,
    env: BTreeMap<String, String>,
}

/// Whether the node is one of k3s; others note nothing, and their versions say so.
#[must_use]
pub fn is_k3s(node: &Value) -> bool {
    let version = node["status"]["nodeInfo"]["kubeletVersion"].as_str();
    !note(node, ARGS).is_empty() || version.is_some_and(|version| version.contains("+k3s"))
}

/// What a node notes; `None` when it notes nothing.
#[must_use]
pub fn of(node: &Value) -> Option<Told> {
    let args: Vec<String> = serde_json::from_str(note(node, ARGS)).ok()?;
    let env = serde_json::from_str(note(node, ENV)).unwrap_or_default();
    let name = node["metadata"]["name"].as_str().unwrap_or_default();
    Some(Told { node: name.to_owned(), args, env })
}

fn note<'n>(node: &'n Value, name: &str) -> &'n str {
    node["metadata"]["annotations"][name].as_str().unwrap_or_default()
}

/// What every server that notes it was told; none when none does.
#[must_use]
pub fn servers_of<'n>(nodes: impl IntoIterator<Item = &'n Value>) -> Vec<Told> {
    nodes
        .into_iter()
        .filter_map(of)
        .filter(|told| told.args.first().is_some_and(|verb| verb == "server"))
        .collect()
}

impl Told {
    /// The values of a flag such as `--disable`, however often it is given, in the order of the command line.
    #[must_use]
    pub fn values(&self, flag: &str) -> Vec<&str> {
        let value = |(place, arg): (usize, &String)| match arg.strip_prefix(flag) {
            Some("") => Some(place + 1),
            Some(rest) if rest.starts_with('=') => Some(place),
            _ => None,
        };
        let places = self.args.iter().enumerate().filter_map(value);
        let text = |place: usize| self.args.get(place).map(String::as_str);
        places
            .filter_map(text)
            .map(|text| text.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')).unwrap_or(text))
            .collect()
    }

    /// Whether a switch is on, with or without a value behind it.
    #[must_use]
    pub fn has(&self, switch: &str) -> bool {
        let at = self.args.iter().position(|arg| arg == switch);
        let off = |place: usize| self.args.get(place + 1).is_some_and(|value| value == "false");
        at.is_some_and(|place| !off(place))
            || self.args.iter().any(|arg| arg.strip_prefix(switch) == Some("=true"))
    }

    /// The last value of a flag, which counts; else that of its variable.
    #[must_use]
    pub fn value(&self, flag: &str, variable: &str) -> Option<&str> {
        self.values(flag).last().copied().or_else(|| self.env.get(variable).map(String::as_str))
    }

    /// Whether a packaged component is disabled: both `--disable a,b` and `--disable=a`. The cloud controller has not been
    /// servicelb since 2022, so that `--disable-cloud-controller` says nothing of it (k3s, pkg/cloudprovider, v1.25 on).
    #[must_use]
    pub fn disables(&self, component: &str) -> bool {
        self.values("--disable").iter().flat_map(|list| list.split(',')).any(|name| name.trim() == component)
    }

    /// The file of resolvers that pods get, where k3s was told one.
    #[must_use]
    pub fn resolv_conf(&self) -> Option<&str> {
        let mut by_kubelet =
            self.values(KUBELET).into_iter().filter_map(|arg| arg.strip_prefix("resolv-conf="));
        by_kubelet.next_back().or_else(|| self.value("--resolv-conf", "K3S_RESOLV_CONF"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(args: &[&str], env: &Value) -> Told {
        let notes = json!({ ARGS: json!(args).to_string(), ENV: env.to_string() });
        of(&json!({ "metadata": { "name": "pi", "annotations": notes } })).unwrap()
    }

    #[test]
    fn what_k3s_notes_is_read_in_each_spelling() {
        // As k3s writes it: `--flag=value` is cut at the sign, and a list of config.yaml gives the flag again.
        let noted = told(
            &[
                "server",
                "--disable",
                "traefik",
                "--disable",
                "servicelb, metrics-server",
                "--node-ip",
                "10.0.0.1",
                "--node-ip",
                "10.0.0.2",
            ],
            &json!({ "K3S_RESOLV_CONF": "/etc/k3s-resolv.conf", "K3S_TOKEN": "********" }),
        );
        assert!(noted.disables("traefik") && noted.disables("servicelb") && !noted.disables("coredns"));
        assert_eq!(noted.value("--node-ip", "K3S_NODE_IP"), Some("10.0.0.2"));
        assert_eq!(noted.resolv_conf(), Some("/etc/k3s-resolv.conf"));
        let kubelet = told(&["agent", "--kubelet-arg", "resolv-conf=/etc/lan.conf"], &json!({}));
        assert_eq!(kubelet.resolv_conf(), Some("/etc/lan.conf"));
    }

    #[test]
    fn a_switch_is_on_unless_it_says_false_and_the_cloud_controller_is_not_servicelb() {
        let noted =
            told(&["server", "--disable-network-policy", "--disable-cloud-controller", "true"], &json!({}));
        assert!(noted.has("--disable-network-policy") && noted.has("--disable-cloud-controller"));
        assert!(!noted.disables("servicelb"));
        assert!(
            !told(&["server", "--disable-network-policy", "false"], &json!({}))
                .has("--disable-network-policy")
        );
    }
}
