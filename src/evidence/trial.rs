//! Whether policies are enforced, tried out by pods that live for some seconds.

use serde::Serialize;

/// What came of it on each node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TrialSeen {
    /// The nodes on which a pod was to run.
    pub nodes: Vec<NodeTrial>,
    /// The word that everything of it bears.
    pub mark: String,
    /// Why something of it could not be removed, if so.
    pub left: Option<String>,
}

/// What came of it on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeTrial {
    /// The name of the node.
    pub node: String,
    /// What was seen.
    pub tried: Tried,
}

/// What a pod reached, without a policy and with one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tried {
    /// Everything before the policy was there, and then only what it allows.
    Enforced,
    /// With the policy, still what it forbids: that, in words.
    Open(Vec<String>),
    /// With the policy, not all that it allows: what is missing, in words.
    Shut(Vec<String>),
    /// It could not be tried, and why.
    Untried(String),
}

impl TrialSeen {
    /// The same for each of these nodes.
    #[must_use]
    pub fn nowhere(nodes: &[String], why: &str) -> Self {
        let untried = |node: &String| NodeTrial { node: node.clone(), tried: Tried::Untried(why.to_owned()) };
        Self { nodes: nodes.iter().map(untried).collect(), ..Self::default() }
    }
}
