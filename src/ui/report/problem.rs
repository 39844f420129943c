//! What is wrong, once for each cause: what was seen, why, and what to do.

use crate::checks::{Check, CheckId, Finding, Fix, Outcome, Report, Severity};
use crate::outside::Shown;
use crate::ui::colors::{BOLD, CYAN};
use crate::ui::page::Page;
use crate::ui::report::overview::style;
use crate::ui::report::{about, joined, many, one_line, word};

/// How many of the checks that are blocked are named.
const MANY: usize = 8;

/// Failures that one step mends: of the same check, with the same cause and the same fix.
struct Problem<'a> {
    id: CheckId,
    checks: Vec<(&'a Check, &'a Finding)>,
}

/// Writes every failure but notes: errors before warnings, causes before what follows from them.
pub(super) fn problems(text: &mut Shown, report: &Report, page: &Page) {
    for severity in [Severity::Error, Severity::Warning] {
        for problem in gathered(report, severity) {
            text.push("\n");
            problem.write(text, report, page);
        }
    }
}

fn gathered(report: &Report, severity: Severity) -> Vec<Problem<'_>> {
    let mut found: Vec<Problem<'_>> = Vec::new();
    for check in report.failures().filter(|check| check.severity == severity) {
        let Some(finding) = check.finding() else { continue };
        let same = found.iter_mut().find(|problem| {
            let alike = |(_, other): &(_, &Finding)| other.cause == finding.cause && other.fix == finding.fix;
            problem.id == check.id && problem.checks.first().is_some_and(alike)
        });
        match same {
            Some(problem) => problem.checks.push((check, finding)),
            None => found.push(Problem { id: check.id, checks: vec![(check, finding)] }),
        }
    }
    found
}

impl Problem<'_> {
    fn write(&self, text: &mut Shown, report: &Report, page: &Page) {
        let Some((check, finding)) = self.checks.first() else { return };
        let word = word(check);
        let style = style(word);
        let about = Shown::join(&self.subjects(), ", ");
        let lead = shown!("{}{} {}{:#}  ", style, word, self.id.as_str(), style);
        page.hang(text, lead, shown!("{}{}{:#}", BOLD, about, BOLD));
        for summary in self.summaries() {
            page.hang(text, "  ", summary);
        }
        page.hang(text, "  cause:  ", one_line(&finding.cause));
        fix(text, &finding.fix, page);
        if let Some(at) = self.checks.iter().filter_map(|(_, finding)| finding.retry_at).max() {
            text.push(shown!("  again:  at {}\n", Shown::line(&page.when(at))));
        }
        self.blocks(text, report, page);
    }

    fn subjects(&self) -> Vec<Shown> {
        let mut found: Vec<Shown> = Vec::new();
        for (check, _) in &self.checks {
            let about = about(&check.subject);
            if !about.is_empty() && !found.contains(&about) {
                found.push(about);
            }
        }
        if found.is_empty() { vec!["the lab".into()] } else { found }
    }

    fn summaries(&self) -> Vec<Shown> {
        let mut found: Vec<Shown> = Vec::new();
        for (_, finding) in &self.checks {
            let summary = one_line(&finding.summary);
            if !found.contains(&summary) {
                found.push(summary);
            }
        }
        found
    }

    /// What cannot be better before this is mended.
    fn blocks(&self, text: &mut Shown, report: &Report, page: &Page) {
        let mut names: Vec<&'static str> = Vec::new();
        for other in &report.checks {
            let Outcome::Blocked { by } = other.outcome else { continue };
            if by == self.id
                && self.checks.iter().any(|(check, _)| check.subject.touches(&other.subject))
                && !names.contains(&other.id.as_str())
            {
                names.push(other.id.as_str());
            }
        }
        if !names.is_empty() {
            let verb = if names.len() == 1 { "is" } else { "are" };
            let which = match names.len() {
                0..=MANY => joined(&names),
                all => shown!("{}, and {} more", joined(&names[..MANY]), all - MANY),
            };
            let said = shown!(
                "{} {} blocked by {}: {}",
                many(names.len(), "more check"),
                verb,
                self.id.as_str(),
                which
            );
            page.hang(text, "  ", said);
        }
    }
}

/// The words are wrapped; a command never is, since it is copied.
fn fix(text: &mut Shown, fix: &Fix, page: &Page) {
    for (at, paragraph) in Shown::lines(&fix.text).each_line().enumerate() {
        page.hang(text, if at == 0 { "  fix:    " } else { "          " }, paragraph);
    }
    for command in &fix.commands {
        text.push(shown!("            {}{}{:#}\n", CYAN, page.command(&one_line(command)), CYAN));
    }
    for command in &fix.look {
        text.push(shown!("  more:   {}{}{:#}\n", CYAN, page.command(&one_line(command)), CYAN));
    }
    if let Some(option) = &fix.nixos {
        text.push(shown!("  NixOS:  {}\n", one_line(option)));
    }
}
