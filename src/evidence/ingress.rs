//! The ingress controller, asked where it runs.

use serde::Serialize;

use crate::evidence::Seen;
use crate::evidence::dial::Dial;
use crate::evidence::http::HttpAnswer;

/// What the nodes' ports answer the API server, and what became of a scratch Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ControllerSeen {
    /// The ports of nodes that refused a connection of the API server: it goes to the node's own address.
    pub refused: Vec<NodePort>,
    /// What came of an Ingress that was made for a moment, or why it could not be made; `None` without `--active`.
    pub scratch: Option<Result<ScratchSeen, ScratchFailure>>,
}

/// A port of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodePort {
    /// The name of the node.
    pub node: String,
    /// 80 or 443.
    pub port: u16,
    /// How it turned the API server away.
    pub how: Dial,
}

/// A scratch Ingress, by now removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ScratchSeen {
    /// The host that it had; no record was made for it.
    pub host: String,
    /// The namespace that it was in.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The last answer of each ready node to that host, once it was no 404 any more, or time was up.
    pub nodes: Vec<Seen<HttpAnswer>>,
    /// Why it could not be removed again; `None` when it was.
    pub left: Option<String>,
}

/// Why no scratch Ingress could be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScratchFailure {
    /// What the API server said.
    pub why: String,
    /// The user of the kubeconfig may not: that says nothing about the cluster.
    pub forbidden: bool,
}
