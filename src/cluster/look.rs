//! Questions about the cluster that are not about the inventory.

use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::Value;

use crate::cluster::request::{self, Purpose};
use crate::cluster::snapshot::items;
use crate::cluster::{Cluster, seen};
use crate::desired::kind::{self, KindRef};
use crate::desired::object::Key;
use crate::error::Result;
use crate::evidence::http::HttpAnswer;
use crate::evidence::local::{NodeAddress, for_pods};
use crate::evidence::pod::{has_ended, is_ready};
use crate::evidence::{CertificateSeen, NodeSeen, View};

/// As much of a body as a check reads.
const BODY_LIMIT: usize = 32 * 1024;
/// As much of a header as is kept, in characters.
const HEADER_LIMIT: usize = 1024;

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
    pub async fn nodes(&self) -> Result<Vec<NodeSeen>> {
        Ok(self.all_nodes().await?.iter().map(seen::node).collect())
    }

    /// Where pods find the programs on each node that has an address.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn node_addresses(&self) -> Result<Vec<NodeAddress>> {
        Ok(self.all_nodes().await?.iter().filter_map(for_pods).collect())
    }

    /// Every node that has an address, with the one at which pods find its programs.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn nodes_with_addresses(&self) -> Result<Vec<(NodeSeen, NodeAddress)>> {
        let nodes = self.all_nodes().await?;
        Ok(nodes.iter().filter_map(|node| Some((seen::node(node), for_pods(node)?))).collect())
    }

    /// Every node, as it lives.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn all_nodes(&self) -> Result<Vec<Value>> {
        let purpose = Purpose { verb: "list", what: "nodes".to_owned() };
        let list = self.send::<Value>(request::get("/api/v1/nodes", false)).await;
        list.map(items).map_err(|failed| self.explain(&purpose, failed))
    }

    /// Every Ingress, whoever made it, as it lives.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn ingresses(&self) -> Result<Vec<Value>> {
        self.all(&kind::INGRESS).await
    }

    /// Every Certificate, whoever made it; none where cert-manager is not installed.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn certificates(&self) -> Result<Vec<CertificateSeen>> {
        Ok(self.all(&kind::CERTIFICATE).await?.iter().map(seen::certificate).collect())
    }

    /// The pods that homelab's own labels give to a workload.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn pods_of(&self, workload: &Key) -> Result<Vec<Value>> {
        let selector = request::escape(&format!("app.kubernetes.io/name={}", workload.name));
        let path = request::collection(&kind::POD, workload.namespace.as_deref());
        let list = self.send::<Value>(request::get(&format!("{path}?labelSelector={selector}"), false)).await;
        let purpose = Purpose { verb: "list", what: format!("the pods of {workload}") };
        list.map(items).map_err(|failed| self.explain(&purpose, failed))
    }

    /// Everything of a kind, whoever made it, as it lives; none where the server does not know the kind.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn all(&self, kind: KindRef) -> Result<Vec<Value>> {
        let (_, list) = self.list(kind, "").await?;
        Ok(list.map(items).unwrap_or_default())
    }

    /// What the first ready one of these pods answers to `GET /` from inside the cluster, by the API server's proxy.
    ///
    /// # Errors
    /// Why no answer could be had, in words.
    pub async fn ask_pod(&self, pods: &[Value], port: u16) -> std::result::Result<HttpAnswer, String> {
        let pod = pods.iter().find(|pod| is_ready(pod)).ok_or("no pod of it is ready")?;
        let (namespace, name) = (pod.namespace(), pod.name());
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/");
        let asked =
            tokio::time::timeout(crate::cluster::REQUEST_DEADLINE, self.raw(request::get(&path, false)))
                .await;
        asked.map_err(|_| "no answer in time".to_owned())?
    }

    /// One request whose answer is not the API server's own.
    pub(super) async fn raw(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> std::result::Result<HttpAnswer, String> {
        let answer = self.asking.send(request.map(Body::from)).await.map_err(|error| error.to_string())?;
        let header = |name| -> Option<String> {
            let value = answer.headers().get(name).and_then(|v| v.to_str().ok());
            value.map(|value| value.chars().take(HEADER_LIMIT).collect())
        };
        let seen = HttpAnswer {
            status: answer.status().as_u16(),
            server: header(http::header::SERVER),
            content_type: header(http::header::CONTENT_TYPE),
            location: header(http::header::LOCATION),
            round: None,
            body: String::new(),
        };
        let body = beginning(answer.into_body(), BODY_LIMIT).await?;
        Ok(HttpAnswer { body: String::from_utf8_lossy(&body).into_owned(), ..seen })
    }

    /// The first `limit` bytes of a text; `None` when the API server does not give it.
    pub(super) async fn text(&self, request: http::Request<Vec<u8>>, limit: usize) -> Option<String> {
        let answer = self.asking.send(request.map(Body::from)).await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        let body = beginning(answer.into_body(), limit).await.ok()?;
        Some(String::from_utf8_lossy(&body).into_owned())
    }

    /// The pods that hold port 80 or 443 of a node, other than homelab's own; empty when it cannot be asked.
    pub async fn host_port_owners(&self) -> Vec<HostPortOwner> {
        let list = self.send::<Value>(request::get("/api/v1/pods", false)).await;
        let pods = list.map(items).unwrap_or_default();
        let foreign = |pod: &&Value| {
            !pod["metadata"]["namespace"].as_str().is_some_and(crate::facts::namespaces::is_home)
                && pod["spec"]["nodeName"].is_string()
                && !has_ended(pod)
        };
        pods.iter().filter(foreign).flat_map(host_ports).collect()
    }
}

