//! What the service itself answers.

use super::judged;
use crate::{
    net::{
        Transport,
        http::{HttpAnswer, is_nginx_404},
    },
    verify::{
        evidence::HostSeen,
        model::{Finding, Judged, Outcome, Subject, Vantage},
        registry::id,
        words::list,
    },
};

pub(super) fn host(host: &str, seen: &HostSeen) -> Vec<Judged> {
    let mut found: Vec<Judged> = seen
        .http
        .iter()
        .map(|seen| {
            let outcome = match &seen.result {
                Ok(answer) => service(host, answer),
                Err(why) => unanswered(&format!("{} at {}", host, seen.address), why).into(),
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
        None => Outcome::unknown("this machine does not resolve the name, so it was not asked"),
        Some(Ok(answer)) => service(host, answer),
        Some(Err(why)) => {
            let found: Vec<_> = seen.system.iter().flatten().flatten().copied().collect();
            unanswered(&format!("{host} at {}, as this machine resolves it,", list(&found)), why).into()
        }
    };
    found.push(judged(id::END_TO_END, Subject::host(host), Vantage::Lan, outcome));
    found
}

fn service(host: &str, answer: &HttpAnswer) -> Outcome {
    if answer.status == 400 && answer.body.contains("plain HTTP request was sent to HTTPS port") {
        return Finding::new(
            format!("the service behind `{host}` wants HTTPS"),
            "its port speaks TLS, and the ingress talks plain HTTP to it",
            "set `scheme: https` for the service",
        )
        .into();
    }
    let (cause, fix) = match answer.status {
        status @ 0..500 => return Outcome::pass(meaning(status, answer)),
        502 => (
            "the pod refuses the connection or speaks another protocol than the ingress expects",
            "check the service's `port`, and `scheme: https` if it speaks TLS",
        ),
        503 => (
            "the Service has no endpoints: no pod is ready, or its selector matches none",
            "look at the pods of the service and at the Service's selector and port",
        ),
        504 => (
            "the pod took the request and did not answer in time",
            "look at the pod's log and at the service's `readTimeout`",
        ),
        _ => {
            return Outcome::pass(format!(
                "{}: the service itself reports an error, see its log",
                answer.status
            ));
        }
    };
    Finding::new(format!("`{host}` answers {}", answer.status), cause, fix)
        .look("kubectl get pods,services,endpointslices -A")
        .heals()
        .into()
}

fn meaning(status: u16, answer: &HttpAnswer) -> String {
    match (status, &answer.location) {
        (300..=399, Some(location)) => format!("{status}, redirects to {location}"),
        (401 | 403, _) => format!("{status}, the service asks who you are"),
        (404, _) if is_nginx_404(answer) => {
            "404 from nginx: the service has nothing at `/`, or is not loaded yet".into()
        }
        (404, _) => "404, the service has nothing at `/`".into(),
        _ => status.to_string(),
    }
}

fn unanswered(what: &str, why: &Transport) -> Finding {
    let finding = Finding::new(
        format!("{what} gives no answer: {why}"),
        "the ingress controller or the service behind it does not answer",
        "look at the pods of the service and of the ingress controller",
    )
    .look("kubectl get pods -A -o wide");
    finding.heals()
}
