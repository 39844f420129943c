//! How the nodes are told to take images from a registry whose certificate the lab's own authority has signed.
//!
//! containerd pulls by the node's own network. k3s gives it what stands in registries.yaml, when it starts: for a registry that has
//! an entry in `configs`, a hosts.toml with the root for `https://NAME/v2` (k3s, pkg/agent/containerd/config.go,
//! `defaultHostConfig`). There is no other name for the look at the certificate than the one in that URL, and the authority signs
//! no addresses: so the node has to know the name. Names inside the cluster it does not ask for: CoreDNS answers pods.

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::desired::kind;
use crate::desired::object::Key;
use crate::error::{Error, Result};
use crate::evidence::{Signer, at};
use crate::facts::cluster_domain::DEFAULT;
use crate::facts::names::{Host, is_within};
use crate::facts::registry::Registry;

/// Where k3s looks for the settings of registries (k3s documentation, "Private Registry Configuration").
const FILE: &str = "/etc/rancher/k3s/registries.yaml";
/// Where the root may lie beside them.
const ROOT: &str = "/etc/rancher/k3s/homelab-root.crt";

/// What a node has to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    registry: Registry,
    /// The address of its Service; none of a name that is not inside the cluster.
    address: Option<String>,
}

/// Finds out what nodes do not know of a registry by themselves.
///
/// # Errors
/// When the root may not sign its name, and when no Service of that name has an address.
pub(super) async fn look(cluster: &Cluster, registry: &Registry, root: &Signer) -> Result<Told> {
    let Registry { host, .. } = registry;
    if !root.may_sign(host.as_str()) {
        return Err(Error::usage(format!("the lab's own certificate authority may not sign `{host}`"))
            .because(format!(
                "its root signs names in {}",
                root.domains.as_deref().unwrap_or_default().join(" and ")
            ))
            .hint("a registry whose certificate comes from elsewhere needs another root in `ca_file`"));
    }
    let domain = cluster.cluster_domain().await?.unwrap_or_else(|| DEFAULT.to_owned());
    let address = match service_of(host, &domain) {
        Some(key) => Some(address_of(&key, cluster.one(&key).await?.as_ref())?),
        None => None,
    };
    Ok(Told { registry: registry.clone(), address })
}

/// The Service whose name inside the cluster that is.
fn service_of(host: &Host, domain: &str) -> Option<Key> {
    if !is_within(host.as_str(), &format!("svc.{domain}")) {
        return None;
    }
    let mut labels = host.as_str().split('.').map(str::to_owned);
    let (name, namespace) = (labels.next()?, labels.next());
    Some(Key { kind: &kind::SERVICE, namespace, name })
}

fn address_of(key: &Key, service: Option<&Value>) -> Result<String> {
    let address = service.map_or("", |service| at(service, "/spec/clusterIP"));
    match address {
        "" => Err(Error::usage(format!("there is no {key} with an address"))
            .hint("make the registry's Service first: nodes reach the registry by its address")),
        "None" => Err(Error::usage(format!("{key} has no address of its own"))
            .because("it is headless (`clusterIP: None`): its name has the addresses of pods, which change")
            .hint("make another Service for the registry, without `clusterIP: None`")),
        address => Ok(address.to_owned()),
    }
}

impl Told {
    /// For who reads it.
    pub(super) fn lines(&self) -> Vec<String> {
        let Registry { host, .. } = &self.registry;
        let mut lines = vec![
            format!("For images from {}, on each node, servers and agents:", self.registry),
            String::new(),
            format!("  `sudo homelab ca --write {ROOT}`, or copy that file to it"),
        ];
        if let Some(hosts) = self.hosts() {
            lines.extend([
                "  add to /etc/hosts, since a node asks nobody for names inside the cluster:".to_owned(),
                format!("    {hosts}"),
            ]);
        }
        lines.push(format!("  add to {FILE}:"));
        lines.extend(self.settings().lines().map(|line| format!("    {line}")));
        lines.extend([
            "  `sudo systemctl restart k3s`, on an agent `k3s-agent`: k3s reads it when it starts; pods go on".to_owned(),
            format!("  try it: `sudo k3s crictl pull {}/IMAGE:TAG`", self.registry),
            String::new(),
            "On NixOS, in place of these, with the file beside your configuration:".to_owned(),
            format!("  {}", self.nixos()),
        ]);
        if let Some(address) = &self.address {
            lines.extend([
                String::new(),
                format!("{address} is the address of the Service of {host}. Write it into the Service (`spec.clusterIP`), and it has the same one when it is made anew."),
            ]);
        }
        lines
    }

    /// The same for machines.
    pub(super) fn document(&self) -> Value {
        json!({ "name": self.registry.to_string(), "hosts": self.hosts(), "registries": self.settings(), "nixos": self.nixos() })
    }

    fn hosts(&self) -> Option<String> {
        self.address.as_ref().map(|address| format!("{address} {}", self.registry.host))
    }

    fn settings(&self) -> String {
        format!("configs:\n  \"{}\":\n    tls:\n      ca_file: {ROOT}\n", self.registry)
    }

    fn nixos(&self) -> String {
        let address = self.address.as_ref().map(|address| format!("address = \"{address}\"; "));
        format!(
            "services.homelab.registries.\"{}\" = {{ {}caFile = ./homelab-root.crt; }};",
            self.registry,
            address.unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> Host {
        Host::parse(name).unwrap()
    }

    #[test]
    fn a_name_inside_the_cluster_is_that_of_a_service_and_no_other_is() {
        let found = service_of(&host("registry.qa.svc.lab.test"), "lab.test").unwrap();
        assert_eq!(found.to_string(), "Service qa/registry");
        for (name, domain) in [("registry.qa.svc.lab.test", DEFAULT), ("registry.lab.test", "lab.test")] {
            assert!(service_of(&host(name), domain).is_none(), "{name}");
        }
    }

    #[test]
    fn a_service_without_an_address_is_told_and_what_to_do() {
        let key = service_of(&host("registry.qa.svc.lab.test"), "lab.test").unwrap();
        assert_eq!(
            address_of(&key, Some(&json!({ "spec": { "clusterIP": "10.43.7.9" } }))).unwrap(),
            "10.43.7.9"
        );
        let headless = json!({ "spec": { "clusterIP": "None" } });
        for (service, word) in [(None, "there is no Service qa/registry"), (Some(&headless), "headless")] {
            let told = address_of(&key, service).unwrap_err().to_string();
            assert!(told.contains(word), "{told}");
        }
    }

    #[test]
    fn what_a_node_needs_is_told_with_the_port_where_containerd_wants_it_and_without_where_hosts_do() {
        let registry: Registry = "registry.qa.svc.lab.test:5000".parse().unwrap();
        let told = Told { registry, address: Some("10.43.7.9".to_owned()) };
        let text = told.lines().join("\n");
        for part in [
            "    10.43.7.9 registry.qa.svc.lab.test\n",
            "      \"registry.qa.svc.lab.test:5000\":\n        tls:\n          ca_file: /etc/rancher/k3s/homelab-root.crt\n",
            "registries.\"registry.qa.svc.lab.test:5000\" = { address = \"10.43.7.9\"; caFile",
            "crictl pull registry.qa.svc.lab.test:5000/IMAGE:TAG",
        ] {
            assert!(text.contains(part), "`{part}` is missing in:\n{text}");
        }
        // A name that the house knows needs no line of its own.
        let registry: Registry = "registry.home.example.com".parse().unwrap();
        let text = Told { registry, address: None }.lines().join("\n");
        assert!(!text.contains("/etc/hosts") && !text.contains("address"), "{text}");
    }
}
