//! cert-manager, the authority and the certificates that are served.

use super::Injury;

pub(super) const INJURIES: &[Injury] = &[];
