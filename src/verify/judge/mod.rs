//! Pure functions from what was seen to outcomes. Missing evidence gives "unknown", never a guess.

mod annotations;
mod app;
mod clock;
mod config;
mod etcd;
mod host;
mod ingress;
mod issuance;
mod k3s;
mod lab;
mod logs;
mod machine_dns;
mod machine_links;
mod machine_net;
mod names;
mod net;
mod objects;
mod pod_resolv;
mod pods;
mod provider;
mod records;
mod tls;
mod token;
mod visitor;
mod zone;

pub(super) use names::routers;

use super::{
    evidence::{Evidence, HostSeen, Listing, at},
    model::{CheckId, Judged, Outcome, Subject, Vantage},
};

/// Whether every node tells its system, and none is NixOS.
pub(super) fn is_without_nixos(evidence: &Evidence) -> bool {
    let nodes = evidence.objects("nodes").unwrap_or_default();
    let systems: Vec<&str> = nodes.iter().map(|node| at(node, "/status/nodeInfo/osImage")).collect();
    !systems.is_empty() && systems.iter().all(|system| !system.is_empty() && !system.contains("NixOS"))
}

/// Every check, for every host and node seen.
pub(super) fn all(evidence: &Evidence) -> Vec<Judged> {
    let mut judged = Vec::new();
    judged.extend(config::all(evidence));
    judged.extend(host::all(evidence));
    judged.extend(k3s::all(evidence));
    judged.extend(net::all(evidence));
    judged.extend(lab::all(evidence));
    judged.extend(ingress::all(evidence));
    judged.extend(token::all(evidence));
    judged.extend(provider::all(evidence));
    judged.extend(zone::all(evidence));
    judged.extend(records::all(evidence));
    judged.extend(names::all(evidence));
    judged.extend(issuance::all(evidence));
    judged.extend(app::all(evidence));
    for (host, seen) in &evidence.hosts {
        judged.push(ingress::status(evidence, host));
        judged.extend(records::host(evidence, host));
        judged.extend(names::host(evidence, host, seen));
        judged.extend(issuance::host(evidence, host));
        judged.extend(tls::host(evidence, host, seen));
        judged.extend(app::host(evidence, host, seen));
    }
    ingress::withhold_restarts(&mut judged);
    tell_why_unread(evidence, &mut judged);
    if evidence.offline {
        judged.iter_mut().for_each(left_out);
    }
    if visitor::is_one(evidence) {
        judged.iter_mut().for_each(visitor::leave_out);
    }
    judged
}

/// How a judge that lacks a list ends its sentence.
const UNREAD: &str = " not read";
/// So many reasons are told.
const REASONS: usize = 2;

/// Why a list could not be read stands behind the words of every judge that lacks it.
fn tell_why_unread(evidence: &Evidence, judged: &mut [Judged]) {
    let listings = evidence.cluster.iter().flat_map(|cluster| cluster.objects.0.values());
    let mut reasons: Vec<&str> = listings
        .filter_map(|listing| match listing {
            Listing::Failed(why) => Some(why.as_str()),
            Listing::Items(_) | Listing::Unserved => None,
        })
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons.truncate(REASONS);
    if reasons.is_empty() {
        return;
    }
    for one in judged {
        if let Outcome::Unknown { why } = &mut one.outcome
            && why.ends_with(UNREAD)
        {
            *why = format!("{why}: {}", reasons.join("; "));
        }
    }
}

/// What lies beyond this network was not asked, because nobody wanted it.
fn left_out(judged: &mut Judged) {
    let beyond =
        matches!(judged.vantage, Vantage::Provider | Vantage::Authoritative(_) | Vantage::PublicDns(_));
    if beyond && matches!(judged.outcome, Outcome::Unknown { .. }) {
        judged.outcome = Outcome::skip("--offline");
    }
}

fn judged(id: CheckId, subject: Subject, vantage: Vantage, outcome: impl Into<Outcome>) -> Judged {
    Judged { id, subject, vantage, outcome: outcome.into() }
}

/// What the host's record should hold: what the provider has, else what the Ingress has.
fn wanted(evidence: &Evidence, host: &str) -> Vec<std::net::IpAddr> {
    match records::addresses(evidence, host) {
        found if !found.is_empty() => found,
        _ => evidence.status_of(host),
    }
}

/// What the world outside answers: the authoritative servers, else a public resolver. Empty: nobody answers yet.
fn published(seen: &HostSeen) -> Vec<std::net::IpAddr> {
    let mut answers =
        seen.authoritative.iter().chain(&seen.public).filter_map(|lookup| lookup.result.as_ref().ok());
    answers.find_map(|reply| Some(reply.addresses()).filter(|found| !found.is_empty())).unwrap_or_default()
}
