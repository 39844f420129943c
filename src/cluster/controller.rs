//! The ingress controller, asked where it runs: each of its pods, and the ports of each node.

use std::time::Duration;

use futures::{FutureExt, future};
use serde_json::Value;

use super::request;
use super::{Cluster, seen};
use crate::desired::ingress_nginx::{CONTROLLER, NAMESPACE};
use crate::net::http::HttpAnswer;
use crate::verify::{ControllerSeen, NodePort, NodeSeen, Objects, PodAnswer, at};

/// A pod or a port that answers does so at once; the API server itself waits for half a minute.
const DEADLINE: Duration = Duration::from_secs(3);
/// What the API server's proxy says when it does not get through.
const NOT_REACHED: &str = "error trying to reach service: ";

impl Cluster {
    /// Asks every ready pod of the controller, and both ports of every ready node, by the API server's proxy.
    pub async fn ask_controller(&self, objects: &Objects, nodes: &[NodeSeen]) -> ControllerSeen {
        let ours = |pod: &&Value| {
            at(pod, "/metadata/namespace") == NAMESPACE
                && pod["metadata"]["labels"]["app.kubernetes.io/name"] == CONTROLLER
                && seen::is_ready(pod)
        };
        let pods = objects.list("pods").unwrap_or_default().iter().filter(ours);
        let pods = future::join_all(pods.map(|pod| async move {
            let name = at(pod, "/metadata/name").to_owned();
            let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{name}:80/proxy/");
            PodAnswer {
                node: at(pod, "/spec/nodeName").to_owned(),
                answer: self.proxied(&path).await,
                pod: name,
            }
        }));
        let ports =
            nodes.iter().filter(|node| node.ready).flat_map(|node| [80, 443].map(|port| (node, port)));
        let ports = future::join_all(ports.map(|(node, port)| {
            let path = format!("/api/v1/nodes/{}:{port}/proxy/", node.name);
            // To port 443 this is plain HTTP, which nginx answers all the same.
            async move { self.proxied(&path).await }.map(move |answer| (node, port, answer))
        }));
        let (pods, ports) = future::join(pods, ports).await;
        let refused = ports
            .into_iter()
            .filter(|(.., answer)| answer.as_ref().is_err_and(|why| why.contains("connection refused")));
        let refused = refused.map(|(node, port, _)| NodePort { node: node.name.clone(), port }).collect();
        ControllerSeen { pods, refused, scratch: None }
    }

    /// What the API server's proxy gives, or why it gets nothing.
    async fn proxied(&self, path: &str) -> Result<HttpAnswer, String> {
        let asked = tokio::time::timeout(DEADLINE, self.raw(request::get(path, false))).await;
        let answer = asked.map_err(|_| "no answer in time".to_owned())??;
        match answer.body.split_once(NOT_REACHED) {
            Some((_, why)) => Err(why.split('"').next().unwrap_or(why).to_owned()),
            None => Ok(answer),
        }
    }
}
