//! What the configuration says, as it lies in the cluster.

use super::Def;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[];
