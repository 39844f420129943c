//! A report as people read it: by subject, each line with its vantage, the failures again at the end with their fix.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{BOLD, CYAN, GREEN, RED, YELLOW, answer, clean};
use crate::verify::{Check, Finding, Outcome, Report, Severity, Subject};

/// Prints `report` on stdout; what passed in one line for each subject, unless `verbose`.
pub fn print_report(report: &Report, verbose: bool) {
    answer(&text(report, verbose));
}

fn text(report: &Report, verbose: bool) -> String {
    let mut groups: BTreeMap<Subject, Vec<&Check>> = BTreeMap::new();
    for check in &report.checks {
        // What one node says of a host is shown with the host.
        let subject = match &check.subject.host {
            Some(host) => Subject::host(host),
            None => check.subject.clone(),
        };
        groups.entry(subject).or_default().push(check);
    }
    let width = groups.keys().map(|subject| heading(subject).len()).max().unwrap_or(0);
    let mut text = String::new();
    for (subject, checks) in &groups {
        let passed = checks.iter().all(|check| matches!(check.outcome, Outcome::Pass { .. }));
        if passed && !verbose {
            let heading = heading(subject);
            let _ =
                writeln!(text, "{GREEN}ok{GREEN:#}  {BOLD}{heading:<width$}{BOLD:#}  {}", in_short(checks));
            continue;
        }
        let _ = writeln!(text, "{BOLD}{}{BOLD:#}", heading(subject));
        for check in checks {
            line(&mut text, check);
        }
    }
    let failures: Vec<(&Check, &Finding)> =
        report.failures().filter_map(|c| Some((c, c.finding()?))).collect();
    for (check, finding) in &failures {
        explain(&mut text, check, finding);
    }
    let counts = report.counts;
    let _ = write!(text, "\n{} checks: {} passed", report.checks.len(), counts.pass);
    let others = [
        (counts.fail, "failed"),
        (counts.warn, "warned"),
        (counts.blocked, "blocked"),
        (counts.unknown, "unknown"),
        (counts.skip, "skipped"),
    ];
    for (count, word) in others.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(text, ", {count} {word}");
    }
    text.push('\n');
    text
}

/// What one line can leave out: it follows from what the others saw.
const FOLLOWS: [&str; 5] = ["edns.owner", "edns.records", "cm.certificate", "tls.handshake", "tls.renewal"];

/// What was seen, each once, with how many looked.
fn in_short(checks: &[&Check]) -> String {
    let mut seen: Vec<(&str, BTreeSet<String>)> = Vec::new();
    let telling = checks.iter().filter(|check| !FOLLOWS.contains(&check.id.as_str()));
    for check in telling {
        let Outcome::Pass { saw } = &check.outcome else { continue };
        let vantage = check.vantage.to_string();
        match seen.iter_mut().find(|(text, _)| text == saw) {
            Some((_, vantages)) => drop(vantages.insert(vantage)),
            None => seen.push((saw, BTreeSet::from([vantage]))),
        }
    }
    let shown = seen.into_iter().map(|(saw, vantages)| match vantages.len() {
        1 => one_line(saw),
        n => format!("{} from {n} vantages", one_line(saw)),
    });
    shown.collect::<Vec<_>>().join("; ")
}

fn line(text: &mut String, check: &Check) {
    let (style, word, said) = match &check.outcome {
        Outcome::Pass { saw } => (GREEN, "ok     ", saw.clone()),
        Outcome::Fail(finding) if check.severity == Severity::Error => {
            (RED, "FAIL   ", finding.summary.clone())
        }
        Outcome::Fail(finding) => (YELLOW, "warn   ", finding.summary.clone()),
        Outcome::Skip { why } => (CYAN, "skip   ", why.clone()),
        Outcome::Blocked { by } => (YELLOW, "blocked", format!("by `{by}`")),
        Outcome::Unknown { why } => (YELLOW, "unknown", why.clone()),
    };
    let _ =
        writeln!(text, "  {style}{word}{style:#} {} ({}): {}", check.title, check.vantage, one_line(&said));
}

fn explain(text: &mut String, check: &Check, finding: &Finding) {
    let about = check.subject.host.as_deref().or(check.subject.node.as_deref()).unwrap_or("the lab");
    let _ =
        writeln!(text, "\n{RED}{}{RED:#} {BOLD}{about}{BOLD:#}: {}", check.id, one_line(&finding.summary));
    let _ = writeln!(text, "  cause: {}", one_line(&finding.cause));
    let _ = writeln!(text, "  fix:   {}", clean(&finding.fix.text).replace('\n', "\n         "));
    for command in &finding.fix.commands {
        let _ = writeln!(text, "         {CYAN}{}{CYAN:#}", one_line(command));
    }
    for command in &finding.fix.look {
        let _ = writeln!(text, "  more:  {CYAN}{}{CYAN:#}", one_line(command));
    }
    if let Some(option) = &finding.fix.nixos {
        let _ = writeln!(text, "  NixOS: {}", one_line(option));
    }
    if let Some(at) = finding.retry_at {
        let _ = writeln!(text, "  again: by itself at {at}");
    }
}

fn heading(subject: &Subject) -> String {
    match (&subject.host, &subject.node) {
        (Some(host), _) => clean(host),
        (None, Some(node)) => format!("node {}", clean(node)),
        (None, None) => "cluster".to_owned(),
    }
}

/// Text from the cluster or the network, on one line and without control characters.
fn one_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}
