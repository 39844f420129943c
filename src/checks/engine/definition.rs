//! What is fixed about a check: its name, its title, what it needs, and what `homelab doctor --explain` says of it.

use std::fmt;
use std::ops::Deref;

use super::model::{CheckId, Severity};
use crate::config::Provider;
use crate::provider::{Explained, words};

/// What is fixed about a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Def {
    /// Its stable name.
    pub id: CheckId,
    /// A positive statement, so that one line reads well as pass and as fail.
    pub title: &'static str,
    /// How much a failure of it matters.
    pub severity: Severity,
    /// A failure of one of these, for the same host and node, blocks this one.
    pub needs: Needs,
    /// Whether `up` ends with it, too.
    pub in_up: bool,
    /// Whether it can be judged before the first `up`: `doctor --pre` runs it.
    pub before_up: bool,
    /// Whether it needs a probe that writes: `doctor --active` runs it.
    pub active: bool,
    /// Whether it is of use before a change alone: `doctor --check` with its name runs it.
    pub asked: bool,
    /// The long text.
    pub explain: Explain,
}

/// What a check is about, for people who meet it for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explain {
    /// What is looked at, from where, and how.
    pub looks_at: &'static str,
    /// What people notice when it fails.
    pub symptom: &'static str,
    /// The causes that are known, each with its fix; the most frequent first.
    pub causes: &'static [Cause],
    /// Where the facts come from: documents and threads, for who wants to read on.
    pub sources: &'static [&'static str],
}

/// One thing that makes a check fail, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Why it happens.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// The checks that a check needs: a list that can be added to before homelab is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    ids: [CheckId; MOST_NEEDS],
    count: usize,
}

/// As many checks as one needs at most; a definition with more does not compile.
const MOST_NEEDS: usize = 12;

impl Needs {
    const NONE: Self = Self { ids: [CheckId(""); MOST_NEEDS], count: 0 };

    /// These as well.
    const fn and(mut self, more: &[CheckId]) -> Self {
        let mut at = 0;
        while at < more.len() {
            self.ids[self.count] = more[at];
            self.count += 1;
            at += 1;
        }
        self
    }
}

impl Deref for Needs {
    type Target = [CheckId];

    fn deref(&self) -> &[CheckId] {
        self.ids.get(..self.count).unwrap_or_default()
    }
}

impl Def {
    /// A check whose failure is an error.
    pub(in crate::checks) const fn error(id: CheckId, title: &'static str) -> Self {
        let explain = Explain { looks_at: "", symptom: "", causes: &[], sources: &[] };
        let severity = Severity::Error;
        Self {
            id,
            title,
            severity,
            needs: Needs::NONE,
            in_up: false,
            before_up: false,
            active: false,
            asked: false,
            explain,
        }
    }

    /// A check whose failure is a warning.
    pub(in crate::checks) const fn warning(id: CheckId, title: &'static str) -> Self {
        Self { severity: Severity::Warning, ..Self::error(id, title) }
    }

    /// A check whose failure is only good to know.
    pub(in crate::checks) const fn info(id: CheckId, title: &'static str) -> Self {
        Self { severity: Severity::Info, ..Self::error(id, title) }
    }

    /// The same, blocked when one of these fails, too: what was said before stays.
    pub(in crate::checks) const fn needs(self, more: &[CheckId]) -> Self {
        Self { needs: self.needs.and(more), ..self }
    }

    /// The same, and `up` ends with it.
    pub(in crate::checks) const fn in_up(self) -> Self {
        Self { in_up: true, ..self }
    }

    /// The same, and `doctor --pre` runs it.
    pub(in crate::checks) const fn before_up(self) -> Self {
        Self { before_up: true, ..self }
    }

    /// The same, and only `doctor --active` runs it.
    pub(in crate::checks) const fn active(self) -> Self {
        Self { active: true, ..self }
    }

    /// The same, and only `doctor --check` with its name runs it.
    pub(in crate::checks) const fn asked(self) -> Self {
        Self { asked: true, ..self }
    }

    /// The same with what it looks at, and what people notice when it fails.
    pub(in crate::checks) const fn about(self, looks_at: &'static str, symptom: &'static str) -> Self {
        Self { explain: Explain { looks_at, symptom, ..self.explain }, ..self }
    }

    /// The same with the causes that are known.
    pub(in crate::checks) const fn causes(self, causes: &'static [Cause]) -> Self {
        Self { explain: Explain { causes, ..self.explain }, ..self }
    }

    /// The same with where the facts come from.
    pub(in crate::checks) const fn sources(self, sources: &'static [&'static str]) -> Self {
        Self { explain: Explain { sources, ..self.explain }, ..self }
    }

    /// What the providers add to the long text, each with its name.
    pub fn at_providers(&self) -> impl Iterator<Item = (&'static str, &'static Explained)> {
        let id = self.id;
        Provider::ALL.iter().flat_map(move |provider| {
            let words = words(*provider);
            let of_check = words.explained.iter().filter(move |one| one.check == id.as_str());
            of_check.map(move |one| (words.heading, one))
        })
    }

    /// The group that it belongs to: its name up to the dot.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.id.as_str().split_once('.').map_or(self.id.as_str(), |(group, _)| group)
    }
}

/// One thing that makes a check fail: why it does, and what to do.
pub(in crate::checks) const fn cause(why: &'static str, fix: &'static str) -> Cause {
    Cause { why, fix }
}

impl fmt::Display for Def {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.title)
    }
}
