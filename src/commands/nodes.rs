//! What must be on one node, and whether the configuration says on which.

use crate::cluster::Cluster;
use crate::config::{Backend, Config, Service};
use crate::desired::outside::{NoNode, node_of};
use crate::error::{Error, Result};
use crate::evidence::local::NodeAddress;

/// Where the nodes are, if a program on one of them has a name, or one has the server of the challenges; each must have one node.
///
/// # Errors
/// When one has none, and that the cluster cannot be asked.
pub(super) async fn look(cluster: &Cluster, config: &Config) -> Result<Option<Vec<NodeAddress>>> {
    let server = config.dns.challenge_server.as_ref();
    if !config.has_local() && server.is_none() {
        return Ok(None);
    }
    let nodes = cluster.node_addresses().await?;
    let server = server.and_then(|server| of_server(server.node.as_deref(), &nodes));
    let lost = config.services.iter().filter_map(|service| nowhere(service, &nodes));
    server.into_iter().chain(lost).next().map_or(Ok(Some(nodes)), Err)
}

fn of_server(node: Option<&str>, nodes: &[NodeAddress]) -> Option<Error> {
    let what = "on which node it runs, to which your router forwards port 53";
    unplaced(("dns.challengeServer", node), (what, "address"), nodes)
}

fn nowhere(service: &Service, nodes: &[NodeAddress]) -> Option<Error> {
    let Backend::Local { node, .. } = &service.backend else { return None };
    let key = format!("services.{}", service.name);
    unplaced((&key, node.as_deref()), ("on which node the program runs", "local"), nodes)
}

/// What has to have one node, and has none: `what` is not said, and `beside` is the key that its node stands next to.
fn unplaced(
    (key, node): (&str, Option<&str>),
    (what, beside): (&str, &str),
    nodes: &[NodeAddress],
) -> Option<Error> {
    let why = node_of(node, nodes).err()?;
    let names: Vec<String> = nodes.iter().map(|node| format!("`{}`", node.name)).collect();
    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Some(match why {
        NoNode::Unsaid => Error::usage(format!("`{key}` does not say {what}"))
            .because(format!("the nodes that have an address are: {known}"))
            .hint(format!("add `node: NAME` next to `{beside}`")),
        NoNode::Unknown(name) => Error::usage(format!("`{key}.node`: the cluster has no node `{name}`"))
            .hint(format!("the nodes that have an address are: {known}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_on_no_known_node_stops_the_run_with_the_nodes_that_there_are() {
        let said = |entry: &str, nodes: &[&str]| {
            let text = format!(
                "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nservices: {{ films: {{ {entry} }} }}\n"
            );
            let config = crate::config::parse(&text).unwrap();
            let node = |name: &&str| NodeAddress { name: (*name).to_owned(), address: [10, 42, 0, 1].into() };
            let nodes: Vec<_> = nodes.iter().map(node).collect();
            nowhere(&config.services[0], &nodes).map(|error| error.to_string())
        };
        assert_eq!(said("local: 8096", &["pi"]), None);
        assert_eq!(said("local: 8096, node: nuc", &["pi", "nuc"]), None);
        assert_eq!(said("url: 'http://10.0.0.2'", &[]), None);
        let unsaid = said("local: 8096", &["pi", "nuc"]).unwrap();
        assert!(unsaid.contains("`services.films` does not say on which node"), "{unsaid}");
        assert!(unsaid.contains("`pi`, `nuc`") && unsaid.contains("add `node: NAME`"), "{unsaid}");
        let unknown = said("local: 8096, node: tv", &["pi"]).unwrap();
        assert!(unknown.contains("`services.films.node`: the cluster has no node `tv`"), "{unknown}");
        assert!(said("local: 8096", &[]).unwrap().contains("are: none"));
    }

    #[test]
    fn a_server_of_the_challenges_on_no_known_node_stops_the_run() {
        let told = |node: Option<&str>, nodes: &[&str]| {
            let node_seen =
                |name: &&str| NodeAddress { name: (*name).to_owned(), address: [10, 42, 0, 1].into() };
            let nodes: Vec<_> = nodes.iter().map(node_seen).collect();
            of_server(node, &nodes).map(|error| error.to_string())
        };
        assert_eq!(told(None, &["pi"]), None);
        assert_eq!(told(Some("nuc"), &["pi", "nuc"]), None);
        let unsaid = told(None, &["pi", "nuc"]).unwrap();
        assert!(
            unsaid.contains("`dns.challengeServer` does not say on which node") && unsaid.contains("router"),
            "{unsaid}"
        );
        assert!(
            told(Some("tv"), &["pi"])
                .unwrap()
                .contains("`dns.challengeServer.node`: the cluster has no node `tv`")
        );
    }
}
