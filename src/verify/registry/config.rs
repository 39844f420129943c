//! The configuration, before anything is asked.

use super::Def;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[];
