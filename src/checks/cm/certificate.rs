//! Certificates as cert-manager sees them.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::checks::cm::asked;
use crate::checks::cm::chain::Chain;
use crate::checks::cm::challenge;
use crate::checks::cm::reading::{Cure, one_line};
use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::evidence::{CertificateSeen, Evidence, View, at, entries, has_rule};
use crate::facts::authority::ISSUER;

pub(super) fn is_ready(evidence: &Evidence, host: &str) -> Outcome {
    if evidence.certificates.is_none() {
        return Outcome::unknown("the Certificates were not read");
    }
    match evidence.certificates_of(host).next() {
        Some(certificate) => one(evidence, certificate, Chain::of(evidence, host), false),
        None => absent(evidence, host),
    }
}

fn absent(evidence: &Evidence, host: &str) -> Outcome {
    let asks = |ingress: &&Value| {
        let annotations = &ingress["metadata"]["annotations"];
        ["cluster-issuer", "issuer"]
            .iter()
            .any(|key| annotations[format!("cert-manager.io/{key}")].is_string())
    };
    let ingresses = evidence.objects("ingresses.networking.k8s.io").unwrap_or_default().iter();
    let found: Vec<&Value> = ingresses.filter(|ingress| has_rule(ingress, host)).collect();
    let foreign = found.iter().find(|ingress| !crate::plan::is_of_lab(ingress));
    if let Some(ingress) = foreign.filter(|ingress| !asks(ingress)) {
        return Outcome::skip(format!("Ingress `{}` brings its own certificate", ingress.full_name()));
    }
    let not_made = found.iter().filter(|ingress| asks(ingress));
    if let Some(finding) = not_made.filter_map(|ingress| asked::not_made(evidence, ingress, host)).next() {
        return finding.into();
    }
    let finding = Finding::new(
        format!("no Certificate is for `{host}`"),
        "cert-manager has not seen the Ingress yet, or its annotation `cert-manager.io/cluster-issuer` is missing",
        "run `homelab up`",
    );
    finding.heals_soon().into()
}

/// What is there. `by_homelab` says whether homelab wrote the Certificate itself, and not cert-manager for an Ingress.
pub(super) fn one(
    evidence: &Evidence,
    certificate: &CertificateSeen,
    chain: Option<Chain<'_>>,
    by_homelab: bool,
) -> Outcome {
    let name = format!("{}/{}", certificate.namespace, certificate.name);
    if certificate.ready == Some(true) {
        let failing = certificate.last_failure.is_some();
        return match chain.filter(|_| failing) {
            Some(chain) => pause(evidence, certificate, &chain, &name).only(Severity::Warning).into(),
            None => Outcome::pass(format!("Certificate `{name}` is ready")),
        };
    }
    if let Some(twin) = chain.as_ref().and_then(|chain| twin(evidence, chain.certificate)) {
        return Finding::new(
            format!("Certificate `{name}` and `{twin}` write into the same Secret"),
            "cert-manager issues neither while two Certificates use one Secret: an Ingress and a Certificate made by hand, or two Ingresses, name the same `secretName`",
            "give each its own `secretName`, or delete the Certificate that you do not need",
        )
        .into();
    }
    if let Some(finding) = chain.as_ref().and_then(|chain| asked::no_issuer(evidence, chain.certificate)) {
        let again = || {
            Finding::new(
                finding.summary.clone(),
                "somebody has deleted or changed it",
                "run `homelab up`, which writes both again",
            )
        };
        return if by_homelab { again().command("homelab up") } else { finding }.into();
    }
    match chain {
        Some(chain) if chain.is_over() => pause(evidence, certificate, &chain, &name).into(),
        chain => going_on(evidence, certificate, chain.as_ref(), &name).into(),
    }
}

/// It failed, and cert-manager waits before it tries again.
fn pause(evidence: &Evidence, certificate: &CertificateSeen, chain: &Chain<'_>, name: &str) -> Finding {
    let until = backoff_end(evidence, certificate).filter(|end| *end > evidence.now);
    let said = chain.messages().next().unwrap_or(&certificate.message);
    let summary = match certificate.ready {
        Some(true) => format!("the renewal of Certificate `{name}` failed: {}", one_line(said)),
        _ => format!("Certificate `{name}` is not ready: {}", one_line(said)),
    };
    let known = challenge::meaning(evidence, said);
    let why = known.map_or(String::new(), |row| format!("{}; ", row.cause));
    let tried = times(certificate.failed_attempts);
    let cause = match until {
        Some(end) => format!(
            "{why}issuing failed {tried}, and cert-manager waits {} before it tries again",
            span(end.duration_since(evidence.now).as_secs())
        ),
        None => format!("{why}issuing failed {tried}, and cert-manager is about to try again"),
    };
    let renew = command!("homelab renew {}", name);
    let then = renew.as_ref().map_or_else(String::new, |renew| format!("; then `{renew}` tries at once"));
    let finding = match known.filter(|row| row.cure != Cure::Renewal) {
        Some(row) => Finding::new(summary, cause, format!("{}{then}", row.fix)),
        // Nothing that can be seen from here is in the way any more.
        None => Finding::new(summary, cause, "homelab sees no cause any more: try again now. If it fails again, read the new message before you retry: Let's Encrypt allows five failures of a name in an hour").command(renew),
    };
    finding
        .look(command!("kubectl -n {} describe certificaterequests,orders,challenges", certificate.namespace))
        .heals()
        .retry_at(until)
}

