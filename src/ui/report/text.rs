//! A report as people read it: an overview, what is wrong with its cause and fix, what could not be seen, the counts.

use std::collections::BTreeMap;

use crate::checks::{Check, CheckId, Finding, Outcome, Report, Severity};
use crate::outside::Shown;
use crate::ui::page::Page;
use crate::ui::report::alike::{self, pattern};
use crate::ui::report::overview::{overview, style};
use crate::ui::report::problem::problems;
use crate::ui::report::{counts, joined, one_line, some};

/// The whole text.
pub(super) fn text(report: &Report, page: &Page, verbose: bool) -> Shown {
    let mut text = Shown::default();
    overview(&mut text, report, page, verbose);
    let (failures, warnings) = problems(&mut text, report, page);
    unseen(&mut text, report, page);
    let noted = notes(&mut text, report, page);
    text.push("\n");
    let told = |word: &str| match word {
        "FAIL" => Some(failures),
        "warn" => Some(warnings),
        "note" => Some(noted),
        _ => None,
    };
    page.hang(&mut text, "", counts(report, told));
    let failing = |severity| report.failures().find(|check| check.severity == severity);
    if let Some(check) = failing(Severity::Error).or_else(|| failing(Severity::Warning)) {
        let explain = page.house.command(&format!("homelab doctor --explain {}", check.id));
        if let Some(explain) = explain {
            page.hang(
                &mut text,
                "",
                shown!("explain the first problem: {}", page.command(&Shown::line(&explain))),
            );
        }
    }
    text
}

/// What could not be looked at, and what a failure explains that this report leaves out.
fn unseen(text: &mut Shown, report: &Report, page: &Page) {
    let mut reasons: BTreeMap<(&'static str, String), (Shown, Vec<&'static str>)> = BTreeMap::new();
    for check in &report.checks {
        let reason = match &check.outcome {
            Outcome::Unknown { why } => ("unknown", one_line(why)),
            Outcome::Blocked { by } if !fails(report, *by) => {
                ("blocked", shown!("by {}, which is not shown", by.as_str()))
            }
            _ => continue,
        };
        let (word, why) = reason;
        let key = (word, pattern(why.as_str(), &check.subject));
        let (_, names) = reasons.entry(key).or_insert_with(|| (why, Vec::new()));
        if !names.contains(&check.id.as_str()) {
            names.push(check.id.as_str());
        }
    }
    for (at, ((word, _), (why, names))) in reasons.into_iter().enumerate() {
        let style = style(word);
        if at == 0 {
            text.push("\n");
        }
        let which = match names.len() {
            0..=3 => joined(&names),
            n => shown!("{}, and {} more", joined(&names[..2]), n - 2),
        };
        page.hang(text, shown!("{}{}{:#} ", style, word, style), shown!("{}: {}", which, why));
    }
}

fn fails(report: &Report, id: CheckId) -> bool {
    report.failures().any(|check| check.id == id)
}

/// What is only good to know, one line each; the rest is in `--output json` and `--explain`. Gives the number of lines.
fn notes(text: &mut Shown, report: &Report, page: &Page) -> usize {
    let notes = report.failures().filter(|check| check.severity == Severity::Info);
    let notes = notes.filter_map(|check| Some((check, check.finding()?)));
    let alike = |(check, finding): &(&Check, &Finding)| {
        format!("{}\n{}", check.id, pattern(&finding.summary, &check.subject))
    };
    let told = alike::many_by(notes, alike);
    for (at, same) in told.iter().enumerate() {
        let Some((check, finding)) = same.first() else { continue };
        let style = style("note");
        if at == 0 {
            text.push("\n");
        }
        let about = some(&same.iter().map(|(check, _)| *check).collect::<Vec<_>>());
        let space = if about.is_empty() { "" } else { " " };
        let said = shown!("{}{}{}: {}", check.id.as_str(), space, about, one_line(&finding.summary));
        page.hang(text, shown!("{}note{:#} ", style, style), said);
    }
    told.len()
}
