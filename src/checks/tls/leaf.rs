//! Whether the certificate that is served is good for the name.

use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::tls::fake;
use crate::checks::tls::origin::Origin;
use crate::evidence::tls::{Leaf, Served, Trust};
use crate::evidence::{Evidence, View};
use crate::facts::names::probe_name;
use crate::ingress::traits_of;

pub(super) fn is_good(evidence: &Evidence, host: &str, origin: &Origin<'_>, served: &Served) -> Outcome {
    let leaf = &served.leaf;
    let left = leaf.not_after.duration_since(evidence.now).as_secs();
    if (traits_of(evidence.controller).is_fake)(leaf) {
        return fake::finding(evidence, host, origin).into();
    }
    if !leaf.covers(&probe_name(host)) {
        return Finding::new(
            format!("the certificate is for {}, not for `{host}`", leaf.names.join(", ")),
            "the controller serves another Ingress's Secret, or a certificate from before the name was added",
            "wait for the new certificate if the name is new; otherwise compare the Ingress's `secretName`",
        )
        .heals_soon()
        .into();
    }
    if left < 0 {
        return expired(evidence, origin, -left).into();
    }
    if leaf.is_staging() {
        return staging(evidence, host, origin, &leaf.issuer);
    }
    let saw = format!("certificate from {}, expires in {}", leaf.issuer, span(left));
    let untrusted = |why: String, cause: &str, fix: &str| Finding::new(why, cause, fix).into();
    match &served.trust {
        Trust::Trusted => Outcome::pass(saw),
        Trust::NotYetValid => untrusted(
            format!("the certificate is not valid until {}", leaf.not_before),
            "this machine's clock is slow",
            "set the clock: `sudo timedatectl set-ntp true`",
        ),
        Trust::UnknownIssuer if evidence.staging => {
            Outcome::pass(format!("{saw}; not trusted, as with any test authority"))
        }
        Trust::UnknownIssuer => by_lab(evidence, host, served, saw),
        Trust::Expired => untrusted(
            "a certificate of the chain has expired".into(),
            "an intermediate certificate has expired, or this machine's clock is wrong",
            "check the clock: `timedatectl`",
        ),
        Trust::WrongName | Trust::Other(_) => untrusted(
            format!("this machine rejects the certificate: {:?}", served.trust),
            "the certificate has a form that TLS clients refuse",
            "issue it again",
        ),
    }
}

/// It has ended: nobody renews it, or the renewal fails.
fn expired(evidence: &Evidence, origin: &Origin<'_>, ago: i64) -> Finding {
    let summary = format!("the certificate expired {} ago", span(ago));
    if let (Some(_), None, Some(secret)) = (origin.leaf(), origin.certificate, &origin.secret) {
        return Finding::new(
            summary,
            format!("it was put into Secret `{secret}` by hand: no Certificate renews it"),
            by_cert_manager(evidence),
        );
    }
    let finding = Finding::new(
        summary,
        "cert-manager could not renew it, or this machine's clock is wrong",
        "check the Certificate and its challenges, and the clock: `timedatectl`",
    );
    finding.look("kubectl get certificates,challenges -A")
}

/// How a Secret that was filled by hand comes to be cert-manager's.
fn by_cert_manager(evidence: &Evidence) -> String {
    let issuer = evidence.acme.as_ref().map_or("letsencrypt", |acme| acme.wanted.issuer.as_str());
    format!(
        "add the annotation `cert-manager.io/cluster-issuer: {issuer}` to the Ingress: cert-manager then fills the Secret; or put a valid certificate into it"
    )
}

/// This machine does not know who signed it: the lab's own root may.
fn by_lab(evidence: &Evidence, host: &str, served: &Served, saw: String) -> Outcome {
    if !evidence.is_by_authority(host) {
        return unknown_issuer(served).into();
    }
    match &served.by_lab {
        Some(Trust::Trusted) => Outcome::pass(format!("{saw}; good for machines that trust the lab's own root")),
        Some(Trust::UnknownIssuer) => Finding::new(
            format!("the certificate is from {}, which the lab's own root did not sign", served.leaf.issuer),
            "the root or the intermediate is newer than this certificate, or the issuer of the service was changed a moment ago",
            "wait a moment; if it stays, renew the certificate",
        )
        .command(command!("homelab renew {}", host))
        .heals()
        .into(),
        Some(other) => Finding::new(
            format!("machines that trust the lab's own root reject the certificate: {other:?}"),
            "the name is not one that the lab's own certificate authority may sign, or the certificate has a form that TLS clients refuse",
            "look at `cm.own-authority`; then renew the certificate",
        )
        .command(command!("homelab renew {}", host))
        .into(),
        None => {
            let unread = || Outcome::unknown("the lab's own certificate authority signed it, and its root was not read");
            evidence.reads_only().map_or_else(unread, Outcome::skip)
        }
    }
}

fn unknown_issuer(served: &Served) -> Finding {
    let leaf = &served.leaf;
    let summary = format!("this machine does not trust the issuer {}", leaf.issuer);
    if leaf.issuer == leaf.subject {
        return Finding::new(
            summary,
            "the certificate is self-signed: it was created by hand or by a program when it first started",
            "let cert-manager issue one, with the annotation `cert-manager.io/cluster-issuer` on the Ingress; or make this machine trust it",
        );
    }
    if served.chain == 1 && is_public(leaf) {
        return Finding::new(
            summary,
            "the server sends only the certificate itself, without the intermediate certificate that signed it: `tls.crt` of the Secret is incomplete",
            "put the whole chain into the Secret; cert-manager does so when it issues again",
        );
    }
    Finding::new(
        summary,
        "the certificate is from your own authority or a test authority, or a proxy is in between",
        "if the authority is yours, add its root to the trusted ones of this machine, or name it in `SSL_CERT_FILE`",
    )
}

/// Whether the issuer is of an authority that every machine trusts, so that only the chain can be at fault.
fn is_public(leaf: &Leaf) -> bool {
    ["Let's Encrypt", "Google Trust Services", "ZeroSSL", "Sectigo", "DigiCert", "Buypass"]
        .iter()
        .any(|name| leaf.issuer.contains(name))
}

fn staging(evidence: &Evidence, host: &str, origin: &Origin<'_>, issuer: &str) -> Outcome {
    if evidence.staging {
        return Outcome::pass(format!("from {issuer}, as configured: browsers do not trust it"));
    }
    let ready = evidence.certificates_of(host).any(|seen| seen.ready == Some(true));
    let summary = format!("the certificate is from {issuer}, which no browser trusts");
    let cause = "it was issued while `acme.staging` was on";
    let finding = match origin.certificate {
        Some(certificate) => Finding::new(
            summary,
            cause,
            "run `homelab renew`: the current issuer then issues a new certificate",
        )
        .command("homelab up")
        .command(command!("homelab renew {}", certificate.full_name())),
        None => match (&origin.secret, evidence.objects("certificates.cert-manager.io")) {
            (Some(secret), Some(_)) => Finding::new(
                summary,
                format!(
                    "a test authority issued it, and no Certificate writes into the Secret `{secret}`: somebody created it by hand"
                ),
                by_cert_manager(evidence),
            ),
            _ => Finding::new(summary, cause, "have it issued again: `homelab renew` with the name"),
        },
    };
    // While the Certificate is not ready, the real one is on its way.
    if ready { finding.into() } else { finding.heals().into() }
}
