//! Where the configuration lets pods connect to, and whether it is enforced.

use serde::Serialize;

use super::TrialSeen;

/// The name of the ConfigMap of Cilium's agents, and of its list among the objects.
pub const CILIUM_CONFIG: &str = "configmaps/cilium-config";

/// What the configuration keeps in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EgressSeen {
    /// The keys.
    pub keys: Vec<String>,
    /// The names and patterns in them.
    pub names: Vec<String>,
    /// What came of trying it out; `None` where nobody did.
    pub trial: Option<TrialSeen>,
}
