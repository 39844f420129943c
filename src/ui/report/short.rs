//! A report to be pasted: one line for each thing that is wrong, and the counts.

use crate::checks::{Outcome, Report, Severity};
use crate::outside::Shown;
use crate::ui::report::{about, counts, word};

/// ``FAIL dns.rebind `whoami.home.example.com`: `what was seen` ``; without colours, errors first. What others wrote stands in
/// code spans, in which Markdown finds no links, no HTML and nobody's name.
pub(super) fn short(report: &Report) -> Shown {
    let mut text = Shown::default();
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for check in report.checks.iter().filter(|check| check.severity == severity) {
            let said = match &check.outcome {
                Outcome::Fail(finding) => &finding.summary,
                Outcome::Unknown { why } => why,
                Outcome::Pass { .. } | Outcome::Skip { .. } | Outcome::Blocked { .. } => continue,
            };
            let about = Shown::code_span(about(&check.subject).as_str());
            let space = if about.is_empty() { "" } else { " " };
            let (word, id, said) = (word(check), check.id.as_str(), Shown::code_span(said));
            text.push(shown!("{} {}{}{}: {}\n", word, id, space, about, said));
        }
    }
    text.push(shown!("{}\n", counts(report)));
    text
}
