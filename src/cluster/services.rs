//! The Services of the cluster, to choose one from.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::cluster::Cluster;
use crate::cluster::examine::of_backend;
use crate::cluster::request::{self, Purpose};
use crate::cluster::snapshot::items;
use crate::error::Result;
use crate::evidence::http::{HttpAnswer, Scheme};
use crate::evidence::{View, at, entries};

/// How long a Service may take to answer the API server.
const ANSWER: Duration = Duration::from_secs(4);

/// A Service that a name may lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its ports that speak TCP.
    pub ports: Vec<Port>,
}

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Its name; empty when it has none.
    pub name: String,
}

impl Cluster {
    /// Every Service.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn services(&self) -> Result<Vec<Offered>> {
        let purpose = Purpose { verb: "list", what: "services".to_owned() };
        let list = self.send::<Value>(request::get("/api/v1/services", false)).await;
        let list = list.map_err(|failed| self.explain(&purpose, failed))?;
        Ok(items(list).iter().map(offered).collect())
    }

    /// What a Service answers to `GET /`, asked by the API server's proxy, and the path that was asked for.
    ///
    /// # Errors
    /// Why no answer could be had, in words.
    pub async fn ask_service(
        &self,
        service: &Offered,
        port: u16,
        scheme: Scheme,
    ) -> std::result::Result<(HttpAnswer, String), String> {
        let prefix = if scheme == Scheme::Https { "https:" } else { "" };
        let Offered { namespace, name, .. } = service;
        let path = format!("/api/v1/namespaces/{namespace}/services/{prefix}{name}:{port}/proxy/");
        let asked = timeout(ANSWER, self.raw(request::get(&path, false))).await;
        let answer = asked.map_err(|_| "no answer in time".to_owned())??;
        of_backend(answer).map(|answer| (answer, path))
    }
}

fn offered(service: &Value) -> Offered {
    let ports = entries(service, "/spec/ports").iter().filter(|port| {
        let protocol = at(port, "/protocol");
        protocol.is_empty() || protocol == "TCP"
    });
    let port = |port: &Value| {
        let number = port["port"].as_u64().and_then(|number| number.try_into().ok())?;
        Some(Port { number, name: at(port, "/name").to_owned() })
    };
    Offered {
        namespace: service.namespace().to_owned(),
        name: service.name().to_owned(),
        ports: ports.filter_map(port).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake::cluster;

    fn immich() -> Value {
        json!({ "metadata": { "namespace": "immich", "name": "server" }, "spec": { "ports": [
            { "port": 2283, "name": "http", "protocol": "TCP" }, { "port": 53, "protocol": "UDP" }, {}] } })
    }

    #[tokio::test]
    async fn services_are_listed_with_their_ports_of_tcp() {
        let (cluster, _) = cluster(|_, _| (200, json!({ "items": [immich()] })));
        let port = Port { number: 2283, name: "http".into() };
        let wanted = Offered { namespace: "immich".into(), name: "server".into(), ports: vec![port] };
        assert_eq!(cluster.services().await.unwrap(), [wanted]);
    }

    #[tokio::test]
    async fn a_service_is_asked_by_the_proxy_and_the_api_servers_own_words_are_no_answer() {
        let (cluster, log) = cluster(|line, _| match line.contains("https:") {
            true => (200, json!("hello")),
            false => (503, json!({ "kind": "Status", "message": "no endpoints available" })),
        });
        let service = offered(&immich());
        let http = cluster.ask_service(&service, 2283, Scheme::Http).await;
        assert_eq!(http.unwrap_err(), "no endpoints available");
        let (answer, path) = cluster.ask_service(&service, 2283, Scheme::Https).await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "hello"));
        assert!(
            log.lock().unwrap()[1].ends_with(&path) && path.contains("/services/https:server:2283/proxy/")
        );
    }
}
