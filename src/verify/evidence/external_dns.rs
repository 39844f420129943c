//! What external-dns says of itself.

use serde::Serialize;

/// The metrics of external-dns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExternalDnsSeen {}
