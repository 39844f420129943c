//! The Services of what runs outside the cluster, on another machine or on a node itself: without selector, with the address
//! beside them, or the name itself.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Service as CoreService, ServicePort, ServiceSpec};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::config::{Backend, Service};
use crate::desired::meta::named;
use crate::desired::object::{Component, Object};
use crate::desired::service::NAMESPACE;
use crate::evidence::local::NodeAddress;

const COMPONENT: Component = Component::Services;

/// Why it is not known on which node a program runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoNode {
    /// The cluster has several, and none is named.
    Unsaid,
    /// The cluster has none of that name, or it has no address.
    Unknown(String),
}

/// The node of a program: the one that is named, or the only one.
///
/// # Errors
/// When neither is there.
pub fn node_of<'n>(named: Option<&str>, nodes: &'n [NodeAddress]) -> Result<&'n NodeAddress, NoNode> {
    match (named, nodes) {
        (None, [only]) => Ok(only),
        (None, _) => Err(NoNode::Unsaid),
        (Some(name), all) => {
            all.iter().find(|node| node.name == name).ok_or_else(|| NoNode::Unknown(name.to_owned()))
        }
    }
}

/// The Service and its addresses; nothing for a Service that is in the cluster.
pub(super) fn objects(service: &Service, nodes: Option<&[NodeAddress]>) -> Vec<Object> {
    let name = service.name.as_str();
    let with_spec = |spec| CoreService { metadata: named(NAMESPACE, name), spec: Some(spec), status: None };
    let with_slice = |port: u16, address: Option<Address<'_>>| {
        let service = Object::typed(COMPONENT, &with_spec(spec(port)));
        vec![service, Object::typed(COMPONENT, &slice(name, address, port))]
    };
    let objects = match &service.backend {
        Backend::Cluster { .. } | Backend::Image { .. } => Vec::new(),
        Backend::Address { address, port } => with_slice(*port, Some((*address, None))),
        Backend::Local { node, port } => {
            let node = nodes.and_then(|nodes| node_of(node.as_deref(), nodes).ok());
            with_slice(*port, node.map(|node| (node.address, Some(node.name.as_str()))))
        }
        Backend::Name { name, port } => {
            let external = ServiceSpec {
                type_: Some("ExternalName".to_owned()),
                external_name: Some(name.to_string()),
                ..spec(*port)
            };
            vec![Object::typed(COMPONENT, &with_spec(external))]
        }
    };
    objects.into_iter().flatten().collect()
}

fn spec(port: u16) -> ServiceSpec {
    ServiceSpec {
        ports: Some(vec![ServicePort {
            name: Some("http".to_owned()),
            port: i32::from(port),
            target_port: Some(IntOrString::Int(i32::from(port))),
            protocol: Some("TCP".to_owned()),
            ..ServicePort::default()
        }]),
        ..ServiceSpec::default()
    }
}

/// An address, and the node that it is.
type Address<'a> = (IpAddr, Option<&'a str>);

/// The addresses of a Service; none where the cluster was not asked for them.
fn slice(name: &str, address: Option<Address<'_>>, port: u16) -> EndpointSlice {
    let labels =
        [("kubernetes.io/service-name", name), ("endpointslice.kubernetes.io/managed-by", "homelab")];
    let endpoint = address.map(|(address, node)| Endpoint {
        addresses: vec![address.to_string()],
        conditions: Some(EndpointConditions { ready: Some(true), ..EndpointConditions::default() }),
        node_name: node.map(str::to_owned),
        ..Endpoint::default()
    });
    let is_ipv6 = address.is_some_and(|(address, _)| address.is_ipv6());
    EndpointSlice {
        metadata: ObjectMeta {
            labels: Some(labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
            ..named(NAMESPACE, name)
        },
        address_type: if is_ipv6 { "IPv6" } else { "IPv4" }.to_owned(),
        endpoints: Some(endpoint.into_iter().collect()),
        ports: Some(vec![EndpointPort {
            name: Some("http".to_owned()),
            port: Some(i32::from(port)),
            protocol: Some("TCP".to_owned()),
            ..EndpointPort::default()
        }]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn node(name: &str, address: &str) -> NodeAddress {
        NodeAddress { name: name.into(), address: address.parse().unwrap() }
    }

    fn slice_of(entry: &str, nodes: Option<&[NodeAddress]>) -> serde_json::Value {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nservices: {{ films: {{ {entry} }} }}\n"
        );
        let config = config::parse(&text).unwrap();
        objects(&config.services[0], nodes).pop().unwrap().body
    }

    #[test]
    fn a_program_on_a_node_is_where_that_node_is() {
        let nodes = [node("pi", "10.42.0.1"), node("nuc", "10.42.1.1")];
        let slice = slice_of("local: 8096, node: nuc", Some(&nodes));
        assert_eq!(slice["endpoints"][0]["addresses"][0], "10.42.1.1");
        assert_eq!(slice["endpoints"][0]["nodeName"], "nuc");
        assert_eq!(slice["ports"][0]["port"], 8096);
        let only = slice_of("local: 8096", Some(&nodes[..1]));
        assert_eq!(only["endpoints"][0]["addresses"][0], "10.42.0.1");
    }

    #[test]
    fn a_rendering_knows_no_node_and_guesses_none() {
        let nodes = [node("pi", "10.42.0.1"), node("nuc", "10.42.1.1")];
        for (entry, nodes) in [("local: 8096", None), ("local: 8096", Some(&nodes[..]))] {
            assert_eq!(slice_of(entry, nodes)["endpoints"], serde_json::json!([]));
        }
    }

    #[test]
    fn a_node_that_is_not_named_must_be_the_only_one() {
        let nodes = [node("pi", "10.42.0.1"), node("nuc", "10.42.1.1")];
        assert_eq!(node_of(None, &nodes), Err(NoNode::Unsaid));
        assert_eq!(node_of(None, &[]), Err(NoNode::Unsaid));
        assert_eq!(node_of(Some("tv"), &nodes), Err(NoNode::Unknown("tv".into())));
        assert_eq!(node_of(Some("pi"), &nodes), Ok(&nodes[0]));
    }
}
