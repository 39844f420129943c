//! Does the outside world agree? Collectors look once, judges are pure functions of what was seen.
//!
//! ```text
//! Evidence (seeded from the cluster) -> collect -> Evidence -> judge -> Report -> settled?
//! ```

mod collect;
mod evidence;
mod judge;
mod model;
mod ownership;
mod registry;
mod report;
mod settle;
mod words;

pub use collect::{Probes, collect};
pub use evidence::{
    CertificateSeen, Controller, Evidence, HostSeen, IngressSeen, Lookup, NodeProbe, NodeSeen, Ownership,
    ProviderFailure, ProviderSeen, Seen, probe_name,
};
pub use model::{Check, CheckId, Finding, Fix, Heals, Judged, Outcome, Severity, Subject, Vantage};
pub use ownership::{Owner, registry_name};
pub use registry::{CHECKS, Def, def, id};
pub use report::{Counts, Report};
pub use settle::{next_try, settled, waiting};

/// Judges what was seen.
#[must_use]
pub fn judge(evidence: &Evidence) -> Report {
    Report::assemble(judge::all(evidence))
}

#[cfg(test)]
mod tests;
