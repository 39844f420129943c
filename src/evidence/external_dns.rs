//! What external-dns says of itself.

use jiff::Timestamp;
use serde::Serialize;

/// The answer of external-dns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExternalDnsSeen {
    /// Its metrics, or why there are none: no pod of it runs, or the API server does not reach it.
    pub metrics: Result<SyncSeen, String>,
}

/// How its loop goes (external-dns, docs/monitoring/metrics.md). Every number counts from the start of its process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncSeen {
    /// When it last began to compare; `None` before the first time.
    pub began: Option<Timestamp>,
    /// When it last ended well; `None` before the first time.
    pub synced: Option<Timestamp>,
    /// Runs in a row that failed and are tried again.
    pub soft_errors: u32,
    /// How often reading or writing records failed.
    pub registry_errors: u32,
    /// How often reading the Ingresses failed.
    pub source_errors: u32,
}
