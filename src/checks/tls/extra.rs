//! Certificates that belong to no service: nobody knows where they are shown, so that their Secrets are judged.

use crate::checks::engine::words::{quoted, span};
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::{AcmeSeen, Evidence, ExtraSeen};

/// The part of what is left at a renewal by which that may be late: cert-manager renews when a third of the life is left, so
/// these are three days of ninety.
const LATE: i64 = 10;

/// What is about each of them.
pub(super) fn outcomes(evidence: &Evidence) -> Vec<Judged> {
    let of = |extra: &ExtraSeen| {
        let subject = Subject::certificate(extra.place());
        judged(id::STORED, subject, Vantage::Api, is_stored(evidence, extra))
    };
    evidence.extra.iter().map(of).collect()
}

/// By what the Secret holds, which `up` and who may only read do not see, and by what cert-manager says of it.
fn is_stored(evidence: &Evidence, extra: &ExtraSeen) -> Outcome {
    let held = evidence.acme.as_ref().map(|acme| is_good(evidence, acme, extra));
    match (held, is_in_time(evidence, extra)) {
        (Some(held @ (Outcome::Fail(_) | Outcome::Unknown { .. })), _) => held,
        (_, Some(planned)) => planned,
        (Some(held), None) => held,
        (None, None) => Outcome::unknown("no certificate was seen"),
    }
}

/// Whether the Secret holds what was asked for.
fn is_good(evidence: &Evidence, acme: &AcmeSeen, extra: &ExtraSeen) -> Outcome {
    let place = extra.place();
    let Some(secrets) = &acme.secrets else {
        let unread = || Outcome::unknown("the Secrets were not read");
        return evidence.reads_only().map_or_else(unread, Outcome::skip);
    };
    let renew = || command!("homelab renew {}", place);
    let leaf = match secrets.get(&place) {
        Some(Ok(held)) => &held.leaf,
        Some(Err(why)) => {
            return Finding::new(
                format!("Secret `{place}` holds no certificate: {why}"),
                "somebody has changed it by hand",
                "have it issued again",
            )
            .command(renew())
            .into();
        }
        None => {
            return Finding::new(
                format!("there is no Secret `{place}`"),
                "its certificate has not been issued yet; or somebody deleted it, and cert-manager issues it again",
                "wait a moment; if it stays, read what `cm.certificate` says",
            )
            .heals()
            .into();
        }
    };
    let missing: Vec<&String> = extra.hosts.iter().filter(|host| !leaf.covers(host)).collect();
    if !missing.is_empty() {
        return Finding::new(
            format!("the certificate in Secret `{place}` is not for {}", quoted(missing)),
            "the name was added a moment ago, and cert-manager issues a new certificate",
            "wait a moment; if it stays, have it issued again",
        )
        .command(renew())
        .heals()
        .into();
    }
    if leaf.is_staging() && !evidence.staging {
        return Finding::new(
            format!("the certificate in Secret `{place}` is from {}, which nobody trusts", leaf.issuer),
            "it was issued while `acme.staging` was on",
            "have it issued again by the current issuer",
        )
        .command("homelab up")
        .command(renew())
        .into();
    }
    let left = leaf.not_after.duration_since(evidence.now).as_secs();
    match left {
        0.. => Outcome::pass(format!("Secret `{place}`: from {}, expires in {}", leaf.issuer, span(left))),
        _ => expired(&place, -left).into(),
    }
}

/// Whether cert-manager keeps its plan; `None` where it has none.
fn is_in_time(evidence: &Evidence, extra: &ExtraSeen) -> Option<Outcome> {
    let certificate = evidence.certificate_at(&extra.namespace, &extra.secret)?;
    let (end, planned) = (certificate.not_after?, certificate.renewal?);
    let left = end.duration_since(evidence.now).as_secs();
    let late = evidence.now.duration_since(planned).as_secs();
    if left < 0 {
        return Some(expired(&extra.place(), -left).into());
    }
    Some(match late {
        ..0 => Outcome::pass(format!("{} left, renewed in {}", span(left), span(-late))),
        _ if late <= end.duration_since(planned).as_secs() / LATE => {
            Outcome::pass(format!("{} left, being renewed now", span(left)))
        }
        _ => Finding::new(
            format!(
                "the certificate in Secret `{}` should have been renewed {} ago, and expires in {}",
                extra.place(),
                span(late),
                span(left)
            ),
            "cert-manager has not begun, or has failed: its controller was stopped, or hangs",
            "renew it now, and read why it failed",
        )
        .command(command!("homelab renew {}", extra.place()))
        .look("kubectl describe certificates,challenges -A")
        .only(Severity::Warning)
        .into(),
    })
}

fn expired(place: &str, ago: i64) -> Finding {
    Finding::new(
        format!("the certificate in Secret `{place}` expired {} ago", span(ago)),
        "cert-manager could not renew it, or this machine's clock is wrong",
        "check the Certificate and its challenges, and the clock: `timedatectl`",
    )
    .look("kubectl get certificates,challenges -A")
}
