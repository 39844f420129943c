//! The API token, by everything but its value.

use serde::Serialize;

/// Where the token came from and where copies of it lie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenSeen {}
