//! Every check there is, in the order it is shown: causes before what follows from them.
//!
//! One group, one file: the names of its checks, and for each what `homelab doctor --explain` and docs/checks.md say.

mod apps;
mod cert_manager;
mod cloudflare;
mod config;
mod dns;
mod external_dns;
mod host;
mod ingress;
mod k3s;
mod lab;
mod net;
mod tls;

use std::fmt;

use super::model::{CheckId, Severity};

/// The names, for judges and for callers that look for one check.
pub mod id {
    pub use super::{
        apps::*, cert_manager::*, cloudflare::*, config::*, dns::*, external_dns::*, host::*, ingress::*,
        k3s::*, lab::*, net::*, tls::*,
    };
}

/// Checks that look at the same thing; its name is what stands before the dot of a check's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// For example `dns`.
    pub name: &'static str,
    /// What it looks at, in one line.
    pub about: &'static str,
    /// Its checks, causes first.
    pub checks: &'static [Def],
}

const fn group(name: &'static str, about: &'static str, checks: &'static [Def]) -> Group {
    Group { name, about, checks }
}

/// Every group, in the order of a report: from what lies below to what people see.
pub const GROUPS: &[Group] = &[
    group("config", "the configuration, before anything is asked", config::CHECKS),
    group("host", "this machine, where it is a node of the cluster", host::CHECKS),
    group("k3s", "the API server, the nodes and what k3s brings", k3s::CHECKS),
    group("net", "what pods reach", net::CHECKS),
    group("lab", "what the configuration says, as it lies in the cluster", lab::CHECKS),
    group("ingress", "ports 80 and 443, the ingress controller and the Ingresses", ingress::CHECKS),
    group("cf", "the API token and the zone at Cloudflare", cloudflare::CHECKS),
    group("edns", "external-dns and the records that it keeps", external_dns::CHECKS),
    group("dns", "each name, as each vantage resolves it", dns::CHECKS),
    group("cm", "cert-manager, its issuer, its challenges and Certificates", cert_manager::CHECKS),
    group("tls", "the certificate that each node shows for a name", tls::CHECKS),
    group("apps", "the services behind the names", apps::CHECKS),
];

/// Every check, in the order of a report.
pub fn checks() -> impl Iterator<Item = &'static Def> {
    GROUPS.iter().flat_map(|group| group.checks)
}

/// What is fixed about the check of that name.
#[must_use]
pub fn def(id: CheckId) -> Option<&'static Def> {
    checks().find(|def| def.id == id)
}

/// What is fixed about a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Def {
    /// Its stable name.
    pub id: CheckId,
    /// A positive statement, so that one line reads well as pass and as fail.
    pub title: &'static str,
    /// How much a failure of it matters.
    pub severity: Severity,
    /// A failure of one of these, for the same host and node, blocks this one.
    pub needs: &'static [CheckId],
    /// Whether `up` ends with it, too.
    pub in_up: bool,
    /// Whether it can be judged before the first `up`: `doctor --pre` runs it.
    pub before_up: bool,
    /// Whether it needs a probe that writes: `doctor --active` runs it.
    pub active: bool,
    /// The long text.
    pub explain: Explain,
}

/// What a check is about, for people who meet it for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explain {
    /// What is looked at, from where, and how.
    pub looks_at: &'static str,
    /// What people notice when it fails.
    pub symptom: &'static str,
    /// The causes that are known, each with its fix; the most frequent first.
    pub causes: &'static [Cause],
    /// Where the facts come from: documents and threads, for who wants to read on.
    pub sources: &'static [&'static str],
}

/// One thing that makes a check fail, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Why it happens.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
}

impl Def {
    /// A check whose failure is an error.
    const fn error(id: CheckId, title: &'static str) -> Self {
        let explain = Explain { looks_at: "", symptom: "", causes: &[], sources: &[] };
        let severity = Severity::Error;
        Self { id, title, severity, needs: &[], in_up: false, before_up: false, active: false, explain }
    }

    /// A check whose failure is a warning.
    const fn warning(id: CheckId, title: &'static str) -> Self {
        Self { severity: Severity::Warning, ..Self::error(id, title) }
    }

    /// A check whose failure is only good to know.
    const fn info(id: CheckId, title: &'static str) -> Self {
        Self { severity: Severity::Info, ..Self::error(id, title) }
    }

    /// The same, blocked when one of these fails.
    const fn needs(self, needs: &'static [CheckId]) -> Self {
        Self { needs, ..self }
    }

    /// The same, and `up` ends with it.
    const fn in_up(self) -> Self {
        Self { in_up: true, ..self }
    }

    /// The same, and `doctor --pre` runs it.
    const fn before_up(self) -> Self {
        Self { before_up: true, ..self }
    }

    /// The same, and only `doctor --active` runs it.
    const fn active(self) -> Self {
        Self { active: true, ..self }
    }

    /// The same with what it looks at, and what people notice when it fails.
    const fn about(self, looks_at: &'static str, symptom: &'static str) -> Self {
        Self { explain: Explain { looks_at, symptom, ..self.explain }, ..self }
    }

    /// The same with the causes that are known.
    const fn causes(self, causes: &'static [Cause]) -> Self {
        Self { explain: Explain { causes, ..self.explain }, ..self }
    }

    /// The same with where the facts come from.
    const fn sources(self, sources: &'static [&'static str]) -> Self {
        Self { explain: Explain { sources, ..self.explain }, ..self }
    }

    /// The group that it belongs to: its name up to the dot.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.id.as_str().split_once('.').map_or(self.id.as_str(), |(group, _)| group)
    }
}

const fn cause(why: &'static str, fix: &'static str) -> Cause {
    Cause { why, fix }
}

impl fmt::Display for Def {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_comes_after_all_that_it_needs() {
        let all: Vec<&Def> = checks().collect();
        for (at, def) in all.iter().enumerate() {
            for need in def.needs {
                assert!(all[..at].iter().any(|earlier| earlier.id == *need), "{} needs {need}", def.id);
            }
        }
    }

    #[test]
    fn no_two_checks_share_a_name_and_each_title_is_a_statement() {
        let all: Vec<&Def> = checks().collect();
        for (at, def) in all.iter().enumerate() {
            assert!(!all[..at].iter().any(|earlier| earlier.id == def.id), "{}", def.id);
            assert!(!def.title.ends_with('.') && def.title.starts_with(char::is_lowercase), "{}", def.title);
        }
    }

    #[test]
    fn every_check_says_what_it_looks_at_what_people_notice_and_what_to_do() {
        for Def { id, explain, .. } in checks() {
            assert!(!explain.looks_at.is_empty() && !explain.symptom.is_empty(), "{id}: what about?");
            assert!(!explain.causes.is_empty(), "{id}: what makes it fail?");
            let whole = |cause: &Cause| !cause.why.is_empty() && !cause.fix.is_empty();
            assert!(explain.causes.iter().all(whole), "{id}: a cause without words");
        }
    }

    #[test]
    fn every_check_lies_in_the_group_of_its_name() {
        for group in GROUPS {
            for def in group.checks {
                assert_eq!(def.group(), group.name, "{}", def.id);
            }
        }
    }
}
