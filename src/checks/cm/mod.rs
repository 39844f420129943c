//! The way of a certificate: cert-manager itself, its issuers, and the chain from a Certificate to its challenges.

mod asked;
mod authority;
mod caa;
mod certificate;
mod chain;
mod challenge;
mod cname;
mod definitions;
mod extra;
pub(super) mod ids;
mod issuer;
mod limit;
mod pods;
mod reading;
mod selfcheck;
mod server;
mod texts;
mod webhook;

#[cfg(test)]
pub(super) mod tests;

use crate::checks::cm::chain::Chain;
use crate::checks::engine::{CheckId, Group, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::left_out;
use crate::evidence::{AcmeSeen, Evidence, HostSeen};

pub use cname::misled;
pub use server::undelegated;

/// The group.
pub(super) const GROUP: Group =
    Group::new("cm", "cert-manager, its issuer, its challenges and Certificates", texts::CHECKS)
        .for_lab(outcomes_of_lab)
        .for_each_host(outcomes_of_host);

/// What is not about one host: definitions, programs, webhooks, issuers.
fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let lab_wide = |id, outcome: Outcome| judged(id, Subject::default(), Vantage::Api, outcome);
    let own = authority::can_sign(evidence).map(|outcome| lab_wide(id::OWN_AUTHORITY, outcome));
    let extra = extra::outcomes(evidence);
    let server = server::is_found(evidence);
    let server = server.map(|outcome| judged(id::CHALLENGE_SERVER, Subject::default(), of_zone(), outcome));
    let own = own.into_iter().chain(server);
    let Some(acme) = seen(evidence) else {
        return own.chain(extra).collect();
    };
    let mut found = vec![
        lab_wide(id::CM_CRDS, definitions::are_there(evidence, acme)),
        lab_wide(id::CM_PODS, pods::run(evidence, acme)),
        lab_wide(id::CM_WEBHOOK, webhook::answers(evidence, acme)),
    ];
    found.extend(
        issuer::outcomes_of_issuers(evidence, acme).into_iter().map(|outcome| lab_wide(id::ISSUER, outcome)),
    );
    found.extend(own);
    let stuck = challenge::stuck(evidence).into_iter();
    found.extend(
        stuck.map(|(host, finding)| judged(id::CHALLENGE, Subject::host(host), Vantage::Api, finding)),
    );
    found.extend(extra);
    found
}

/// What is about one host.
fn outcomes_of_host(evidence: &Evidence, host: &str, _: &HostSeen) -> Vec<Judged> {
    let for_host = |id: CheckId, outcome: Outcome| judged(id, Subject::host(host), Vantage::Api, outcome);
    let asks = evidence.wants_tls(host) != Some(false);
    let by_own = evidence.is_by_authority(host);
    let skip = || Outcome::skip("its Ingress asks for no certificate");
    let mut found = Vec::new();
    let ready = evidence.certificates_of(host).any(|certificate| certificate.ready == Some(true));
    let leads = match asks {
        true => cname::leads(evidence, [host].into_iter(), ready),
        false => evidence.challenges.as_ref().map(|_| skip()),
    };
    found.extend(leads.map(|outcome| judged(id::CHALLENGE_CNAME, Subject::host(host), of_zone(), outcome)));
    if let Some(acme) = seen(evidence) {
        let chain = Chain::of(evidence, host);
        let along = |judge: &dyn Fn(&Chain<'_>) -> Outcome| match &chain {
            _ if !asks => skip(),
            _ if by_own => Outcome::skip(authority::ASKS_NOBODY),
            _ if evidence.objects("challenges.acme.cert-manager.io").is_none() => {
                Outcome::unknown("the challenges were not read")
            }
            None => Outcome::skip("there is no Certificate for it"),
            Some(chain) => judge(chain),
        };
        let left_out = evidence.hosts.get(host).and_then(|seen| left_out(evidence, seen));
        let caa = match left_out {
            _ if !asks => skip(),
            _ if by_own => Outcome::skip(authority::ASKS_NOBODY),
            Some(why) => Outcome::skip(why),
            None => {
                let wild = host.starts_with("*.") || caa::is_by_wildcard(evidence, host);
                let ready = chain.as_ref().is_some_and(Chain::is_ready);
                caa::lets_issue(evidence, acme, host, (wild, ready))
            }
        };
        found.push(judged(id::CAA, Subject::host(host), of_zone(), caa));
        found.push(for_host(id::SELFCHECK, along(&|chain| selfcheck::sees_record(evidence, acme, chain))));
        found.push(for_host(id::CHALLENGE, along(&|chain| challenge::is_met(evidence, acme, chain))));
        found.push(for_host(id::ACME_RATE_LIMIT, along(&|chain| limit::is_not_reached(evidence, chain))));
    }
    found.push(for_host(id::CERTIFICATE, if asks { certificate::is_ready(evidence, host) } else { skip() }));
    found
}

fn of_zone() -> Vantage {
    Vantage::Authoritative("of the zone".to_owned())
}

/// `doctor` looks at cert-manager; `up` does not.
fn seen(evidence: &Evidence) -> Option<&AcmeSeen> {
    evidence.cluster.as_ref()?;
    evidence.acme.as_ref()
}
