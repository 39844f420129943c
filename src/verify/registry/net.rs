//! What pods reach.

use super::Def;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[];
