//! How long `up` and `doctor --wait` wait for what may be better by itself, and for what others start: the programs behind the names.

use std::time::Duration;

use jiff::Timestamp;

use super::ids::{ANSWER, END_TO_END};
use crate::checks::engine::{Check, Report, waiting};

/// Who has to start what a name leads to, where that is not homelab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theirs {
    /// A machine outside the cluster, or a program on a node itself. When it is off, somebody has to switch it on.
    Machine,
    /// A program in the cluster. Its pods may still be starting, after the machine was switched on.
    Pods,
}

impl Theirs {
    /// How long `up` looks on while it does not answer: nginx takes a new backend in within a few seconds.
    pub const fn patience(self) -> Duration {
        match self {
            Self::Machine => Duration::from_secs(10),
            Self::Pods => Duration::from_secs(90),
        }
    }
}

/// How long a failure may last that is better soon or not at all.
const MOMENT: Duration = Duration::from_secs(90);

/// The failures that `up` and `doctor --wait` still wait for when they have looked for so long already. That a service does not
/// answer heals by waiting for its owner, not for homelab; `owner` tells who that is, by the name of the host. What is better
/// soon or not at all is waited for a moment. And nothing is that is known to last beyond `until`, the end of the waiting: an
/// absence that a router has cached, a pause of cert-manager.
pub fn waited_for(
    report: &Report,
    so_long: Duration,
    until: Timestamp,
    owner: impl Fn(&str) -> Option<Theirs>,
) -> impl Iterator<Item = &Check> {
    let may_end = move |check: &Check| {
        check.finding().is_none_or(|finding| {
            finding.retry_at.is_none_or(|at| at <= until) && (!finding.soon || so_long < MOMENT)
        })
    };
    waiting(report).filter(move |check| may_end(check)).filter(move |check| {
        let answer = [ANSWER, END_TO_END].contains(&check.id);
        let owner = check.subject.host.as_deref().filter(|_| answer).and_then(&owner);
        owner.is_none_or(|owner| so_long < owner.patience())
    })
}
