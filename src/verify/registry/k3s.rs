//! The API server, the nodes and what k3s brings.

use super::Def;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[];
