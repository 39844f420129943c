//! The words of a check. Everything here is data: it is shown, serialised and compared, never run.

use std::fmt;

use serde::Serialize;

use super::finding::{Finding, short};

/// The stable name of a check, for example `dns.rebind`. Never reused, never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CheckId(pub(in crate::checks) &'static str);

impl CheckId {
    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Where an answer was seen from: the same question has different answers at each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "from", content = "name", rename_all = "kebab-case")]
pub enum Vantage {
    /// What was written, before anything is asked.
    Config,
    /// This machine's own files.
    Machine,
    /// The objects as the API server has them.
    Api,
    /// A request to a pod, by way of the API server.
    Cluster,
    /// A request from here to the addresses of the node of that name.
    Node(String),
    /// The zone as the provider's API lists it.
    Provider,
    /// A server that holds the zone, by its name: no cache in between.
    Authoritative(String),
    /// A resolver of the internet, by its address or URL.
    PublicDns(String),
    /// What a program on this machine gets when it looks a name up.
    System,
    /// A request from here to what the name resolves to, as a browser goes.
    Lan,
}

impl fmt::Display for Vantage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config => f.write_str("the configuration"),
            Self::Machine => f.write_str("this machine"),
            Self::Api => f.write_str("the Kubernetes API"),
            Self::Cluster => f.write_str("from inside the cluster"),
            Self::Node(name) => write!(f, "from this machine to node {name}"),
            Self::Provider => f.write_str("the DNS provider"),
            Self::Authoritative(server) => write!(f, "authoritative server {server}"),
            Self::PublicDns(server) => write!(f, "public resolver {server}"),
            Self::System => f.write_str("this machine's resolver"),
            Self::Lan => f.write_str("from this machine by name"),
        }
    }
}

/// How much a failure matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know; changes no exit code and is not waited for.
    Info,
    /// Works, but not for long; changes no exit code and is not waited for.
    Warning,
    /// Does not work: exit code 1, and waited for where it heals.
    Error,
}

/// What a check is about: a host, a node, both, or the whole lab.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Subject {
    /// `None` when no one host is meant. A certificate that belongs to none goes by its place, `namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// `None` when no one node is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl Subject {
    /// A host.
    pub fn host(host: impl Into<String>) -> Self {
        Self { host: Some(host.into()), node: None }
    }

    /// A certificate that belongs to no host, by its place, `namespace/name`: no host is called so.
    pub fn certificate(place: impl Into<String>) -> Self {
        Self::host(place)
    }

    /// A node.
    pub fn node(node: impl Into<String>) -> Self {
        Self { host: None, node: Some(node.into()) }
    }

    /// A host as one node serves it.
    pub fn both(host: impl Into<String>, node: impl Into<String>) -> Self {
        Self { host: Some(host.into()), node: Some(node.into()) }
    }

    /// Whether nothing in the two differs: a fault of the whole lab touches every host, one host's no other.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
        same(&self.host, &other.host) && same(&self.node, &other.node)
    }
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It is as it should be.
    Pass {
        /// What was seen, in a few words.
        saw: String,
    },
    /// It is not as it should be.
    Fail(Finding),
    /// It does not apply here.
    Skip {
        /// The reason, in words.
        why: String,
    },
    /// Another check failed, and this one cannot be better.
    Blocked {
        /// The root cause: it failed itself and is not blocked in turn.
        by: CheckId,
    },
    /// It could not be looked at, which is not the same as broken.
    Unknown {
        /// What kept it from being looked at.
        why: String,
    },
}

impl Outcome {
    pub(in crate::checks) fn pass(saw: impl Into<String>) -> Self {
        Self::Pass { saw: short(saw) }
    }

    pub(in crate::checks) fn skip(why: impl Into<String>) -> Self {
        Self::Skip { why: short(why) }
    }

    pub(in crate::checks) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: short(why) }
    }
}

impl From<Finding> for Outcome {
    fn from(finding: Finding) -> Self {
        Self::Fail(finding)
    }
}

/// What a judge gives: the registry adds the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Which check of the registry it is.
    pub id: CheckId,
    /// The host or node it was judged for.
    pub subject: Subject,
    /// Where it was seen from.
    pub vantage: Vantage,
    /// As seen, before other failures are held against it.
    pub outcome: Outcome,
}

/// What a judge says of one check.
pub(in crate::checks) fn judged(
    id: CheckId,
    subject: Subject,
    vantage: Vantage,
    outcome: impl Into<Outcome>,
) -> Judged {
    Judged { id, subject, vantage, outcome: outcome.into() }
}

/// A check with its outcome, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which check of the registry it is.
    pub id: CheckId,
    /// What holds when it passes, as a statement.
    pub title: &'static str,
    /// The host or node it was judged for.
    #[serde(flatten)]
    pub subject: Subject,
    /// Where it was seen from.
    pub vantage: Vantage,
    /// How much a failure of it matters: from the registry, or less if the finding says so.
    pub severity: Severity,
    /// The checks whose failure blocks this one, from the registry.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub needs: &'static [CheckId],
    /// Blocked, if the failure of another check explains it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Check {
    /// The finding, if it failed.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        match &self.outcome {
            Outcome::Fail(finding) => Some(finding),
            _ => None,
        }
    }

    /// Whether it is the failure that blocks one of them.
    pub(super) fn blocks_any(&self, blocking: &[(CheckId, Subject)]) -> bool {
        let blocks = |(by, of): &(CheckId, Subject)| *by == self.id && self.subject.touches(of);
        self.finding().is_some() && blocking.iter().any(blocks)
    }
}
