//! A report, in every form that it can be had in.

pub(super) mod alike;
mod junit;
mod overview;
mod problem;
mod prometheus;
mod short;
mod text;

use crate::checks::{Check, Outcome, Report, Severity, Subject};
use crate::outside::Shown;
use crate::ui::house::House;
use crate::ui::output::Output;
use crate::ui::page::Page;
use crate::ui::print::answer;

pub use prometheus::{Run, metrics};

/// How a report is written.
#[derive(Debug, Clone, Copy)]
pub struct Form<'h> {
    /// Which of the forms.
    pub output: Output,
    /// Every check with what it saw and from where, also those that passed; of use for text.
    pub verbose: bool,
    /// Warnings count as failures; of use for JUnit, where a colour follows from it.
    pub strict: bool,
    /// Which lab it is about.
    pub house: &'h House,
}

/// Prints `report` on stdout.
pub fn print_report(report: &Report, form: Form<'_>) {
    answer(&match form.output {
        // `doctor` alone has metrics, and prints them with what it knows of its run.
        Output::Text | Output::Prometheus => text::text(report, &Page::of_stdout(form.house), form.verbose),
        Output::Short => short::short(report),
        Output::Json => return crate::ui::print::document(serde_json::json!(report)),
        Output::Junit => junit::junit(report, form.strict),
    });
}

/// Prints the command to go on with, below a report in which nothing is wrong.
pub fn print_next(said: &'static str, command: &str, house: &House) {
    answer(&next(said, command, &Page::of_stdout(house)));
}

fn next(said: &'static str, command: &str, page: &Page) -> Shown {
    match page.house.command(command) {
        Some(command) => shown!("{}: {}\n", said, page.command(&Shown::line(&command))),
        None => shown!("{}: {}\n", said, Shown::line(&page.house.words(&format!("`{command}`")))),
    }
}

/// The word for what came of a check. Words stand beside colours, for who sees none.
fn word(check: &Check) -> &'static str {
    match (&check.outcome, check.severity) {
        (Outcome::Pass { .. }, _) => "ok",
        (Outcome::Fail(_), Severity::Error) => "FAIL",
        (Outcome::Fail(_), Severity::Warning) => "warn",
        (Outcome::Fail(_), Severity::Info) => "note",
        (Outcome::Skip { .. }, _) => "skip",
        (Outcome::Blocked { .. }, _) => "blocked",
        (Outcome::Unknown { .. }, _) => "unknown",
    }
}

/// How many checks came out which way, as the last line of a report; with how often a [`word`] was `told`, where several that
/// came out alike are told together.
fn counts(report: &Report, told: impl Fn(&str) -> Option<usize>) -> Shown {
    let counts = report.counts;
    let others = [
        (counts.fail, "failed", "FAIL"),
        (counts.warn, "warned", "warn"),
        (counts.blocked, "blocked", "blocked"),
        (counts.unknown, "unknown", "unknown"),
        (counts.skip, "skipped", "skip"),
        (counts.note, "noted", "note"),
    ];
    let mut text = shown!("{}: {} passed", many(report.checks.len(), "check"), counts.pass);
    for (count, said, word) in others.into_iter().filter(|(count, ..)| *count > 0) {
        text.push(shown!(", {} {}", count, said));
        if let Some(times) = told(word).filter(|times| *times != count) {
            text.push(shown!(" (told in {})", times));
        }
    }
    text
}

/// `1 check`, `2 checks`.
fn many(count: usize, noun: &'static str) -> Shown {
    shown!("{} {}{}", count, noun, if count == 1 { "" } else { "s" })
}

/// Names of homelab's own, with commas between them.
fn joined(names: &[&'static str]) -> Shown {
    Shown::join(&names.iter().map(|&name| Shown::from(name)).collect::<Vec<_>>(), ", ")
}

/// Whom a check is about; empty for the whole lab.
fn about(subject: &Subject) -> Shown {
    Shown::lines(&match (&subject.host, &subject.node) {
        (Some(host), Some(node)) => format!("{host} at node {node}"),
        (Some(host), None) => host.clone(),
        (None, Some(node)) => format!("node {node}"),
        (None, None) => String::new(),
    })
}

/// Whom checks that are alike are about: the first of them, and how many more.
fn some(checks: &[&Check]) -> Shown {
    let first = checks.first().map(|check| about(&check.subject)).unwrap_or_default();
    match checks.len() {
        0 | 1 => first,
        all => shown!("{} and {} more", first, all - 1),
    }
}

/// Text of others as it may be shown, on one line.
fn one_line(text: &str) -> Shown {
    Shown::line(text)
}

#[cfg(test)]
mod tests;
