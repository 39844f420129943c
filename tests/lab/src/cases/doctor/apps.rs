//! The services behind the names.

use super::Injury;

pub(super) const INJURIES: &[Injury] = &[];
