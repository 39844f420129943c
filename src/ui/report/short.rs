//! A report to be pasted: one line for each thing that is wrong, and the counts.

use std::fmt::Write as _;

use super::{about, counts, one_line, word};
use crate::verify::{Outcome, Report, Severity};

/// `FAIL dns.rebind whoami.home.example.com: what was seen`; without colours, errors first.
pub(super) fn short(report: &Report) -> String {
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for check in report.checks.iter().filter(|check| check.severity == severity) {
            let said = match &check.outcome {
                Outcome::Fail(finding) => &finding.summary,
                Outcome::Unknown { why } => why,
                Outcome::Pass { .. } | Outcome::Skip { .. } | Outcome::Blocked { .. } => continue,
            };
            let about = about(&check.subject);
            let space = if about.is_empty() { "" } else { " " };
            let _ = writeln!(text, "{} {}{space}{about}: {}", word(check), check.id, one_line(said));
        }
    }
    let _ = writeln!(text, "{}", counts(report));
    text
}
