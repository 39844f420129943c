//! A report to be pasted: one line for each thing that is wrong, and the counts.

use crate::checks::{Check, Outcome, Report, Severity};
use crate::outside::Shown;
use crate::ui::report::alike::{self, pattern};
use crate::ui::report::{about, counts, word};

/// ``FAIL dns.rebind `whoami.home.example.com`: `what was seen` ``; without colours, errors first. What others wrote stands in
/// code spans, in which Markdown finds no links, no HTML and nobody's name.
pub(super) fn short(report: &Report) -> Shown {
    let mut text = Shown::default();
    let mut lines: Vec<&'static str> = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        let telling = report.checks.iter().filter(|check| check.severity == severity);
        let telling = telling.filter_map(|check| Some((check, said(check)?)));
        let alike = |(check, said): &(&Check, &str)| {
            format!("{}\n{}\n{}", word(check), check.id, pattern(said, &check.subject))
        };
        for same in alike::many_by(telling, alike) {
            let Some((check, said)) = same.first() else { continue };
            let about = about(&check.subject);
            let space = if about.is_empty() { "" } else { " " };
            let more = match same.len() {
                1 => Shown::default(),
                all => shown!(" and {} more", all - 1),
            };
            let (word, id) = (word(check), check.id.as_str());
            lines.push(word);
            let (about, said) = (Shown::code_span(about.as_str()), Shown::code_span(said));
            text.push(shown!("{} {}{}{}{}: {}\n", word, id, space, about, more, said));
        }
    }
    let told = |word: &str| {
        ["FAIL", "warn", "note", "unknown"]
            .contains(&word)
            .then(|| lines.iter().filter(|line| **line == word).count())
    };
    text.push(shown!("{}\n", counts(report, told)));
    text
}

/// What a line says; `None` for what is as it should be, or explained.
fn said(check: &Check) -> Option<&str> {
    match &check.outcome {
        Outcome::Fail(finding) => Some(&finding.summary),
        Outcome::Unknown { why } => Some(why),
        Outcome::Pass { .. } | Outcome::Skip { .. } | Outcome::Blocked { .. } => None,
    }
}
