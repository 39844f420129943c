//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// No namespace waits for its end.
pub const NAMESPACES: CheckId = CheckId("lab.namespaces");
/// The cluster has homelab installed.
pub const INSTALLED: CheckId = CheckId("lab.installed");
/// No field that homelab sets is owned by another with another value.
pub const CONFLICT: CheckId = CheckId("lab.conflict");
/// `homelab up` would change nothing.
pub const APPLIED: CheckId = CheckId("lab.applied");
