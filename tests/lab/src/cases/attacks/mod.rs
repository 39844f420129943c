//! What a stranger can write (objects, names, records, logs, files) against what homelab deletes, prints, pastes and keeps.

mod demo;

use super::{Case, with_all};

/// Every case; each theme has a file of its own.
pub(super) const CASES: &[Case] = &[with_all(
    "attacks",
    "a visitor cannot switch the demo's health off",
    demo::health_cannot_be_switched_off,
)];
