//! All outcomes together: what blocks what, the counts, the exit code.

use serde::Serialize;

use crate::checks::engine::{Check, CheckId, Def, Judged, Outcome, Severity, Subject};

/// The version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// The answer of `up`'s end, `doctor` and `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of the JSON form, now 1.
    pub schema_version: u32,
    /// The checks, counted by how they came out.
    pub counts: Counts,
    /// In the registry's order, each by host, node and vantage.
    pub checks: Vec<Check>,
}

/// How many checks came out which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Checks that are as they should be.
    pub pass: usize,
    /// Failures that are errors.
    pub fail: usize,
    /// Failures that are only warnings.
    pub warn: usize,
    /// Findings that are only good to know.
    pub note: usize,
    /// Checks that do not apply here.
    pub skip: usize,
    /// Checks that the failure of another explains.
    pub blocked: usize,
    /// Checks that could not be looked at.
    pub unknown: usize,
}

impl Report {
    /// Puts outcomes into the registry's order, subjects sorted, and marks what another failure explains.
    #[must_use]
    pub(in crate::checks) fn assemble(
        defs: impl Iterator<Item = &'static Def>,
        mut judged: Vec<Judged>,
    ) -> Self {
        judged.sort_by(|a, b| (&a.subject, &a.vantage).cmp(&(&b.subject, &b.vantage)));
        let mut found: Vec<Check> = Vec::with_capacity(judged.len());
        for def in defs {
            let (now, later): (Vec<_>, Vec<_>) = judged.into_iter().partition(|judged| judged.id == def.id);
            judged = later;
            for one in now {
                let outcome =
                    blocked(def, &one, &found).unwrap_or_else(|| rooted(one.outcome, &one.subject, &found));
                let lowered = match &outcome {
                    Outcome::Fail(finding) => finding.lowered.unwrap_or(def.severity),
                    _ => def.severity,
                };
                found.push(Check {
                    id: def.id,
                    title: def.title,
                    subject: one.subject,
                    vantage: one.vantage,
                    severity: lowered.min(def.severity),
                    needs: &def.needs,
                    outcome,
                });
            }
        }
        found.extend(judged.into_iter().map(undefined));
        Self::of(found)
    }

    /// Counts the checks, which are in order already, and makes their texts ready to be shown: whatever form the report gets,
    /// what others wrote in it moves no cursor and holds nothing that looks like a secret.
    pub(crate) fn of(checks: Vec<Check>) -> Self {
        let checks: Vec<Check> = checks.into_iter().map(Check::shown).collect();
        Self { schema_version: SCHEMA_VERSION, counts: Counts::of(&checks), checks }
    }

    /// The same with fewer checks: those wanted, and the failures that block one of them, since without these nothing
    /// would be wrong.
    #[must_use]
    pub fn only(self, wanted: impl Fn(CheckId) -> bool) -> Self {
        let blocking = self.blocking(|check| wanted(check.id));
        let kept = |check: &Check| wanted(check.id) || check.blocks_any(&blocking);
        Self::of(self.checks.into_iter().filter(kept).collect())
    }

    /// The same without some checks. What one of them explains stays explained.
    #[must_use]
    pub fn without(self, unwanted: impl Fn(CheckId) -> bool) -> Self {
        Self::of(self.checks.into_iter().filter(|check| !unwanted(check.id)).collect())
    }

    /// The same for a house without NixOS: an option of it is nothing that could be set there.
    #[must_use]
    pub(crate) fn without_nixos(mut self) -> Self {
        for check in &mut self.checks {
            if let Outcome::Fail(finding) = &mut check.outcome {
                finding.fix.nixos = None;
            }
        }
        self
    }

    /// The same with what is about the hosts that are wanted, and about none.
    #[must_use]
    pub fn about(self, wanted: impl Fn(&str) -> bool) -> Self {
        let about = |check: &Check| check.subject.host.as_deref().is_none_or(&wanted);
        Self::of(self.checks.into_iter().filter(about).collect())
    }

