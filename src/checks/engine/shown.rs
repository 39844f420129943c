//! The texts of a check as they may be shown: see [`outside`].

use crate::checks::engine::{Check, Finding, Outcome, Subject, Vantage};
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
