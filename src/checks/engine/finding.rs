//! A failure: what was seen, why, and the one thing to do.

use jiff::Timestamp;
use serde::Serialize;

use super::model::Severity;
use crate::outside::command::{Pasted, add};

/// Whether a failure may go away with nobody doing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heals {
    /// It may: names spread and certificates come.
    Waiting,
    /// It stays until somebody acts.
    Never,
}

/// The longest sentence of a check, in characters.
const LONGEST_WORDS: usize = 3000;

/// A failure: what was seen, why, and the one thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was seen, in one line.
    pub summary: String,
    /// What is behind it, as far as can be told from here.
    pub cause: String,
    /// The one thing to do.
    pub fix: Fix,
    /// Whether looking again may help.
    pub heals: Heals,
    /// When it may be better by itself, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// Whether it is better soon or not at all: a moment of a restart, or something that stays.
    #[serde(skip)]
    pub soon: bool,
    /// How much it matters, where that is less than the check's own severity.
    #[serde(skip)]
    pub lowered: Option<Severity>,
    /// Whether the fix starts the ingress controller anew: not while its configuration does not load.
    #[serde(skip)]
    pub restarts: bool,
}

impl Finding {
    /// A failure that stays until somebody acts.
    pub fn new(summary: impl Into<String>, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            summary: short(summary),
            cause: short(cause),
            fix: Fix { text: short(fix), ..Fix::default() },
            heals: Heals::Never,
            retry_at: None,
            soon: false,
            lowered: None,
            restarts: false,
        }
    }

    /// The same, but it may heal by waiting.
    #[must_use]
    pub fn heals(mut self) -> Self {
        self.heals = Heals::Waiting;
        self
    }

    /// The same, but it may heal within a moment, as while something starts or a machine is busy. What lasts longer needs somebody
    /// who acts.
    #[must_use]
    pub fn heals_soon(self) -> Self {
        Self { soon: true, ..self.heals() }
    }

    /// The same, and it may be better from then on.
    #[must_use]
    pub fn retry_at(mut self, at: Option<Timestamp>) -> Self {
        self.retry_at = at;
        self
    }

    /// The same, but it works for now, or is only good to know.
    #[must_use]
    pub fn only(mut self, severity: Severity) -> Self {
        self.lowered = Some(severity);
        self
    }

    /// The same, and its fix starts the ingress controller anew.
    #[must_use]
    pub fn restarts_controller(self) -> Self {
        Self { restarts: true, ..self }
    }

    /// The same with a command that shows more and changes nothing.
    #[must_use]
    pub fn look(mut self, command: impl Pasted) -> Self {
        add(&mut self.fix.look, command);
        self
    }

    /// The same with a command that cures it and is safe to paste.
    #[must_use]
    pub fn command(mut self, command: impl Pasted) -> Self {
        add(&mut self.fix.commands, command);
        self
    }

    /// The same with the NixOS option that cures it.
    #[must_use]
    pub fn nixos(mut self, option: impl Into<String>) -> Self {
        self.fix.nixos = Some(option.into());
        self
    }
}

/// As much as a person reads: names, messages and records of others may be of any length.
pub(super) fn short(text: impl Into<String>) -> String {
    let text = text.into();
    match text.char_indices().nth(LONGEST_WORDS) {
        Some((end, _)) => format!("{} ...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The next step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What to do, in words.
    pub text: String,
    /// What cures it, in this order. Safe to paste: nothing here destroys what cannot be made again; what does stays in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// What shows more and changes nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub look: Vec<String>,
    /// The NixOS option that cures it, often with its value; `None` when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nixos: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_given_more_words_than_can_be_read() {
        let wordy = Finding::new("x".repeat(1 << 20), "c", "f");
        assert_eq!(wordy.summary.len(), LONGEST_WORDS + " ...".len());
    }
}
