//! The certificate that each node serves for a host.

use super::judged;
use crate::{
    net::{
        Transport,
        tls::{Served, Trust},
    },
    verify::{
        evidence::{Evidence, HostSeen, Seen, probe_name},
        model::{Finding, Judged, Outcome, Subject, Vantage},
        registry::id,
        words::span,
    },
};

pub(super) fn host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    if evidence.wants_tls(host) == Some(false) {
        let of = |id| {
            judged(
                id,
                Subject::host(host),
                Vantage::Api,
                Outcome::skip("its Ingress asks for no certificate"),
            )
        };
        return vec![of(id::HANDSHAKE), of(id::LEAF), of(id::RENEWAL)];
    }
    if seen.tls.is_empty() {
        let of = |id| judged(id, Subject::host(host), Vantage::Api, Outcome::unknown("no node was asked"));
        return vec![of(id::HANDSHAKE), of(id::LEAF), of(id::RENEWAL)];
    }
    seen.tls.iter().flat_map(|tls| node(evidence, host, tls)).collect()
}

fn node(evidence: &Evidence, host: &str, tls: &Seen<Served>) -> [Judged; 3] {
    let of =
        |id, outcome| judged(id, Subject::both(host, &tls.node), Vantage::Node(tls.node.clone()), outcome);
    match &tls.result {
        Ok(served) => [
            of(id::HANDSHAKE, Outcome::pass(format!("{} at {}", served.leaf.subject, tls.address))),
            of(id::LEAF, leaf(evidence, host, served)),
            of(id::RENEWAL, renewal(evidence, served)),
        ],
        Err(why) => {
            let unknown = || Outcome::unknown("no certificate was seen");
            [of(id::HANDSHAKE, handshake(tls, why)), of(id::LEAF, unknown()), of(id::RENEWAL, unknown())]
        }
    }
}

fn handshake(tls: &Seen<Served>, why: &Transport) -> Outcome {
    Finding::new(
        format!("no TLS handshake with {}: {why}", tls.address),
        "the ingress controller does not answer on this node",
        "look at the controller's pod on this node",
    )
    .look("kubectl -n ingress-nginx get pods -o wide")
    .heals()
    .into()
}

fn leaf(evidence: &Evidence, host: &str, served: &Served) -> Outcome {
    let leaf = &served.leaf;
    let left = leaf.not_after.duration_since(evidence.now).as_secs();
    let ready =
        evidence.certificates.iter().flatten().any(|seen| seen.covers(host) && seen.ready == Some(true));
    if leaf.is_fake() {
        return Finding::new(
            "the controller serves its own fake certificate",
            "the Secret of the Ingress is not there yet, is in another namespace, or is for another name",
            "wait until the Certificate is ready; then compare the Ingress's `secretName` with the Certificate's",
        )
        .look("kubectl get ingress,certificates,secrets -A | grep -i tls")
        .heals()
        .into();
    }
    if !leaf.covers(&probe_name(host)) {
        return Finding::new(
            format!("the certificate is for {}, not for `{host}`", leaf.names.join(", ")),
            "another Ingress's Secret, or a certificate from before the name was added, is served",
            "wait for the new certificate if the name is new; else compare the Ingress's `secretName`",
        )
        .heals()
        .into();
    }
    if left < 0 {
        return Finding::new(
            format!("the certificate expired {} ago", span(-left)),
            "cert-manager could not renew it, or this machine's clock is wrong",
            "look at the Certificate and its challenges, and at the clock: `timedatectl`",
        )
        .look("kubectl get certificates -A")
        .into();
    }
    if leaf.is_staging() {
        return staging(evidence.staging, ready, &leaf.issuer);
    }
    let saw = format!("certificate from {}, ends in {}", leaf.issuer, span(left));
    let untrusted = |why: String, cause: &str, fix: &str| Finding::new(why, cause, fix).into();
    match &served.trust {
        Trust::Trusted => Outcome::pass(saw),
        Trust::NotYetValid => untrusted(
            "the certificate is not valid yet".into(),
            "this machine's clock is behind",
            "set the clock: `timedatectl set-ntp true`",
        ),
        Trust::UnknownIssuer if evidence.staging => {
            Outcome::pass(format!("{saw}; not trusted, as with any test authority"))
        }
        Trust::UnknownIssuer => untrusted(
            format!("this machine does not trust the issuer {}", leaf.issuer),
            "the certificate is from an authority of your own or for tests, or a middleman is in between",
            "if the authority is yours, add its root to the trusted ones of this machine, or name it in `SSL_CERT_FILE`",
        ),
        Trust::Expired => untrusted(
            "a certificate of the chain has expired".into(),
            "an intermediate certificate is out of date, or this machine's clock is wrong",
            "check the clock: `timedatectl`",
        ),
        Trust::WrongName | Trust::Other(_) => untrusted(
            format!("this machine rejects the certificate: {:?}", served.trust),
            "the certificate has a form that TLS clients refuse",
            "issue it again",
        ),
    }
}

fn staging(wanted: bool, ready: bool, issuer: &str) -> Outcome {
    if wanted {
        return Outcome::pass(format!("from {issuer}, as configured: browsers do not trust it"));
    }
    let finding = Finding::new(
        format!("the certificate is from {issuer}, which no browser trusts"),
        "it was issued while `acme.staging` was on",
        "let cert-manager issue it again: delete the Certificate's Secret, then run `homelab up`",
    );
    // While the Certificate is not ready, the real one is on its way.
    if ready { finding.into() } else { finding.heals().into() }
}

/// cert-manager renews when a third of the lifetime is left: with a sixth left, it has failed for a while.
fn renewal(evidence: &Evidence, served: &Served) -> Outcome {
    let life = served.leaf.not_after.duration_since(served.leaf.not_before).as_secs();
    let left = served.leaf.not_after.duration_since(evidence.now).as_secs();
    if left >= life / 6 {
        return Outcome::pass(format!("{} left", span(left)));
    }
    Finding::new(
        format!("the certificate ends in {} and is not renewed yet", span(left)),
        "cert-manager should have renewed it when a third of its life was left",
        "look at the Certificate and its challenges",
    )
    .look("kubectl describe certificates,challenges -A")
    .into()
}
