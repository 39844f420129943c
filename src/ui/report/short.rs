//! A report to be pasted: one line for each thing that is wrong, and the counts.

use std::fmt::Write as _;

use crate::checks::{Outcome, Report, Severity};
use crate::outside::code_span;
use crate::ui::report::{about, counts, word};

/// ``FAIL dns.rebind `whoami.home.example.com`: `what was seen` ``; without colours, errors first. What others wrote stands in
/// code spans, in which Markdown finds no links, no HTML and nobody's name.
pub(super) fn short(report: &Report) -> String {
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for check in report.checks.iter().filter(|check| check.severity == severity) {
            let said = match &check.outcome {
                Outcome::Fail(finding) => &finding.summary,
                Outcome::Unknown { why } => why,
                Outcome::Pass { .. } | Outcome::Skip { .. } | Outcome::Blocked { .. } => continue,
            };
            let about = code_span(&about(&check.subject));
            let space = if about.is_empty() { "" } else { " " };
            let _ = writeln!(text, "{} {}{space}{about}: {}", word(check), check.id, code_span(said));
        }
    }
    let _ = writeln!(text, "{}", counts(report));
    text
}
