//! What is wrong, once for each cause: what was seen, why, and what to do.

use std::collections::BTreeSet;

use crate::checks::{Check, CheckId, Finding, Fix, Outcome, Report, Severity};
use crate::outside::Shown;
use crate::ui::colors::{BOLD, CYAN};
use crate::ui::page::Page;
use crate::ui::report::alike::{self, FEW, pattern};
use crate::ui::report::overview::style;
use crate::ui::report::{about, joined, many, one_line, word};

/// How many of the checks that are blocked are named.
const MANY: usize = 8;
/// As many sentences on what was seen are shown.
const SEEN: usize = 3;

/// Failures that one step mends: of the same check, with the same cause and the same fix. Of many names also those where
/// the step is the same for each.
struct Problem<'a> {
    id: CheckId,
    checks: Vec<(&'a Check, &'a Finding)>,
}

type Failures<'a> = Vec<(&'a Check, &'a Finding)>;

/// Writes every failure but notes: errors before warnings, causes before what follows from them. Gives how many of both there
/// are, told together.
pub(super) fn problems(text: &mut Shown, report: &Report, page: &Page) -> (usize, usize) {
    let mut write = |severity| {
        let problems = gathered(report, severity);
        for problem in &problems {
            text.push("\n");
            problem.write(text, report, page);
        }
        problems.len()
    };
    (write(Severity::Error), write(Severity::Warning))
}

fn gathered<'r>(report: &'r Report, severity: Severity) -> Vec<Problem<'r>> {
    let failures = report.failures().filter(|check| check.severity == severity);
    let failures = failures.filter_map(|check| Some((check, check.finding()?)));
    let equal =
        alike::by(failures, |(check, finding)| format!("{}\n{}", check.id, told(finding, str::to_owned)));
    let alike = alike::by(equal, |same| match same.first() {
        Some((check, finding)) => {
            format!("{}\n{}", check.id, told(finding, |text| pattern(text, &check.subject)))
        }
        None => String::new(),
    });
    let problem = |checks: Failures<'r>| Some(Problem { id: checks.first()?.0.id, checks });
    alike.into_iter().flat_map(merged).filter_map(problem).collect()
}

/// Few that differ in a word stay apart.
fn merged(alike: Vec<Failures<'_>>) -> Vec<Failures<'_>> {
    match alike.iter().map(Vec::len).sum() {
        0..=FEW => alike,
        _ => vec![alike.into_iter().flatten().collect()],
    }
}

/// The cause and the step, in one text to compare.
fn told(finding: &Finding, of: impl Fn(&str) -> String) -> String {
    let fix = &finding.fix;
    let texts =
        [&finding.cause, &fix.text].into_iter().chain(&fix.commands).chain(&fix.look).chain(&fix.nixos);
    texts.map(|text| of(text)).collect::<Vec<_>>().join("\n")
}

impl Problem<'_> {
    fn write(&self, text: &mut Shown, report: &Report, page: &Page) {
        let Some((check, finding)) = self.checks.first() else { return };
        let word = word(check);
        let style = style(word);
        let about = alike::names(&self.subjects());
        let lead = shown!("{}{} {}{:#}  ", style, word, self.id.as_str(), style);
        page.hang(text, lead, shown!("{}{}{:#}", BOLD, about, BOLD));
        let summaries = self.summaries();
        for summary in summaries.iter().take(SEEN) {
            page.hang(text, "  ", summary.clone());
        }
        if summaries.len() > SEEN {
            page.hang(text, "  ", shown!("and {} more like these", summaries.len() - SEEN));
        }
        page.hang(text, "  cause:  ", one_line(&finding.cause));
        fix(text, &finding.fix, page);
        if self.checks.iter().any(|(_, other)| other.fix != finding.fix) {
            let said = "these commands are for the first one; the others need the same with their own names (see \
                        `--output json`)";
            page.hang(text, "          ", said);
        }
        if let Some(at) = self.checks.iter().filter_map(|(_, finding)| finding.retry_at).max() {
            text.push(shown!("  again:  at {}\n", Shown::line(&page.when(at))));
        }
        self.blocks(text, report, page);
    }

    fn subjects(&self) -> Vec<Shown> {
        let about = self.checks.iter().map(|(check, _)| about(&check.subject));
        let found = each_once(about.filter(|about| !about.is_empty()));
        if found.is_empty() { vec!["the lab".into()] } else { found }
    }

    fn summaries(&self) -> Vec<Shown> {
        each_once(self.checks.iter().map(|(_, finding)| one_line(&finding.summary)))
    }

    /// What cannot be better before this is mended.
    fn blocks(&self, text: &mut Shown, report: &Report, page: &Page) {
        let mut names: Vec<&'static str> = Vec::new();
        let mut count = 0;
        for other in &report.checks {
            let Outcome::Blocked { by } = other.outcome else { continue };
            if by == self.id && self.checks.iter().any(|(check, _)| check.subject.touches(&other.subject)) {
                count += 1;
                if !names.contains(&other.id.as_str()) {
                    names.push(other.id.as_str());
                }
            }
        }
        if count > 0 {
            let verb = if count == 1 { "is" } else { "are" };
            let which = match names.len() {
                0..=MANY => joined(&names),
                all => shown!("{}, and {} more", joined(&names[..MANY]), all - MANY),
            };
            let said =
                shown!("{} {} blocked by {}: {}", many(count, "more check"), verb, self.id.as_str(), which);
            page.hang(text, "  ", said);
        }
    }
}

fn each_once(all: impl Iterator<Item = Shown>) -> Vec<Shown> {
    let mut seen = BTreeSet::new();
    all.filter(|one| seen.insert(one.clone())).collect()
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
