//! A program on a node itself: which node, and whether pods will reach it there.

use std::net::{IpAddr, SocketAddr};

use crate::cli::{Expose, Global};
use crate::commands::expose::backend::{Behind, with_rest};
use crate::commands::expose::look::{self, Seen};
use crate::config::edit::Setting;
use crate::config::nearest;
use crate::error::{Error, Result};
use crate::evidence::local::NodeAddress;
use crate::evidence::{Listener, NodeSeen};
use crate::machine;

/// The node, its settings, and what may not work.
///
/// # Errors
/// When it is not known which node is meant.
pub(super) async fn behind(global: &Global, flags: &Expose, name: &str, port: u16) -> Result<Behind> {
    let nodes = async { global.lab().connect().await?.nodes_with_addresses().await };
    let (node, seen) = match nodes.await {
        Ok(nodes) => {
            let here = machine::addresses();
            let (node, address) = chosen(&nodes, flags.node.as_deref(), &here)?;
            let seen = match node.addresses.iter().any(|own| here.contains(own)) {
                true => at_this_machine(SocketAddr::new(address.address, port), name).await,
                false => Seen { tls: false, warning: None },
            };
            let named = (nodes.len() > 1).then(|| node.name.clone());
            (named, seen)
        }
        // To see how the file would change, nothing has to run.
        Err(error) if flags.dry_run => (flags.node.clone(), Seen::not("the node", error)),
        Err(error) => return Err(error),
    };
    let again = command!("sudo homelab expose {} --local {}", name, port.to_string());
    let again = match &node {
        Some(node) => again.and_then(|line| command!("{} --node {}", line, node)),
        None => again,
    };
    let mut settings = vec![("local", Setting::Number(port))];
    settings.extend(node.map(|node| ("node", Setting::Text(node))));
    settings.extend(seen.tls.then(|| ("scheme", Setting::Text("https".to_owned()))));
    Ok(Behind { settings, warning: seen.warning, again: again.map(|line| with_rest(line, flags)) })
}

/// The node that is named, the only one, or this machine.
fn chosen<'n>(
    nodes: &'n [(NodeSeen, NodeAddress)],
    named: Option<&str>,
    here: &[IpAddr],
) -> Result<&'n (NodeSeen, NodeAddress)> {
    let names: Vec<&str> = nodes.iter().map(|(node, _)| node.name.as_str()).collect();
    let known = || format!("the nodes that have an address are: {}", names.join(", "));
    if let Some(name) = named {
        return nodes.iter().find(|(node, _)| node.name == name).ok_or_else(|| {
            let error = Error::usage(format!("the cluster has no node `{name}`"));
            match nearest(name, &names) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(known()),
            }
        });
    }
    let is_here = |(node, _): &&(NodeSeen, NodeAddress)| node.addresses.iter().any(|own| here.contains(own));
    match nodes {
        [only] => Ok(only),
        some => some.iter().find(is_here).ok_or_else(|| {
            Error::usage("on which node does the program run?")
                .because(known())
                .hint("name it with `--node NAME`, or run this command there")
        }),
    }
}

async fn at_this_machine(address: SocketAddr, name: &str) -> Seen {
    let port = address.port();
    let there = machine::listeners_by_port(&[port]).remove(&port);
    match there.and_then(|there| deaf(address, &there)) {
        Some(warning) => Seen { tls: false, warning: Some(warning) },
        None => look::at_address(address, name).await,
    }
}

/// Why nobody on the port takes what comes from pods, as the kernel shows it.
fn deaf(address: SocketAddr, there: &[Listener]) -> Option<Error> {
    let port = address.port();
    if there.is_empty() {
        return Some(
            Error::wrong(format!("nothing listens on port {port} of this machine"))
                .hint("it gets its name all the same; start the program, or name another port"),
        );
    }
    let takes =
        |listener: &Listener| listener.address.ip().is_unspecified() || listener.address.ip() == address.ip();
    if there.iter().any(takes) {
        return None;
    }
    let places: Vec<String> = there.iter().map(|listener| listener.address.to_string()).collect();
    let who = there.iter().find_map(|listener| listener.process.as_deref());
    let who = who.map_or_else(|| "the program".to_owned(), |name| format!("`{name}`"));
    Some(
        Error::wrong(format!("{who} listens on {} alone, where pods do not reach it", places.join(" and ")))
            .because(format!("the ingress controller runs in a pod, and asks {address}"))
            .hint("in the program's own settings (often `host`, `bind` or `listen`), let it listen on `0.0.0.0`; the firewall decides who else reaches it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, own: &str, of_pods: &str) -> (NodeSeen, NodeAddress) {
        let seen = NodeSeen {
            name: name.into(),
            ready: true,
            addresses: vec![own.parse().unwrap()],
            ..NodeSeen::default()
        };
        (seen, NodeAddress { name: name.into(), address: of_pods.parse().unwrap() })
    }

    #[test]
    fn the_node_is_the_only_one_the_named_one_or_this_machine() {
        let nodes = [node("pi", "192.168.1.10", "10.42.0.1"), node("nuc", "192.168.1.11", "10.42.1.1")];
        let name = |named: Option<&str>, here: &[IpAddr], nodes: &[(NodeSeen, NodeAddress)]| {
            chosen(nodes, named, here).map(|(node, _)| node.name.clone()).map_err(|error| error.to_string())
        };
        assert_eq!(name(None, &[], &nodes[..1]), Ok("pi".into()));
        assert_eq!(name(None, &["192.168.1.11".parse().unwrap()], &nodes), Ok("nuc".into()));
        assert_eq!(name(Some("pi"), &[], &nodes), Ok("pi".into()));
        assert!(name(Some("nuk"), &[], &nodes).unwrap_err().contains("did you mean `nuc`?"));
        let unsaid = name(None, &[], &nodes).unwrap_err();
        assert!(unsaid.contains("are: pi, nuc") && unsaid.contains("--node NAME"), "{unsaid}");
    }

    #[test]
    fn a_program_that_pods_do_not_reach_is_told_before_it_gets_its_name() {
        let at = |address: &str| Listener {
            address: address.parse().unwrap(),
            process: Some("jellyfin".into()),
            in_pod: false,
        };
        let told = |there: &[Listener]| deaf("10.42.0.1:8096".parse().unwrap(), there).map(|e| e.to_string());
        let loopback = told(&[at("127.0.0.1:8096"), at("[::1]:8096")]).unwrap();
        assert!(loopback.contains("`jellyfin` listens on 127.0.0.1:8096 and [::1]:8096 alone"), "{loopback}");
        assert!(loopback.contains("let it listen on `0.0.0.0`"), "{loopback}");
        assert!(told(&[]).unwrap().contains("nothing listens on port 8096"));
        for good in ["0.0.0.0:8096", "[::]:8096", "10.42.0.1:8096"] {
            assert_eq!(told(&[at("127.0.0.1:8096"), at(good)]), None, "{good}");
        }
    }
}
