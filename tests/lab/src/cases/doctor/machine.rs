//! This machine and the configuration.

use super::Injury;

pub(super) const INJURIES: &[Injury] = &[];
