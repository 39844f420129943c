//! Certificates that belong to no service: the same way as that of a host's, judged by the place of each.

use crate::checks::cm::chain::Chain;
use crate::checks::cm::{authority, caa, certificate, challenge, cname, limit, of_zone, seen, selfcheck};
use crate::checks::engine::{CheckId, Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::{AcmeSeen, Evidence, ExtraSeen};

/// What is about each of them.
pub(super) fn outcomes(evidence: &Evidence) -> Vec<Judged> {
    evidence.extra.iter().flat_map(|extra| one(evidence, extra)).collect()
}

fn one(evidence: &Evidence, extra: &ExtraSeen) -> Vec<Judged> {
    let of = |id: CheckId, vantage, outcome: Outcome| {
        judged(id, Subject::certificate(extra.place()), vantage, outcome)
    };
    let chain = Chain::at(evidence, &extra.namespace, &extra.secret);
    let mut found = Vec::new();
    let certificate = evidence.certificate_at(&extra.namespace, &extra.secret);
    let ready = certificate.is_some_and(|certificate| certificate.ready == Some(true));
    let leads = match extra.by_authority {
        true => evidence.challenges.as_ref().map(|_| Outcome::skip(authority::ASKS_NOBODY)),
        false => cname::leads(evidence, extra.hosts.iter().map(String::as_str), ready),
    };
    found.extend(leads.map(|outcome| of(id::CHALLENGE_CNAME, of_zone(), outcome)));
    if let Some(acme) = seen(evidence) {
        let along = |judge: &dyn Fn(&Chain<'_>) -> Outcome| match &chain {
            _ if extra.by_authority => Outcome::skip(authority::ASKS_NOBODY),
            _ if evidence.objects("challenges.acme.cert-manager.io").is_none() => {
                Outcome::unknown("the challenges were not read")
            }
            None => Outcome::skip("there is no Certificate for it"),
            Some(chain) => judge(chain),
        };
        let caa = match extra.by_authority {
            true => Outcome::skip(authority::ASKS_NOBODY),
            false => lets_issue(evidence, acme, extra, chain.as_ref().is_some_and(Chain::is_ready)),
        };
        found.push(of(id::CAA, of_zone(), caa));
        let seen_by = along(&|chain| selfcheck::sees_record(evidence, acme, chain));
        found.push(of(id::SELFCHECK, Vantage::Api, seen_by));
        found.push(of(id::CHALLENGE, Vantage::Api, along(&|chain| challenge::is_met(evidence, acme, chain))));
        let limit = along(&|chain| limit::is_not_reached(evidence, chain));
        found.push(of(id::ACME_RATE_LIMIT, Vantage::Api, limit));
    }
    found.push(of(id::CERTIFICATE, Vantage::Api, is_ready(evidence, extra, chain)));
    found
}

/// Of all its names the one that comes out worst; they are in one order, which fails with it.
fn lets_issue(evidence: &Evidence, acme: &AcmeSeen, extra: &ExtraSeen, ready: bool) -> Outcome {
    let all: Vec<Outcome> = extra
        .hosts
        .iter()
        .map(|host| caa::lets_issue(evidence, acme, host, (host.starts_with("*."), ready)))
        .collect();
    let wanted: [fn(&Outcome) -> bool; 3] =
        [|one| matches!(one, Outcome::Fail(_)), |one| matches!(one, Outcome::Unknown { .. }), |_| true];
    let found = wanted.iter().find_map(|is_it| all.iter().find(|one| is_it(one)));
    found.cloned().unwrap_or_else(|| Outcome::skip("it has no names"))
}

fn is_ready(evidence: &Evidence, extra: &ExtraSeen, chain: Option<Chain<'_>>) -> Outcome {
    if evidence.certificates.is_none() {
        return Outcome::unknown("the Certificates were not read");
    }
    match evidence.certificate_at(&extra.namespace, &extra.secret) {
        Some(certificate) => certificate::one(evidence, certificate, chain, true),
        None => Finding::new(
            format!("there is no Certificate `{}`", extra.place()),
            "`homelab up` has not run since it was added to `extraCertificates`, or somebody deleted it",
            "run `homelab up`",
        )
        .command("homelab up")
        .into(),
    }
}
