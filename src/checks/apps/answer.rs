//! What the service itself answers.

use crate::checks::apps::{denied, gateway, page, redirect, refusal};
use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::reading::zone::left_out;
use crate::checks::{id, ingress};
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, HostSeen, Transport};
use crate::facts::names::probe_name;
use crate::ingress::traits_of;

pub(super) fn answers_for_host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let mut found: Vec<Judged> = seen
        .http
        .iter()
        .map(|seen| {
            let outcome = match &seen.result {
                Ok(answer) => service(evidence, host, answer),
                Err(why) => {
                    gateway::silent(evidence, host, &format!("{host} at {}", seen.address), why).into()
                }
            };
            judged(id::ANSWER, Subject::both(host, &seen.node), Vantage::Node(seen.node.clone()), outcome)
        })
        .collect();
    if found.is_empty() {
        found.push(judged(
            id::ANSWER,
            Subject::host(host),
            Vantage::Api,
            Outcome::unknown("no node was asked"),
        ));
    }
    let outcome = match &seen.end_to_end {
        None => match left_out(evidence, seen) {
            Some(why) => Outcome::skip(why),
            None => Outcome::unknown("this machine does not resolve the name, so it was not asked"),
        },
        Some(Ok(answer)) => service(evidence, host, answer),
        Some(Err(why)) => {
            let found: Vec<_> = seen.system.iter().flatten().flatten().copied().collect();
            let what = format!("{host} at {}, as this machine resolves it,", list(&found));
            unanswered(&what, why).into()
        }
    };
    found.push(judged(id::END_TO_END, Subject::host(host), Vantage::Lan, outcome));
    found
}

fn service(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Outcome {
    if let Some(finding) = refusal::wants_tls(evidence, host, answer) {
        return finding.into();
    }
    // A name that the controller does not know, while it refuses what the controller wrote, is one that it has not been told of.
    if (traits_of(evidence.controller).is_unknown_name)(answer) && ingress::is_stuck(evidence) {
        return Outcome::Blocked { by: id::RELOAD };
    }
    let finding = match answer.status {
        300..400 => circle(evidence, host, answer),
        400 => refusal::not_this_name(evidence, host, answer)
            .or_else(|| Some(refusal::bad_request(evidence, host, answer))),
        status @ (421 | 426) => Some(refusal::other_protocol(evidence, host, status)),
        status @ ..500 if is_denial(evidence, answer) => {
            denied::location(evidence, host, &format!("`{host}` answers {status}"))
        }
        500.. => Some(gateway::error(evidence, host, answer)),
        _ => refusal::not_this_name(evidence, host, answer).or_else(|| page::mixed(evidence, host, answer)),
    };
    let finding = finding.or_else(|| page::noted_lately(evidence, host));
    finding.map_or_else(|| Outcome::pass(meaning(evidence, answer.status, answer)), Outcome::from)
}

/// Whether the controller itself answers as it does for an Ingress that it cannot serve.
fn is_denial(evidence: &Evidence, answer: &HttpAnswer) -> bool {
    let controller = traits_of(evidence.controller);
    controller.denies_with.contains(&answer.status) && (controller.is_own_page)(answer)
}

/// A redirect that leads nowhere, if it does.
fn circle(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Option<Finding> {
    let (name, location) = (probe_name(host), answer.location.as_deref()?);
    let tls = evidence.wants_tls(host) != Some(false);
    let found = match answer.round.as_deref() {
        Some([]) => None,
        Some(pages) => Some(redirect::walked(&name, pages)),
        None => redirect::circle(&name, tls, location),
    };
    match found {
        Some(found) => Some(refusal::circle(evidence, host, answer, found)),
        None => refusal::astray(evidence, host, answer, redirect::astray(&name, location)?),
    }
}

fn meaning(evidence: &Evidence, status: u16, answer: &HttpAnswer) -> String {
    let controller = traits_of(evidence.controller);
    match (status, &answer.location) {
        (300..=399, Some(location)) => format!("{status}, redirects to {location}"),
        (403, _) if (controller.is_own_page)(answer) => format!(
            "403 from {}, the ingress' or the program's own: it lets in only some addresses, or those with a client certificate",
            controller.program
        ),
        (401 | 403, _) => format!("{status}, the service asks you to log in"),
        (404, _) if (controller.is_unknown_name)(answer) => {
            format!("404 from {}: the service has nothing at `/`, or is not loaded yet", controller.program)
        }
        (404, _) => "404, the service has nothing at `/`".into(),
        _ => status.to_string(),
    }
}

fn unanswered(what: &str, why: &Transport) -> Finding {
    let finding = Finding::new(
        format!("{what} does not answer: {why}"),
        "the ingress controller or the service behind it does not answer",
        "check the pods of the service and of the ingress controller",
    )
    .look("kubectl get pods -A -o wide");
    finding.heals()
}
