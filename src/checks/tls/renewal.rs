//! Whether the certificate is renewed before it ends. Everything is relative to its life: Let's Encrypt's certificates
//! live 90 days now, 64 from February 2027 on, and 45 from February 2028 on.

use jiff::Timestamp;

use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::tls::origin::Origin;
use crate::evidence::tls::Served;
use crate::evidence::{Evidence, View, at};

/// The part of its life by which a renewal may be late: three days of ninety.
const LATE: i64 = 30;
/// With less than this part left, a certificate whose renewal is not planned is about to end. cert-manager renews when
/// a third is left.
const NEAR: i64 = 4;

pub(super) fn is_in_time(evidence: &Evidence, origin: &Origin<'_>, served: &Served) -> Outcome {
    let life = served.leaf.not_after.duration_since(served.leaf.not_before).as_secs();
    let left = served.leaf.not_after.duration_since(evidence.now).as_secs();
    let planned: Option<Timestamp> =
        origin.certificate.and_then(|certificate| at(certificate, "/status/renewalTime").parse().ok());
    let late = planned.map(|planned| evidence.now.duration_since(planned).as_secs());
    let goes_on = origin.certificate.and_then(|certificate| certificate.condition("Issuing"));
    let goes_on = goes_on.is_some_and(|issuing| issuing["status"] == "True");
    match late {
        Some(late) if late > life / LATE && !goes_on => {}
        Some(late) if late < 0 => {
            return Outcome::pass(format!("{} left, renewed in {}", span(left), span(-late)));
        }
        Some(_) => return Outcome::pass(format!("{} left, being renewed now", span(left))),
        None if left >= life / NEAR => return Outcome::pass(format!("{} left", span(left))),
        None => {}
    }
    let summary = match late {
        Some(late) => {
            format!(
                "the certificate should have been renewed {} ago, and expires in {}",
                span(late),
                span(left)
            )
        }
        None => format!("the certificate expires in {} and is not renewed yet", span(left)),
    };
    match (origin.certificate, &origin.secret) {
        (Some(certificate), _) => {
            let name = certificate.full_name();
            Finding::new(
                summary,
                "cert-manager has not begun, or has failed: its controller was stopped, or hangs",
                "renew it now, and read why it failed",
            )
            .command(command!("homelab renew {}", name))
            .look("kubectl describe certificates,challenges -A")
            .into()
        }
        (None, Some(secret)) if origin.leaf().is_some() => Finding::new(
            summary,
            format!("it was put into Secret `{secret}` by hand: no Certificate renews it"),
            "put a new certificate into the Secret, or add the annotation `cert-manager.io/cluster-issuer` to the Ingress, and cert-manager renews it",
        )
        .into(),
        _ => Finding::new(
            summary,
            "cert-manager should have renewed it when a third of its life was left",
            "look at the Certificate and its challenges",
        )
        .look("kubectl describe certificates,challenges -A")
        .into(),
    }
}
