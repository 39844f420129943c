//! What was written.

use serde::Serialize;

/// The configuration, as far as checks compare with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConfigSeen {
    /// Why the file cannot be used, as `homelab up` says it; `None` when it can.
    pub problem: Option<super::Failure>,
    /// The hosts that it names.
    pub hosts: Vec<String>,
}
