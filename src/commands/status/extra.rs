//! What is to be said of each certificate that belongs to no service, in one line.

use jiff::Timestamp;
use serde::Serialize;

use super::names::{State, Wrong, failing, left, state, whole_days, wrong};
use crate::checks::{Check, Report, in_up};
use crate::config::Config;
use crate::evidence::{Evidence, ExtraSeen};
use crate::facts::names::without_wildcard;
use crate::ui::StatusLine;

/// One certificate.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Extra {
    /// `namespace/name` of its Secret.
    pub(super) secret: String,
    /// What it is for.
    pub(super) names: Vec<String>,
    pub(super) state: State,
    /// When it ends; `None` before there is one.
    pub(super) not_after: Option<Timestamp>,
    /// Whole days until then.
    pub(super) days_left: Option<i64>,
    /// What is wrong, causes first.
    pub(super) wrong: Vec<Wrong>,
}

/// Every one of them, as the configuration has them.
pub(super) fn all(evidence: &Evidence, report: &Report) -> Vec<Extra> {
    evidence.extra.iter().map(|extra| one(evidence, report, extra)).collect()
}

fn one(evidence: &Evidence, report: &Report, extra: &ExtraSeen) -> Extra {
    let secret = extra.place();
    let is_of_it = |check: &&Check| in_up(check.id) && check.subject.host.as_deref() == Some(secret.as_str());
    let checks: Vec<&Check> = report.checks.iter().filter(is_of_it).collect();
    let failing = failing(report, &checks);
    let seen = evidence.certificate_at(&extra.namespace, &extra.secret);
    let not_after = seen.and_then(|seen| seen.not_after);
    Extra {
        names: extra.hosts.clone(),
        state: state(&checks, &failing),
        not_after,
        days_left: not_after.map(|end| whole_days(evidence, end)),
        wrong: wrong(&failing),
        secret,
    }
}

impl Extra {
    /// Whether `name` means it: its Secret, one of its names, or what stands before the domain of one.
    pub(super) fn is_meant(&self, config: &Config, name: &str) -> bool {
        let name = name.to_lowercase();
        let below = config.domain.child(&name).to_string();
        let secret = self.secret.split_once('/').map_or(self.secret.as_str(), |(_, secret)| secret);
        [self.secret.as_str(), secret].contains(&name.as_str())
            || self.names.iter().any(|one| *one == name || *one == below || without_wildcard(one) == name)
    }

    pub(super) fn shown(&self) -> StatusLine {
        let names = match self.names.as_slice() {
            [one] => one.clone(),
            [first, more @ ..] => format!("{first} and {} more", more.len()),
            [] => String::new(),
        };
        StatusLine {
            word: self.state.word(),
            url: format!("Secret {}", self.secret),
            addresses: names,
            certificate: self.certificate(),
            foreign: None,
            wrong: self.wrong.iter().map(|wrong| format!("{}: {}", wrong.id, wrong.summary)).collect(),
        }
    }

    /// What is left of it, in words.
    pub(super) fn certificate(&self) -> String {
        self.days_left.map_or_else(|| "not issued yet".to_owned(), left)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::checks::judge;
    use crate::config;
    use crate::evidence::CertificateSeen;

    fn seen(ready: Option<bool>) -> Vec<Extra> {
        let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
        evidence.extra = vec![ExtraSeen {
            namespace: "qa".into(),
            secret: "wildcard-qa-tls".into(),
            hosts: vec!["*.qa.home.example.com".into(), "qa.home.example.com".into()],
            by_authority: false,
        }];
        evidence.certificates = Some(vec![CertificateSeen {
            namespace: "qa".into(),
            name: "wildcard-qa-tls".into(),
            ready,
            not_after: ready.and_then(|_| "2026-08-01T13:00:00Z".parse().ok()),
            renewal: ready.and_then(|_| "2026-07-01T13:00:00Z".parse().ok()),
            ..CertificateSeen::default()
        }]);
        all(&evidence, &judge(&evidence))
    }

    /// One that is as it should be.
    pub(in crate::commands::status) fn one() -> Extra {
        seen(Some(true)).remove(0)
    }

    #[test]
    fn a_certificate_has_its_secret_its_names_and_its_end_in_one_line() {
        let line = seen(Some(true))[0].shown();
        assert_eq!((line.word, line.url.as_str()), ("ok", "Secret qa/wildcard-qa-tls"));
        assert_eq!(line.addresses, "*.qa.home.example.com and 1 more");
        assert_eq!(line.certificate, "61 days left");
        let line = seen(None)[0].shown();
        assert_eq!((line.word, line.certificate.as_str()), ("not yet", "not issued yet"));
        assert!(line.wrong[0].starts_with("cm.certificate: Certificate `qa/wildcard-qa-tls` is not ready"));
    }

    #[test]
    fn it_is_meant_by_its_secret_and_by_each_of_its_names() {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        let config = config::parse(text).unwrap();
        let one = one();
        for name in
            ["qa/wildcard-qa-tls", "wildcard-qa-tls", "*.QA.home.example.com", "qa", "qa.home.example.com"]
        {
            assert!(one.is_meant(&config, name), "{name}");
        }
        assert!(!one.is_meant(&config, "photos") && !one.is_meant(&config, "home.example.com"));
    }
}
