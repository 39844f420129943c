//! The texts of a check as they may be shown: see [`outside`].

use super::model::{Check, Finding, Outcome, Subject, Vantage};
use crate::outside;

impl Check {
    /// The same with every text as it may be shown. Shown twice, it stays as it is.
    #[must_use]
    pub(super) fn shown(self) -> Self {
        let outcome = match self.outcome {
            Outcome::Pass { saw } => Outcome::Pass { saw: outside::line(&saw) },
            Outcome::Fail(finding) => Outcome::Fail(shown(finding)),
            Outcome::Skip { why } => Outcome::Skip { why: outside::line(&why) },
            Outcome::Unknown { why } => Outcome::Unknown { why: outside::line(&why) },
            blocked @ Outcome::Blocked { .. } => blocked,
        };
        Self { subject: subject(self.subject), vantage: vantage(self.vantage), outcome, ..self }
    }
}

fn subject(subject: Subject) -> Subject {
    let shown = |name: Option<String>| name.map(|name| outside::line(&name));
    Subject { host: shown(subject.host), node: shown(subject.node) }
}

fn vantage(vantage: Vantage) -> Vantage {
    match vantage {
        Vantage::Node(name) => Vantage::Node(outside::line(&name)),
        Vantage::Authoritative(server) => Vantage::Authoritative(outside::line(&server)),
        Vantage::PublicDns(server) => Vantage::PublicDns(outside::line(&server)),
        same => same,
    }
}

fn shown(mut finding: Finding) -> Finding {
    finding.summary = outside::lines(&finding.summary);
    finding.cause = outside::lines(&finding.cause);
    finding.fix.text = outside::lines(&finding.fix.text);
    finding.fix.nixos = finding.fix.nixos.map(|option| outside::line(&option));
    // A command that would have to be changed is none to paste.
    let whole = |command: &String| outside::line(command) == *command;
    finding.fix.commands.retain(whole);
    finding.fix.look.retain(whole);
    finding
}

#[cfg(test)]
mod tests {
    use crate::verify::{Check, Finding, Report, Severity, Subject, Vantage, id};

    #[test]
    fn whatever_a_judge_quotes_is_shown_without_controls_and_secrets() {
        let evil = "a\u{1b}[2J\u{9b}1m\u{202e}\u{200b} password=hunter2";
        let mut finding = Finding::new(evil, evil, evil).nixos(evil);
        finding.fix.commands = vec![format!("kubectl get {evil}"), "kubectl get pods".to_owned()];
        finding.fix.look = vec!["dig a\u{202e}b".to_owned()];
        let check = Check {
            id: id::TOKEN,
            title: "title",
            subject: Subject::both(evil, evil),
            vantage: Vantage::Authoritative(evil.to_owned()),
            severity: Severity::Error,
            needs: &[],
            outcome: finding.into(),
        };
        let report = Report::of(vec![check]);
        let text = serde_json::json!(report).to_string();
        for part in ["hunter2", "\\u001b", "\u{9b}", "\u{202e}", "\u{200b}"] {
            assert!(!text.contains(part), "{text}");
        }
        let fix = &report.checks[0].finding().unwrap().fix;
        assert_eq!(
            (fix.commands.as_slice(), fix.look.len()),
            (["kubectl get pods".to_owned()].as_slice(), 0)
        );
    }
}
