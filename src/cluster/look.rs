//! Questions about the cluster that are not about the inventory.

use std::net::IpAddr;

use serde_json::Value;

use super::Cluster;
use super::request::{self, Purpose};
use super::snapshot::items;
use crate::error::Result;

/// A node as a client in the house sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its name.
    pub name: String,
    /// Whether the kubelet says that it is ready.
    pub ready: bool,
    /// Its addresses of type InternalIP.
    pub addresses: Vec<IpAddr>,
}

/// A pod that holds port 80 or 443 of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPortOwner {
    /// The port.
    pub port: u64,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub name: String,
}

impl Cluster {
    /// Every node.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn nodes(&self) -> Result<Vec<NodeFacts>> {
        let purpose = Purpose {
            verb: "list",
            what: "nodes".to_owned(),
        };
        let list = self.send::<Value>(request::get("/api/v1/nodes", false)).await;
        let list = list.map_err(|failed| self.explain(&purpose, failed))?;
        Ok(items(list).iter().map(node).collect())
    }

    /// What the ingress controller's pod answers from inside the cluster, by the API server's proxy: status and body.
    ///
    /// # Errors
    /// Why no answer could be had, in words.
    pub async fn ask_pod(
        &self,
        namespace: &str,
        selector: &str,
        port: u16,
    ) -> std::result::Result<(u16, String), String> {
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods?labelSelector={}",
            request::escape(selector)
        );
        let pods = self.send::<Value>(request::get(&path, false)).await;
        let pods = pods.map_err(|failed| {
            self.explain(
                &Purpose {
                    verb: "list",
                    what: "pods".to_owned(),
                },
                failed,
            )
            .what
        })?;
        let running = |pod: &Value| {
            pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null()
        };
        let pods = items(pods);
        let pod = pods.iter().find(|pod| running(pod)).ok_or("no pod of it runs")?;
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/");
        let answer = tokio::time::timeout(
            super::REQUEST_DEADLINE,
            self.client.request_text(request::get(&path, false)),
        );
        match answer.await {
            Ok(Ok(body)) => Ok((200, body)),
            Ok(Err(kube::Error::Api(status))) => Ok((status.code, status.message.clone())),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    /// The pods that hold port 80 or 443 of a node, other than homelab's own; empty when it cannot be asked.
    pub async fn host_port_owners(&self) -> Vec<HostPortOwner> {
        let list = self.send::<Value>(request::get("/api/v1/pods", false)).await;
        let pods = list.map(items).unwrap_or_default();
        let foreign = |pod: &&Value| {
            pod["metadata"]["labels"][crate::desired::meta::MANAGED_BY] != crate::desired::meta::HOMELAB
                && pod["spec"]["nodeName"].is_string()
        };
        pods.iter().filter(foreign).flat_map(host_ports).collect()
    }
}

fn host_ports(pod: &Value) -> Vec<HostPortOwner> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let containers = pod["spec"]["containers"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let ports = containers
        .iter()
        .flat_map(|c| c["ports"].as_array().map_or(&[][..], Vec::as_slice));
    ports
        .filter_map(|p| p["hostPort"].as_u64())
        .filter(|port| [80, 443].contains(port))
        .map(|port| HostPortOwner {
            port,
            namespace: text(&pod["metadata"]["namespace"]),
            name: text(&pod["metadata"]["name"]),
        })
        .collect()
}

fn node(object: &Value) -> NodeFacts {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let ready = |c: &Value| c["type"] == "Ready" && c["status"] == "True";
    NodeFacts {
        name: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        ready: list(&object["status"]["conditions"]).iter().any(ready),
        addresses: list(&object["status"]["addresses"])
            .iter()
            .filter(|a| a["type"] == "InternalIP")
            .filter_map(|a| a["address"].as_str()?.parse().ok())
            .collect(),
    }
}
