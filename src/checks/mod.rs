//! Does the outside world agree? Judges are pure functions of what was seen: [`crate::evidence`] in, a [`Report`] out.
//!
//! One folder a group: the names of its checks (`ids`), what `homelab doctor --explain` and docs/checks.md say of each
//! (`texts`), its judges, and its tests. Each gives one [`Group`]; [`GROUPS`] has them all, and a test holds that no check is
//! without a judge and no judge without a check. What several groups read of Kubernetes' objects is in `reading`.

mod apps;
mod cm;
mod config;
mod deployed;
mod dns;
mod edns;
mod egress;
mod engine;
mod host;
pub mod id;
mod ingress;
mod k3s;
mod lab;
mod net;
mod provider;
mod public;
mod reading;
mod scaled;
mod tls;
mod tunnel;
mod unread;
mod visitor;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use crate::evidence::{Evidence, at};

pub use apps::{Theirs, leads_back, says_tls, waited_for};
pub use cm::{misled, undelegated};
pub use engine::{
    Cause, Check, CheckId, Counts, Def, Explain, Finding, Fix, Group, Heals, Judged, Needs, Outcome, Report,
    Severity, Subject, Vantage, next_try, settled, waiting, words,
};

/// Every group, in the order of a report: from what lies below to what people see. Causes come before what follows from
/// them.
pub const GROUPS: &[Group] = &[
    config::GROUP,
    host::GROUP,
    k3s::GROUP,
    net::GROUP,
    egress::GROUP,
    lab::GROUP,
    ingress::GROUP,
    provider::GROUP,
    public::GROUP,
    edns::GROUP,
    tunnel::GROUP,
    dns::GROUP,
    cm::GROUP,
    tls::GROUP,
    apps::GROUP,
];

/// Every check, in the order of a report: that of the groups, but that what a check needs comes before it.
pub fn checks() -> impl Iterator<Item = &'static Def> {
    static ORDERED: LazyLock<Vec<&'static Def>> = LazyLock::new(|| {
        let all: Vec<&'static Def> = GROUPS.iter().flat_map(|group| group.checks).collect();
        let mut ordered = Vec::with_capacity(all.len());
        all.iter().for_each(|def| place(def, &all, &mut ordered, &mut Vec::new()));
        ordered
    });
    ORDERED.iter().copied()
}

/// Puts a check after all that it needs. `above` are those that wait for this one: a circle ends there, and a test tells.
fn place(def: &'static Def, all: &[&'static Def], ordered: &mut Vec<&'static Def>, above: &mut Vec<CheckId>) {
    if above.contains(&def.id) || ordered.iter().any(|placed| placed.id == def.id) {
        return;
    }
    above.push(def.id);
    for need in def.needs.iter().filter_map(|need| all.iter().find(|other| other.id == *need)) {
        place(need, all, ordered, above);
    }
    above.pop();
    ordered.push(def);
}

/// What is fixed about the check of that name.
#[must_use]
pub fn def(id: CheckId) -> Option<&'static Def> {
    checks().find(|def| def.id == id)
}

/// Whether `up` ends with the check.
#[must_use]
pub fn in_up(id: CheckId) -> bool {
    def(id).is_some_and(|def| def.in_up)
}

/// Whether the check runs only when it is asked for by its name.
#[must_use]
pub fn is_asked(id: CheckId) -> bool {
    def(id).is_some_and(|def| def.asked)
}

/// Judges what was seen: every check for every host and node.
#[must_use]
pub fn judge(evidence: &Evidence) -> Report {
    let report = report_of(judged(evidence));
    #[cfg(test)]
    tests::redaction::comes_to_the_same(evidence, &report);
    if is_without_nixos(evidence) { report.without_nixos() } else { report }
}

/// A report of these outcomes.
#[must_use]
pub fn report_of(judged: Vec<Judged>) -> Report {
    Report::assemble(checks(), judged)
}

/// What every group says, before one failure is held against another.
fn judged(evidence: &Evidence) -> Vec<Judged> {
    let mut judged: Vec<Judged> = GROUPS.iter().flat_map(|group| group.judge(evidence)).collect();
    ingress::withhold_restarts(&mut judged);
    scaled::tell_once(evidence, &mut judged);
    unread::tell_why(evidence, &mut judged);
    if evidence.offline {
        judged.iter_mut().for_each(leave_out_what_lies_beyond);
    }
    if let Some(by) = deployed::by(evidence) {
        judged.iter_mut().for_each(|judged| deployed::through(by, judged));
    }
    if visitor::is_one(evidence) {
        judged.iter_mut().for_each(visitor::leave_out);
    }
    judged
}

/// What lies beyond this network was not asked, because nobody wanted it.
fn leave_out_what_lies_beyond(judged: &mut Judged) {
    let beyond =
        matches!(judged.vantage, Vantage::Provider | Vantage::Authoritative(_) | Vantage::PublicDns(_));
    if beyond && matches!(judged.outcome, Outcome::Unknown { .. }) {
        judged.outcome = Outcome::skip("--offline");
    }
}

/// Whether every node tells its system, and none is NixOS.
fn is_without_nixos(evidence: &Evidence) -> bool {
    let nodes = evidence.objects("nodes").unwrap_or_default();
    let systems: Vec<&str> = nodes.iter().map(|node| at(node, "/status/nodeInfo/osImage")).collect();
    !systems.is_empty() && systems.iter().all(|system| !system.is_empty() && !system.contains("NixOS"))
}
