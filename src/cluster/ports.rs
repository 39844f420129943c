//! The ports of the nodes, asked by the API server: a second place from which they can be seen.

use std::time::Duration;

use futures::future;

use crate::cluster::{Cluster, request};
use crate::evidence::{NodePort, NodeSeen};

/// A port that refuses does so at once; the API server itself waits for half a minute.
const DEADLINE: Duration = Duration::from_secs(3);

impl Cluster {
    /// Which of ports 80 and 443 of the ready nodes refuse the API server, which goes to each node's own address. An answer
    /// proves less: it may come over a connection from before, which outlives the rules of the hostPorts.
    pub async fn refused_ports(&self, nodes: &[NodeSeen]) -> Vec<NodePort> {
        let ports =
            nodes.iter().filter(|node| node.ready).flat_map(|node| [80, 443].map(|port| (node, port)));
        let asked = ports.map(|(node, port)| async move {
            let path = format!("/api/v1/nodes/{}:{port}/proxy/", node.name);
            let answer = tokio::time::timeout(DEADLINE, self.raw(request::get(&path, false))).await;
            let refused = answer.ok()?.ok()?.body.contains("connect: connection refused");
            refused.then(|| NodePort { node: node.name.clone(), port })
        });
        future::join_all(asked).await.into_iter().flatten().collect()
    }
}
