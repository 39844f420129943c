//! The ports of the nodes, asked by the API server: a second place from which they can be seen.

use std::time::Duration;

use futures::future;

use crate::cluster::{Cluster, request};
use crate::evidence::dial::Dial;
use crate::evidence::{NodePort, NodeSeen};

/// A port that refuses does so at once; the API server itself waits for half a minute.
const DEADLINE: Duration = Duration::from_secs(3);

impl Cluster {
    /// Which of ports 80 and 443 of the ready nodes turn the API server away, which goes to each node's own address. An answer
    /// proves less: it may come over a connection from before, which outlives the rules of the hostPorts.
    pub async fn refused_ports(&self, nodes: &[NodeSeen]) -> Vec<NodePort> {
        let ports =
            nodes.iter().filter(|node| node.ready).flat_map(|node| [80, 443].map(|port| (node, port)));
        let asked = ports.map(|(node, port)| async move {
            let path = format!("/api/v1/nodes/{}:{port}/proxy/", node.name);
            let answer = tokio::time::timeout(DEADLINE, self.raw(request::get(&path, false))).await;
            let how = Dial::of(&answer.ok()?.ok()?.body)?;
            let away = matches!(how, Dial::Refused | Dial::TurnedAway);
            away.then(|| NodePort { node: node.name.clone(), port, how })
        });
        future::join_all(asked).await.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake::cluster;

    #[tokio::test]
    async fn ports_that_refuse_the_api_server_are_told_and_nodes_that_are_not_ready_are_not_asked() {
        let cases = [
            ("dial tcp 192.168.1.2:80: connect: connection refused", Some(Dial::Refused)),
            (
                "proxy error from 127.0.0.1:6443 while dialing 192.168.1.2:80, code 502: 502 Bad Gateway",
                Some(Dial::TurnedAway),
            ),
            ("dial tcp 192.168.1.2:80: i/o timeout", None),
        ];
        let node = |name: &str, ready| NodeSeen {
            name: name.into(),
            ready,
            addresses: vec![],
            ..NodeSeen::default()
        };
        for (said, how) in cases {
            let (cluster, log) = cluster(move |line, _| match line.ends_with("/nodes/pi:80/proxy/") {
                true => {
                    let message = format!("error trying to reach service: {said}");
                    (503, json!({ "kind": "Status", "status": "Failure", "code": 503, "message": message }))
                }
                false => (404, json!("nginx")),
            });
            let seen = cluster.refused_ports(&[node("pi", true), node("gone", false)]).await;
            let wanted = how.map(|how| NodePort { node: "pi".into(), port: 80, how });
            assert_eq!((seen, log.lock().unwrap().len()), (Vec::from_iter(wanted), 2), "{said}");
        }
    }
}
