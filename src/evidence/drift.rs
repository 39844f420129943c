//! What differs between the configuration and the cluster.

use serde::Serialize;

use crate::facts::gitops::Deployer;
use crate::outside::command::Command;

/// What `homelab up` would do, or what is not as a GitOps program should have made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DriftSeen {
    /// The objects that it would write.
    pub write: Vec<Drifted>,
    /// The objects that it would delete.
    pub prune: Vec<String>,
    /// The fields that it would not get: others own them, with other values.
    pub conflicts: Vec<Conflict>,
    /// Whether the cluster has no object of homelab's beside what `homelab down` keeps. Off also where that is not known.
    pub bare: bool,
    /// How many objects are as they should be.
    pub kept: usize,
    /// The owner id of another lab that homelab has applied in this cluster.
    pub other_lab: Option<String>,
    /// The GitOps program that applies the lab in place of `homelab up`.
    pub deployer: Option<Deployer>,
    /// What could not be compared, and why, in words.
    pub left_out: Vec<String>,
}

/// An object that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "how", content = "object", rename_all = "kebab-case")]
pub enum Drifted {
    /// It is not there.
    Missing(String),
    /// The same was applied before: somebody changed it since.
    Touched(String),
    /// Something else was applied before: the configuration or homelab itself has changed since.
    Outdated(String),
}

impl Drifted {
    /// The object, for example `Deployment external-dns/external-dns`.
    #[must_use]
    pub fn object(&self) -> &str {
        let (Self::Missing(object) | Self::Touched(object) | Self::Outdated(object)) = self;
        object
    }
}

/// Fields of one object that another manager owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The object, for example `Deployment external-dns/external-dns`.
    pub object: String,
    /// The same as `kubectl` takes it: `-n external-dns deployment/external-dns`; `None` when that cannot be quoted.
    pub argument: Option<Command>,
    /// Who owns the fields.
    pub manager: String,
    /// The fields, for example `.spec.replicas`.
    pub fields: Vec<String>,
    /// Where the manager stands among the object's managed fields; `None` when homelab itself owns nothing of it.
    pub entry: Option<usize>,
}
