//! This machine, from its own files.

use serde::Serialize;

/// What the machine says of itself; every part may be missing, as files of others cannot be read by everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MachineSeen {}
