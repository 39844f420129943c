//! A report as JUnit's XML, which CI systems show: one suite for each group, one case for each check. There is no time in
//! it: checks share their looks, and none has a time of its own.

use crate::checks::{Check, Finding, GROUPS, Outcome, Report, Severity, def};
use crate::outside::Shown;
use crate::ui::report::{about, one_line, word};

/// The whole document. With `strict`, warnings fail, as they do in the exit code.
pub(super) fn junit(report: &Report, strict: bool) -> Shown {
    let all: Vec<&Check> = report.checks.iter().collect();
    let mut text = Shown::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push(shown!("<testsuites name=\"homelab doctor\" {}>\n", numbers(&all, strict)));
    for group in GROUPS {
        let checks: Vec<&Check> = all
            .iter()
            .copied()
            .filter(|check| def(check.id).is_some_and(|d| d.group() == group.name))
            .collect();
        if checks.is_empty() {
            continue;
        }
        let name = Shown::from(group.name).xml();
        text.push(shown!("  <testsuite name=\"{}\" {}>\n", name, numbers(&checks, strict)));
        for check in checks {
            case(&mut text, group.name, check, strict);
        }
        text.push("  </testsuite>\n");
    }
    text.push("</testsuites>\n");
    text
}

fn numbers(checks: &[&Check], strict: bool) -> Shown {
    let failures = checks.iter().filter(|check| fails(check, strict)).count();
    let skipped = checks.iter().filter(|check| skipped(check).is_some()).count();
    shown!("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"", checks.len(), failures, skipped)
}

fn fails(check: &Check, strict: bool) -> bool {
    let counts = match check.severity {
        Severity::Error => true,
        Severity::Warning => strict,
        Severity::Info => false,
    };
    counts && check.finding().is_some()
}

/// Why there is neither a pass nor a failure.
fn skipped(check: &Check) -> Option<String> {
    match &check.outcome {
        Outcome::Skip { why } => Some(why.clone()),
        Outcome::Blocked { by } => Some(format!("blocked by {by}")),
        Outcome::Unknown { why } => Some(format!("unknown: {why}")),
        Outcome::Pass { .. } | Outcome::Fail(_) => None,
    }
}

fn case(text: &mut Shown, group: &'static str, check: &Check, strict: bool) {
    let about = about(&check.subject);
    let space = if about.is_empty() { "" } else { " " };
    let vantage = one_line(&check.vantage.to_string());
    let name = shown!("{}{}{}, {}", check.id.as_str(), space, about, vantage).xml();
    let group = Shown::from(group).xml();
    text.push(shown!("    <testcase classname=\"homelab.{}\" name=\"{}\"", group, name));
    let inside = match (&check.outcome, skipped(check)) {
        (_, Some(why)) => shown!("<skipped message=\"{}\"/>", one_line(&why).xml()),
        (Outcome::Fail(finding), _) if fails(check, strict) => shown!(
            "<failure type=\"{}\" message=\"{}\">{}</failure>",
            if check.severity == Severity::Error { "error" } else { "warning" },
            one_line(&finding.summary).xml(),
            words(finding).xml()
        ),
        (Outcome::Fail(finding), _) => shown!(
            "<system-out>{}</system-out>",
            shown!("{}: {}\n{}", word(check), one_line(&finding.summary), words(finding)).xml()
        ),
        (Outcome::Pass { saw }, _) => shown!("<system-out>{}</system-out>", one_line(saw).xml()),
        _ => Shown::default(),
    };
    text.push(shown!(">{}</testcase>\n", inside));
}

/// The cause and the fix, as lines.
fn words(finding: &Finding) -> Shown {
    let mut words = vec![format!("cause: {}", finding.cause), format!("fix: {}", finding.fix.text)];
    words.extend(finding.fix.commands.iter().cloned());
    words.extend(finding.fix.look.iter().map(|command| format!("more: {command}")));
    words.extend(finding.fix.nixos.iter().map(|option| format!("NixOS: {option}")));
    Shown::lines(&words.join("\n"))
}
