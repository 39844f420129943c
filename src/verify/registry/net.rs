//! What pods reach.

use super::Def;
use crate::verify::model::CheckId;

/// This machine is in the network of the nodes.
pub const HOME: CheckId = CheckId("net.home");

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[Def::error(HOME, "this machine is where the nodes are")];