    /// The same with what is about these hosts and what they depend on: the lab as far as `of_lab` has it, and whatever blocks
    /// one of their checks. What is wrong with other hosts, or with the programs behind them, is left out.
    #[must_use]
    pub fn of_hosts(self, hosts: &[String], of_lab: impl Fn(CheckId) -> bool) -> Self {
        let own = |check: &Check| check.subject.host.as_ref().is_some_and(|host| hosts.contains(host));
        let blocking: Vec<(CheckId, Subject)> = self.blocking(own);
        let depends = |check: &Check| {
            own(check) || (check.subject.host.is_none() && (of_lab(check.id) || check.blocks_any(&blocking)))
        };
        Self::of(self.checks.into_iter().filter(depends).collect())
    }

    /// What blocks one of these checks, and for whom.
    fn blocking(&self, of: impl Fn(&Check) -> bool) -> Vec<(CheckId, Subject)> {
        let blocked = self.checks.iter().filter(|check| of(check));
        let by = blocked.filter_map(|check| match check.outcome {
            Outcome::Blocked { by } => Some((by, check.subject.clone())),
            _ => None,
        });
        by.collect()
    }

    /// The failures, root causes first.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.finding().is_some())
    }

    /// 0: nothing failed. 1: something did. 3: nothing did, but something could not be looked at. Warnings and notes
    /// count for neither.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let any = |wanted: fn(&Outcome) -> bool| {
            self.checks.iter().any(|check| check.severity == Severity::Error && wanted(&check.outcome))
        };
        if any(|outcome| matches!(outcome, Outcome::Fail(_))) {
            1
        } else if any(|outcome| matches!(outcome, Outcome::Unknown { .. })) {
            3
        } else {
            0
        }
    }
}

/// What a judge says of a check that no group defines. That is a fault of homelab's own: it is told, never dropped.
fn undefined(judged: Judged) -> Check {
    let why = "homelab does not know a check of this name: a fault of its own, please report it";
    Check {
        id: judged.id,
        title: "homelab knows every check that it judges",
        subject: judged.subject,
        vantage: judged.vantage,
        severity: Severity::Error,
        needs: &[],
        outcome: Outcome::Unknown { why: why.to_owned() },
    }
}

/// The root cause, when what this check needs has failed for the same subject, and from no vantage passed. Only a
/// failure or an unknown is explained away: what was seen to work stays seen. And only by what matters as much: a
/// warning that were the cause of an error would be an error itself, and would hide it from the exit code.
fn blocked(def: &Def, found: &Judged, before: &[Check]) -> Option<Outcome> {
    if !matches!(found.outcome, Outcome::Fail(_) | Outcome::Unknown { .. }) {
        return None;
    }
    let severity = match &found.outcome {
        Outcome::Fail(finding) => finding.lowered.unwrap_or(def.severity).min(def.severity),
        _ => def.severity,
    };
    def.needs.iter().find_map(|need| {
        let mut root = None;
        for check in before.iter().filter(|check| check.id == *need && check.subject.touches(&found.subject))
        {
            match check.outcome {
                Outcome::Pass { .. } => return None,
                Outcome::Fail(_) if check.severity >= severity => root = root.or(Some(check.id)),
                Outcome::Fail(_) => {}
                Outcome::Blocked { by } => root = root.or(Some(by)),
                Outcome::Skip { .. } | Outcome::Unknown { .. } => {}
            }
        }
        root.map(|by| Outcome::Blocked { by })
    })
}

/// A judge that names another check as the cause does not know what that one follows from.
fn rooted(outcome: Outcome, subject: &Subject, before: &[Check]) -> Outcome {
    let Outcome::Blocked { by: named } = outcome else { return outcome };
    let root = before.iter().find_map(|check| match check.outcome {
        Outcome::Blocked { by } if check.id == named && check.subject.touches(subject) => Some(by),
        _ => None,
    });
    Outcome::Blocked { by: root.unwrap_or(named) }
}

impl Counts {
    fn of(checks: &[Check]) -> Self {
        let mut counts = Self::default();
        for check in checks {
            *match (&check.outcome, check.severity) {
                (Outcome::Pass { .. }, _) => &mut counts.pass,
                (Outcome::Fail(_), Severity::Error) => &mut counts.fail,
                (Outcome::Fail(_), Severity::Warning) => &mut counts.warn,
                (Outcome::Fail(_), Severity::Info) => &mut counts.note,
                (Outcome::Skip { .. }, _) => &mut counts.skip,
                (Outcome::Blocked { .. }, _) => &mut counts.blocked,
                (Outcome::Unknown { .. }, _) => &mut counts.unknown,
            } += 1;
        }
        counts
    }
}
