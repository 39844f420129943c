//! A report as JUnit's XML, which CI systems show: one suite for each group, one case for each check. There is no time in
//! it: checks share their looks, and none has a time of its own.

use std::fmt::Write as _;

use crate::checks::{Check, Finding, GROUPS, Outcome, Report, Severity, def};
use crate::outside::invisible::is_invisible;
use crate::outside::lines;
use crate::ui::report::{about, one_line, word};

/// The whole document. With `strict`, warnings fail, as they do in the exit code.
pub(super) fn junit(report: &Report, strict: bool) -> String {
    let all: Vec<&Check> = report.checks.iter().collect();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuites name=\"homelab doctor\" {}>", numbers(&all, strict));
    for group in GROUPS {
        let checks: Vec<&Check> = all
            .iter()
            .copied()
            .filter(|check| def(check.id).is_some_and(|d| d.group() == group.name))
            .collect();
        if checks.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  <testsuite name=\"{}\" {}>", escaped(group.name), numbers(&checks, strict));
        for check in checks {
            case(&mut text, group.name, check, strict);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn numbers(checks: &[&Check], strict: bool) -> String {
    let failures = checks.iter().filter(|check| fails(check, strict)).count();
    let skipped = checks.iter().filter(|check| skipped(check).is_some()).count();
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", checks.len())
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

fn case(text: &mut String, group: &str, check: &Check, strict: bool) {
    let about = about(&check.subject);
    let space = if about.is_empty() { "" } else { " " };
    let name = format!("{}{space}{about}, {}", check.id, check.vantage);
    let _ =
        write!(text, "    <testcase classname=\"homelab.{}\" name=\"{}\"", escaped(group), escaped(&name));
    let inside = match (&check.outcome, skipped(check)) {
        (_, Some(why)) => format!("<skipped message=\"{}\"/>", escaped(&one_line(&why))),
        (Outcome::Fail(finding), _) if fails(check, strict) => format!(
            "<failure type=\"{}\" message=\"{}\">{}</failure>",
            if check.severity == Severity::Error { "error" } else { "warning" },
            escaped(&one_line(&finding.summary)),
            escaped(&words(finding))
        ),
        (Outcome::Fail(finding), _) => format!(
            "<system-out>{}</system-out>",
            escaped(&format!("{}: {}\n{}", word(check), one_line(&finding.summary), words(finding)))
        ),
        (Outcome::Pass { saw }, _) => format!("<system-out>{}</system-out>", escaped(&one_line(saw))),
        _ => String::new(),
    };
    let _ = writeln!(text, ">{inside}</testcase>");
}

/// The cause and the fix, as lines.
fn words(finding: &Finding) -> String {
    let mut words = vec![format!("cause: {}", finding.cause), format!("fix: {}", finding.fix.text)];
    words.extend(finding.fix.commands.iter().cloned());
    words.extend(finding.fix.look.iter().map(|command| format!("more: {command}")));
    words.extend(finding.fix.nixos.iter().map(|option| format!("NixOS: {option}")));
    lines(&words.join("\n"))
}

/// Text for an attribute or an element. What XML 1.0 has no way to write at all is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' | '\t' => escaped.push(c),
            c if is_invisible(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_written_or_left_out() {
        assert_eq!(
            escaped("a<b> & \"c\"'\u{1b}[31m\u{0}\u{ffff}\n"),
            "a&lt;b&gt; &amp; &quot;c&quot;&apos;[31m\n"
        );
    }
}
