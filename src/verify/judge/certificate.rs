//! Certificates as cert-manager sees them.

use jiff::{SignedDuration, Timestamp};

use super::judged;
use crate::verify::{
    evidence::{CertificateSeen, Evidence},
    model::{Finding, Judged, Outcome, Subject, Vantage},
    registry::id,
    words::span,
};

pub(super) fn host(evidence: &Evidence, host: &str) -> Judged {
    let outcome = match &evidence.certificates {
        _ if evidence.wants_tls(host) == Some(false) => Outcome::skip("its Ingress asks for no certificate"),
        None => Outcome::unknown("the Certificates were not read"),
        Some(all) => match all.iter().find(|certificate| certificate.covers(host)) {
            Some(certificate) => one(evidence.now, certificate),
            None => Finding::new(
                format!("no Certificate is for `{host}`"),
                "cert-manager has not seen the Ingress yet, or its annotation `cert-manager.io/cluster-issuer` is missing",
                "run `homelab up`",
            )
            .heals()
            .into(),
        },
    };
    judged(id::CERTIFICATE, Subject::host(host), Vantage::Api, outcome)
}

fn one(now: Timestamp, certificate: &CertificateSeen) -> Outcome {
    let name = format!("{}/{}", certificate.namespace, certificate.name);
    if certificate.ready == Some(true) {
        return Outcome::pass(format!("Certificate `{name}` is ready"));
    }
    let said = match (certificate.reason.as_str(), certificate.message.as_str()) {
        ("", "") => "cert-manager has not begun".to_owned(),
        (reason, "") => reason.to_owned(),
        (_, message) => message.to_owned(),
    };
    let retry_at = backoff_end(certificate).filter(|end| *end > now);
    let cause = match retry_at {
        Some(end) => format!(
            "the issuing failed {} times, and cert-manager waits {} before it tries again",
            certificate.failed_attempts,
            span(end.duration_since(now).as_secs())
        ),
        None => {
            "the certificate authority is being asked; a DNS-01 challenge takes a minute or two".to_owned()
        }
    };
    Finding::new(
        format!("Certificate `{name}` is not ready: {said}"),
        cause,
        "look at the challenges: their reason names what the DNS provider or the authority said",
    )
    .look(format!("kubectl -n {} describe certificaterequests,orders,challenges", certificate.namespace))
    .heals()
    .retry_at(retry_at)
    .into()
}

/// cert-manager waits one hour after a failure, and twice as long after each further one, up to 32 hours (its FAQ).
fn backoff_end(certificate: &CertificateSeen) -> Option<Timestamp> {
    let hours = 1_i64 << certificate.failed_attempts.saturating_sub(1).min(5);
    certificate.last_failure?.checked_add(SignedDuration::from_hours(hours)).ok()
}