/// It is being issued, or should be.
fn going_on(
    evidence: &Evidence,
    certificate: &CertificateSeen,
    chain: Option<&Chain<'_>>,
    name: &str,
) -> Finding {
    let deepest = chain.and_then(|chain| chain.messages().next()).filter(|message| !message.is_empty());
    let said = match (deepest, certificate.reason.as_str(), certificate.message.as_str()) {
        (Some(deepest), ..) => one_line(deepest),
        (None, "", "") => "cert-manager has not begun".to_owned(),
        (None, reason, "") => reason.to_owned(),
        (None, _, message) => one_line(message),
    };
    let retry_at = backoff_end(evidence, certificate).filter(|end| *end > evidence.now);
    let cause = match retry_at {
        Some(end) => format!(
            "issuing failed {}, and cert-manager waits {} before it tries again",
            times(certificate.failed_attempts),
            span(end.duration_since(evidence.now).as_secs())
        ),
        None if certificate.issuer == ISSUER => {
            "the lab's own certificate authority signs within seconds, once it is there itself".to_owned()
        }
        None => stage(chain),
    };
    let fix = match certificate.issuer == ISSUER {
        true => "wait a moment; if it stays, read what `cm.issuer` and `cm.own-authority` say",
        false => "check the challenges: their reason quotes the DNS provider or the certificate authority",
    };
    Finding::new(format!("Certificate `{name}` is not ready: {said}"), cause, fix)
        .look(command!("kubectl -n {} describe certificaterequests,orders,challenges", certificate.namespace))
        .heals()
        .retry_at(retry_at)
}

/// How far it has come.
fn stage(chain: Option<&Chain<'_>>) -> String {
    let Some(chain) = chain else {
        return "cert-manager is asking the certificate authority; a DNS-01 challenge takes a minute or two"
            .to_owned();
    };
    match (chain.request, chain.order) {
        (None, _) => "cert-manager's controller has not created a CertificateRequest yet".to_owned(),
        (Some(_), None) => {
            "the request waits for its order: the issuer is not ready, or the controller is busy".to_owned()
        }
        (Some(_), Some(_)) => format!(
            "the certificate is ordered, with {}; a DNS-01 challenge takes a minute or two",
            match chain.challenges.len() {
                1 => "one open challenge".to_owned(),
                count => format!("{count} open challenges"),
            }
        ),
    }
}

/// Another Certificate with the same Secret.
fn twin(evidence: &Evidence, certificate: &Value) -> Option<String> {
    let same = |other: &&Value| {
        other.namespace() == certificate.namespace()
            && other.name() != certificate.name()
            && at(other, "/spec/secretName") == at(certificate, "/spec/secretName")
            && !at(certificate, "/spec/secretName").is_empty()
    };
    evidence.objects("certificates.cert-manager.io")?.iter().find(same).map(View::full_name)
}

fn times(n: u32) -> String {
    match n {
        0 | 1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

/// When cert-manager tries again by itself; `None` when nothing failed.
pub(super) fn next_try(evidence: &Evidence, chain: &Chain<'_>) -> Option<Timestamp> {
    let attempts = chain.certificate["status"]["failedIssuanceAttempts"].as_u64().unwrap_or(1);
    let failed = CertificateSeen {
        last_failure: chain.last_failure(),
        failed_attempts: attempts.try_into().unwrap_or(u32::MAX),
        ..CertificateSeen::default()
    };
    backoff_end(evidence, &failed)
}

/// cert-manager waits one hour after a failure, and twice as long after each further one (its FAQ).
fn backoff_end(evidence: &Evidence, certificate: &CertificateSeen) -> Option<Timestamp> {
    let hours = (1_i64 << certificate.failed_attempts.saturating_sub(1).min(5)).min(longest(evidence));
    certificate.last_failure?.checked_add(SignedDuration::from_hours(hours)).ok()
}

/// The longest such pause, in hours: what its flag says, which homelab gives its own installation, else its default.
fn longest(evidence: &Evidence) -> i64 {
    let controller = |workload: &&Value| workload.name() == "cert-manager";
    let workload = evidence.objects("deployments.apps").unwrap_or_default().iter().find(controller);
    let arguments = workload.map_or(&[][..], |found| entries(found, "/spec/template/spec/containers/0/args"));
    let given = arguments
        .iter()
        .filter_map(Value::as_str)
        .find_map(|argument| argument.strip_prefix("--certificate-request-maximum-backoff-duration="));
    given.and_then(|text| text.strip_suffix('h')?.parse().ok()).unwrap_or(32)
}
