//! external-dns and its records.

use super::Injury;

pub(super) const INJURIES: &[Injury] = &[];
