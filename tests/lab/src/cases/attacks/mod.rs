//! What a stranger can write (objects, names, records, logs, files) against what homelab deletes, prints, pastes and keeps.

use super::Case;

/// Every case; each theme has a file of its own.
pub(super) const CASES: &[Case] = &[];
