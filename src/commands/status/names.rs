//! What is to be said of each name in one line.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use crate::checks::{Check, CheckId, Heals, Outcome, Report, Severity, in_up};
use crate::commands::status::ways::{AtHome, Ways};
use crate::evidence::{Evidence, HostSeen};
use crate::ingress::traits_of;

/// How a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// People get there.
    Ok,
    /// They do not, but it may come by itself.
    NotYet,
    /// They do not, until somebody acts.
    Broken,
    /// It could not be seen.
    Unknown,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotYet => "not yet",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

/// One name.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Line {
    pub(super) host: String,
    pub(super) url: String,
    pub(super) state: State,
    /// The Ingress that brings it, where the configuration does not: `namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) foreign: Option<String>,
    /// As the zone's own servers have them, else as the Ingress has them.
    pub(super) addresses: Vec<IpAddr>,
    /// By which ways it is reached, where the internet reaches it.
    pub(super) public: Option<Ways>,
    /// When the certificate that is served ends; `None` when none was seen.
    pub(super) not_after: Option<Timestamp>,
    /// Whole days until then.
    pub(super) days_left: Option<i64>,
    /// Who serves its own fake certificate, for it has no other.
    #[serde(skip)]
    fake_of: Option<&'static str>,
    /// What is wrong, causes first.
    pub(super) wrong: Vec<Wrong>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Wrong {
    pub(super) id: CheckId,
    pub(super) severity: Severity,
    pub(super) summary: String,
}

impl Line {
    /// Where it leads, in words; a public name to two places.
    pub(super) fn places(&self) -> String {
        let addresses = self.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match &self.public {
            Some(ways) => ways.told(&addresses),
            None => addresses,
        }
    }

    /// What is left of the certificate, in words.
    pub(super) fn certificate(&self) -> String {
        if let Some(program) = self.fake_of {
            return format!("{program}'s fake certificate");
        }
        match self.days_left {
            None if self.url.starts_with("http:") => "no TLS".to_owned(),
            None => "no certificate seen".to_owned(),
            Some(days) => left(days),
        }
    }
}

/// What is left of a certificate, in words.
pub(super) fn left(days: i64) -> String {
    match days {
        days if days < 0 => "expired".to_owned(),
        1 => "1 day left".to_owned(),
        _ => format!("{days} days left"),
    }
}

/// Every name that was looked at: those of the configuration first.
pub(super) fn lines(evidence: &Evidence, report: &Report) -> Vec<Line> {
    let mut lines: Vec<Line> = evidence.hosts.keys().map(|host| line(evidence, report, host)).collect();
    lines.sort_by_key(|line| line.foreign.is_some());
    lines
}

fn line(evidence: &Evidence, report: &Report, host: &str) -> Line {
    let ours = evidence.config.as_ref().is_some_and(|config| config.hosts.iter().any(|other| other == host));
    let ingress = evidence.ingresses_of(host).next();
    let foreign = ingress.filter(|_| !ours).map(|ingress| format!("{}/{}", ingress.namespace, ingress.name));
    let seen = evidence.hosts.get(host);
    let answers = seen.into_iter().flat_map(|seen| &seen.authoritative);
    let published: Vec<IpAddr> = answers
        .filter_map(|lookup| Some(lookup.result.as_ref().ok()?.addresses()))
        .next()
        .unwrap_or_default();
    let seen = seen.filter(|_| !evidence.is_without_tls(host));
    let not_after = seen.and_then(HostSeen::not_after);
    let controller = traits_of(evidence.controller);
    let mut served = seen.into_iter().flat_map(|seen| &seen.tls).filter_map(|tls| tls.result.as_ref().ok());
    let fake = served.any(|served| (controller.is_fake)(&served.leaf));
    let scheme = if evidence.wants_tls(host) == Some(false) { "http" } else { "https" };
    let checks: Vec<&Check> = report
        .checks
        .iter()
        .filter(|check| in_up(check.id) && check.subject.host.as_deref() == Some(host))
        .collect();
    let failing = failing(report, &checks);
    let public = Ways::of(evidence, host);
    Line {
        host: host.to_owned(),
        url: format!("{scheme}://{host}"),
        state: state(&checks, &failing),
        foreign,
        addresses: match &public {
            Some(Ways { house: AtHome::Direct, .. }) => evidence.status_of(host),
            _ if published.is_empty() => evidence.led_to(host),
            _ => published,
        },
        public,
        not_after,
        days_left: not_after.map(|end| whole_days(evidence, end)),
        fake_of: fake.then_some(controller.program),
        wrong: wrong(&failing),
    }
}

/// How many whole days are left until then.
pub(super) fn whole_days(evidence: &Evidence, end: Timestamp) -> i64 {
    end.duration_since(evidence.now).as_secs().div_euclid(86_400)
}

/// The failures among the checks and those that block one of them, in the report's order.
pub(super) fn failing<'a>(report: &'a Report, checks: &[&Check]) -> Vec<&'a Check> {
    let explains = |failure: &&Check| {
        checks.iter().any(|check| match check.outcome {
            Outcome::Fail(_) => check.id == failure.id && check.subject == failure.subject,
            Outcome::Blocked { by } => by == failure.id && check.subject.touches(&failure.subject),
            _ => false,
        })
    };
    report.failures().filter(|check| check.severity != Severity::Info).filter(explains).collect()
}

