//! A report as metrics, in the text format that Prometheus and the textfile collector of its node_exporter read
//! (prometheus.io, "Exposition formats", version 0.0.4). No line has a time of its own: that collector refuses them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::checks::{Check, Outcome, Report, Severity};
use crate::outside::Shown;
use crate::ui::report::one_line;

/// What a report does not tell of its run.
#[derive(Debug, Clone)]
pub struct Run {
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// When the certificate of each host ends, where one was seen.
    pub certificates: BTreeMap<String, Timestamp>,
}

/// The metrics of one run.
#[must_use]
pub fn metrics(report: &Report, run: &Run) -> Shown {
    let mut text = Shown::default();
    let about = "Whether a check passed (0), failed (1), could not look (2), or is blocked by another one that failed (3).";
    head(&mut text, "homelab_check", about);
    for (labels, state) in states(report) {
        text.push(shown!("homelab_check{{{}}} {}\n", labels, state));
    }
    head(&mut text, "homelab_findings", "How many checks failed, by severity.");
    let counts = report.counts;
    for (severity, count) in [("error", counts.fail), ("warning", counts.warn), ("info", counts.note)] {
        text.push(shown!("homelab_findings{{severity=\"{}\"}} {}\n", severity, count));
    }
    let expiry = "homelab_certificate_expiry_timestamp_seconds";
    head(&mut text, expiry, "When the certificate that is served for a host ends.");
    for (host, end) in &run.certificates {
        let end = Shown::line(&end.as_second().to_string());
        text.push(shown!("{}{{{}}} {}\n", expiry, label("host", host), end));
    }
    let last = "homelab_doctor_last_run_timestamp_seconds";
    head(&mut text, last, "When homelab doctor ran last.");
    text.push(shown!("{} {}\n", last, Shown::line(&run.at.as_second().to_string())));
    head(&mut text, "homelab_doctor_duration_seconds", "How long that run took.");
    text.push(shown!("homelab_doctor_duration_seconds {:.3}\n", run.took.as_secs_f64()));
    text
}

fn head(text: &mut Shown, name: &'static str, about: &'static str) {
    text.push(shown!("# HELP {} {}\n# TYPE {} gauge\n", name, about, name));
}

/// The state of each check behind its labels. What does not apply here has none. Two with the same labels would be refused
/// with the whole file: the first one that is not well counts.
fn states(report: &Report) -> Vec<(Shown, usize)> {
    let mut found: Vec<(Shown, usize)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for check in &report.checks {
        let Some(state) = state(&check.outcome) else { continue };
        let labels = labels(check);
        let place = *places.entry(labels.to_string()).or_insert(found.len());
        match found.get_mut(place) {
            Some((_, before)) if *before == 0 => *before = state,
            Some(_) => {}
            None => found.push((labels, state)),
        }
    }
    found
}

fn state(outcome: &Outcome) -> Option<usize> {
    match outcome {
        Outcome::Pass { .. } => Some(0),
        Outcome::Fail(_) => Some(1),
        Outcome::Unknown { .. } => Some(2),
        Outcome::Blocked { .. } => Some(3),
        Outcome::Skip { .. } => None,
    }
}

fn labels(check: &Check) -> Shown {
    let mut labels = vec![shown!("id=\"{}\"", check.id.as_str())];
    labels.extend(check.subject.host.as_deref().map(|host| label("host", host)));
    labels.extend(check.subject.node.as_deref().map(|node| label("node", node)));
    labels.push(label("vantage", &check.vantage.to_string()));
    labels.push(shown!("severity=\"{}\"", severity(check.severity)));
    Shown::join(&labels, ",")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn label(name: &'static str, value: &str) -> Shown {
    shown!("{}=\"{}\"", name, one_line(value).label())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{Judged, Subject, Vantage, id, report_of};

    #[test]
    fn a_value_of_a_label_cannot_end_its_line_or_its_quotes() {
        let text = label("host", "a\"} 1\nhomelab_check{id=\"x\\\u{1b}[2J");
        assert_eq!(text.as_str().lines().count(), 1);
        assert!(text.as_str().starts_with("host=\"a\\\"} 1"), "{}", text.as_str());
        assert!(text.as_str().ends_with("x\\\\[2J\""), "{}", text.as_str());
    }

    #[test]
    fn no_two_lines_have_the_same_labels_and_a_failure_is_not_hidden() {
        let judged = |outcome| Judged {
            id: id::PUBLIC,
            subject: Subject::host("a.example.com"),
            vantage: Vantage::Api,
            outcome,
        };
        let pass = || Outcome::Pass { saw: "x".into() };
        let fail = Outcome::from(crate::checks::Finding::new("s", "c", "f"));
        let skip = Outcome::Skip { why: "x".into() };
        let report = report_of([pass(), fail, pass(), skip].map(judged).into());
        assert_eq!(states(&report).iter().map(|(_, state)| *state).collect::<Vec<_>>(), [1]);
    }
}
