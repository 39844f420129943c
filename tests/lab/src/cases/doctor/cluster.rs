//! The API server, the nodes, what k3s brings, and what pods reach.

use super::Injury;

pub(super) const INJURIES: &[Injury] = &[];