/// The first `limit` bytes of a body. The rest, which may have no end, is not read.
async fn beginning(mut body: Body, limit: usize) -> std::result::Result<Vec<u8>, String> {
    let mut read = Vec::new();
    while read.len() < limit {
        let Some(frame) = body.frame().await else { break };
        let frame = frame.map_err(|error| error.to_string())?;
        let data = frame.into_data().unwrap_or_default();
        read.extend_from_slice(data.get(..limit - read.len()).unwrap_or(&data));
    }
    Ok(read)
}

fn host_ports(pod: &Value) -> Vec<HostPortOwner> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let containers = pod["spec"]["containers"].as_array().map_or(&[][..], Vec::as_slice);
    let ports = containers.iter().flat_map(|c| c["ports"].as_array().map_or(&[][..], Vec::as_slice));
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server whose answers have no end.
    async fn endless() -> Cluster {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let head = format!("HTTP/1.1 200 OK\r\nserver: {}\r\n\r\n", "x".repeat(5000));
                    let _ = stream.read(&mut [0; 1024]).await;
                    let mut more = stream.write_all(head.as_bytes()).await;
                    while more.is_ok() {
                        more = stream.write_all(&[b'0'; 65_536]).await;
                    }
                });
            }
        });
        at(server)
    }

    fn at(server: String) -> Cluster {
        let (client, asking) = crate::cluster::clients(kube::Config::new(server.parse().unwrap())).unwrap();
        let certificates = crate::cluster::access::Certificates::default();
        Cluster { client, asking, server, kubeconfig: "fake".into(), certificates }
    }

    /// k3s-io/k3s#10474: what k3s' API server says of a pod that a firewall rejects it from.
    #[tokio::test]
    async fn a_pod_that_is_not_reached_is_asked_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let mut asked = 0;
            let end = tokio::time::sleep(std::time::Duration::from_millis(300));
            tokio::pin!(end);
            loop {
                let accepted = tokio::select! { accepted = listener.accept() => accepted, () = &mut end => return asked };
                let (mut stream, _) = accepted.unwrap();
                asked += 1;
                let body = "{\"kind\":\"Status\",\"message\":\"proxy error\"}";
                let head = format!(
                    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                let _ = stream.read(&mut [0; 1024]).await;
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        });
        let answer = at(server).raw(request::get("/", false)).await.unwrap();
        assert_eq!((answer.status, asked.await.unwrap()), (503, 1));
    }

    #[tokio::test]
    async fn of_a_body_without_end_the_beginning_is_read() {
        let answer = endless().await.raw(request::get("/", false)).await.unwrap();
        assert_eq!(answer.body.len(), BODY_LIMIT);
        assert_eq!(answer.server.map(|server| server.len()), Some(HEADER_LIMIT));
        let text = endless().await.text(request::get("/", false), 1000).await.unwrap();
        assert_eq!(text.len(), 1000);
    }
}
