//! A group of checks: its definitions and its judges, as one value.

use super::definition::Def;
use super::model::Judged;
use crate::evidence::{Evidence, HostSeen};

/// Judges what there is once, however many hosts there are: a pure function.
type OfLab = fn(&Evidence) -> Vec<Judged>;
/// Judges one host by its name: a pure function.
type OfHost = fn(&Evidence, &str, &HostSeen) -> Vec<Judged>;

/// Checks that look at the same thing. Its judges speak of [`Self::checks`] and of no others.
#[derive(Clone, Copy)]
pub struct Group {
    /// What stands before the dot of a check's name, for example `dns`.
    pub name: &'static str,
    /// What it looks at, in one line.
    pub about: &'static str,
    /// Its checks, causes first.
    pub checks: &'static [Def],
    of_lab: Option<OfLab>,
    of_host: Option<OfHost>,
}

impl Group {
    /// A group that judges nothing yet.
    pub(in crate::checks) const fn new(
        name: &'static str,
        about: &'static str,
        checks: &'static [Def],
    ) -> Self {
        Self { name, about, checks, of_lab: None, of_host: None }
    }

    /// With the judge of what is no single host's.
    pub(in crate::checks) const fn for_lab(self, judge: OfLab) -> Self {
        Self { of_lab: Some(judge), ..self }
    }

    /// With the judge that is asked for each host.
    pub(in crate::checks) const fn for_each_host(self, judge: OfHost) -> Self {
        Self { of_host: Some(judge), ..self }
    }

    /// All that its judges say: of the lab first, then of each host.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence) -> Vec<Judged> {
        let mut found: Vec<Judged> = self.of_lab.map(|judge| judge(evidence)).unwrap_or_default();
        if let Some(judge) = self.of_host {
            found.extend(evidence.hosts.iter().flat_map(|(host, seen)| judge(evidence, host, seen)));
        }
        found
    }
}