pub(super) fn state(checks: &[&Check], failing: &[&Check]) -> State {
    let errors: Vec<_> = failing.iter().filter(|check| check.severity == Severity::Error).collect();
    let heals = |check: &&&Check| check.finding().is_some_and(|finding| finding.heals == Heals::Waiting);
    let unseen = |check: &&Check| {
        check.severity == Severity::Error
            && matches!(check.outcome, Outcome::Unknown { .. } | Outcome::Blocked { .. })
    };
    match () {
        () if !errors.is_empty() && errors.iter().all(heals) => State::NotYet,
        () if !errors.is_empty() => State::Broken,
        () if checks.is_empty() || checks.iter().any(unseen) => State::Unknown,
        () => State::Ok,
    }
}

/// Each once: a failure that every node or resolver shows is one.
pub(super) fn wrong(failing: &[&Check]) -> Vec<Wrong> {
    let mut found: Vec<Wrong> = Vec::new();
    for check in failing {
        let Some(finding) = check.finding() else { continue };
        if !found.iter().any(|wrong| wrong.id == check.id) {
            found.push(Wrong { id: check.id, severity: check.severity, summary: finding.summary.clone() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::report_of;
    use crate::checks::{Finding, Judged, Subject, Vantage, id};
    use crate::evidence::tls::{Leaf, Served, Trust};
    use crate::evidence::{ConfigSeen, IngressSeen, Seen};

    fn evidence() -> Evidence {
        let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
        evidence.config = Some(ConfigSeen { hosts: vec!["a.example.com".into()], ..ConfigSeen::default() });
        evidence.hosts.insert("a.example.com".into(), HostSeen::default());
        evidence.hosts.insert("0.example.com".into(), HostSeen::default());
        let ingress = |host: &str| IngressSeen {
            namespace: "x".into(),
            name: "i".into(),
            hosts: vec![host.into()],
            addresses: vec!["192.168.1.2".parse().unwrap()],
            ..IngressSeen::default()
        };
        evidence.ingresses = Some(vec![ingress("a.example.com"), ingress("0.example.com")]);
        evidence
    }

    fn first(judged: Vec<(CheckId, Option<&str>, Outcome)>) -> Line {
        let judged = judged.into_iter().map(|(id, host, outcome)| Judged {
            id,
            subject: host.map(Subject::host).unwrap_or_default(),
            vantage: Vantage::Api,
            outcome,
        });
        lines(&evidence(), &report_of(judged.collect())).swap_remove(0)
    }

    fn fail() -> Finding {
        Finding::new("s", "c", "f")
    }

    #[test]
    fn a_name_is_not_yet_there_broken_or_unknown_by_what_was_found() {
        let host = Some("a.example.com");
        let pass = || Outcome::Pass { saw: "x".into() };
        let cases = [
            (pass(), State::Ok),
            (fail().heals().into(), State::NotYet),
            (fail().into(), State::Broken),
            (Outcome::Unknown { why: "x".into() }, State::Unknown),
        ];
        for (outcome, wanted) in cases {
            assert_eq!(first(vec![(id::PUBLIC, host, outcome)]).state, wanted);
        }
        assert_eq!(first(vec![]).state, State::Unknown);
    }

    #[test]
    fn who_has_only_the_controllers_own_certificate_is_told_so_and_not_how_long_it_lasts() {
        let mut evidence = evidence();
        let seen = evidence.ingresses.as_mut().unwrap();
        seen[0].tls_hosts = vec!["a.example.com".into()];
        let leaf = Leaf {
            subject: "O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate".into(),
            issuer: "O=Acme Co".into(),
            names: vec!["ingress.local".into()],
            not_before: evidence.now,
            not_after: "2027-06-01T12:00:00Z".parse().unwrap(),
            serial: "1".into(),
            fingerprint: "2".into(),
        };
        let served = Served { leaf, chain: 1, trust: Trust::UnknownIssuer, by_lab: None };
        let tls = Seen { address: "192.168.1.2:443".parse().unwrap(), node: "pi".into(), result: Ok(served) };
        for host in ["a.example.com", "0.example.com"] {
            evidence.hosts.get_mut(host).unwrap().tls.push(tls.clone());
        }
        let lines = lines(&evidence, &report_of(vec![]));
        assert_eq!(lines[0].certificate(), "nginx's fake certificate");
        // One that asks for none is not told of what the controller shows to who asks by TLS all the same.
        assert_eq!((lines[1].certificate().as_str(), lines[1].days_left), ("no TLS", None));
    }

    #[test]
    fn what_blocks_a_name_is_what_is_wrong_with_it() {
        let host = Some("a.example.com");
        let line = first(vec![(id::NODE_404, None, fail().into()), (id::HANDSHAKE, host, fail().into())]);
        assert_eq!((line.state, line.wrong.len(), line.wrong[0].id), (State::Broken, 1, id::NODE_404));
    }

    #[test]
    fn names_of_others_come_last_with_their_ingress() {
        let lines = lines(&evidence(), &report_of(vec![]));
        assert_eq!((lines[0].host.as_str(), lines[0].foreign.as_deref()), ("a.example.com", None));
        assert_eq!((lines[1].host.as_str(), lines[1].foreign.as_deref()), ("0.example.com", Some("x/i")));
        assert_eq!(
            (lines[1].url.as_str(), lines[1].certificate().as_str()),
            ("http://0.example.com", "no TLS")
        );
    }
}
