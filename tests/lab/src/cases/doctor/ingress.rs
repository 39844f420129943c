//! Ports 80 and 443, the controller and the Ingresses.

use super::Injury;

pub(super) const INJURIES: &[Injury] = &[];
