//! The machine that this runs on, where it is a node of the cluster.

use super::Def;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[];
