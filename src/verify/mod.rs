//! Does the outside world agree? Collectors look once, judges are pure functions of what was seen.
//!
//! ```text
//! Evidence (seeded from the cluster) -> collect -> Evidence -> judge -> Report -> settled?
//! ```

#[macro_use]
pub(crate) mod command;
mod collect;
mod evidence;
mod judge;
mod model;
mod ownership;
mod redact;
mod registry;
mod report;
mod settle;
mod shown;
mod words;

pub use collect::{Probes, collect, wildcards};
pub use command::{Command, Pasted};
pub use evidence::{
    Access, AcmeSeen, ApiFailure, ApiFault, Asked, CertificateSeen, ClusterSeen, ConfigSeen, Controller,
    ControllerSeen, DryRun, Evidence, ExternalDnsSeen, Failure, HereSeen, HostSeen, IngressSeen, Issuance,
    Listing, Lookup, MachineSeen, NamesSeen, Network, NodePort, NodeProbe, NodeSeen, Objects, Ownership,
    ProviderFailure, ProviderSeen, Refusal, Reload, ReloadSeen, ResolverSeen, ScratchFailure, ScratchSeen,
    SecretSeen, Seen, ServiceLookup, Signs, UnitSeen, WAITING_PODS, WebhookSeen, ZoneSeen, at, entries,
    probe_name,
};
pub use evidence::{
    Cidr, Clock, ClockSeen, Conflict, DhcpcdSeen, Disk, DriftSeen, Drifted, Linked, Listener, ResolvSeen,
    Route, ServiceSeen, WildcardSeen,
};
pub use evidence::{CopyState, SyncSeen, TokenCopy, TokenPlace, TokenProblem, TokenSeen};
pub use model::{Check, CheckId, Finding, Fix, Heals, Judged, Outcome, Severity, Subject, Vantage};
pub use ownership::{Owner, claims, owned, registry_name};
pub use redact::{redacted, scrubbed};
pub use registry::{Cause, Def, Explain, GROUPS, Group, checks, def, id};
pub use report::{Counts, Report};
pub use settle::{Theirs, next_try, settled, waited_for, waiting};
pub(crate) use words::span;

/// Judges what was seen: every check for every host and node.
#[must_use]
pub fn judge(evidence: &Evidence) -> Report {
    let report = Report::assemble(judge::all(evidence));
    #[cfg(test)]
    redact::tests::comes_to_the_same(evidence, &report);
    if judge::is_without_nixos(evidence) { report.without_nixos() } else { report }
}

/// Whether `up` ends with the check.
#[must_use]
pub fn in_up(id: CheckId) -> bool {
    def(id).is_some_and(|def| def.in_up)
}

#[cfg(test)]
mod tests;
