//! What the service itself answers.

use crate::checks::apps::{backend, upstream};
use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::reading::zone::left_out;
use crate::checks::{id, ingress};
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, HostSeen, Transport, View, entries};
use crate::ingress::traits_of;

pub(super) fn answers_for_host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let mut found: Vec<Judged> = seen
        .http
        .iter()
        .map(|seen| {
            let outcome = match &seen.result {
                Ok(answer) => service(evidence, host, answer),
                Err(why) => silent(host, &seen.address.to_string(), why).into(),
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
            unanswered(&format!("{host} at {}, as this machine resolves it,", list(&found)), why).into()
        }
    };
    found.push(judged(id::END_TO_END, Subject::host(host), Vantage::Lan, outcome));
    found
}

fn service(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Outcome {
    if answer.status == 400 && answer.body.contains("plain HTTP request was sent to HTTPS port") {
        return Finding::new(
            format!("the service behind `{host}` wants HTTPS"),
            "its port speaks TLS, and the ingress talks plain HTTP to it",
            "set `scheme: https` for the service",
        )
        .into();
    }
    // A name that the controller does not know, while it refuses what the controller wrote, is one that it has not been told of.
    if (traits_of(evidence.controller).is_unknown_name)(answer) && ingress::is_stuck(evidence) {
        return Outcome::Blocked { by: id::RELOAD };
    }
    let summary = format!("`{host}` answers {}", answer.status);
    let finding = match answer.status {
        status @ 0..500 => return Outcome::pass(meaning(evidence, status, answer)),
        502 => bad_gateway(evidence, host, &summary),
        503 => Finding::new(
            summary,
            "the Service has no endpoints: no pod is ready, or its selector matches none",
            "look at the pods of the service and at the Service's selector and port",
        ),
        504 => Finding::new(
            summary,
            "the pod does not take the connection, or takes the request and does not answer in time",
            "look at the pod's log and at the service's `readTimeout`; pods that are not reached at all are another check's",
        ),
        _ => {
            return Outcome::pass(format!(
                "{}: the service itself reports an error, see its log",
                answer.status
            ));
        }
    };
    let look = match backend::of(evidence, host).first() {
        Some(backend) => {
            command!("kubectl --namespace {} get services,endpointslices,pods -o wide", backend.namespace)
        }
        None => Some("kubectl get pods,services,endpointslices -A".into()),
    };
    finding.look(look).heals().into()
}

fn bad_gateway(evidence: &Evidence, host: &str, summary: &str) -> Finding {
    if let Some(cause) = mismatch(evidence, host) {
        return Finding::new(
            summary,
            cause,
            "let the Service's `targetPort` be the port that the program listens on",
        );
    }
    upstream::why(evidence, host, summary).unwrap_or_else(|| Finding::new(
        summary,
        "the pod refuses the connection, or speaks another protocol than the ingress expects",
        "compare the Service's `targetPort` with the port that the program listens on; set `scheme: https` for the service if it speaks TLS",
    ))
}

/// A Service that sends to a port which its pods do not declare; `None` when that is not so, or not known.
fn mismatch(evidence: &Evidence, host: &str) -> Option<String> {
    for backend in backend::of(evidence, host) {
        let service = backend.find(evidence)?;
        let port = backend.port_of(service)?;
        let target = port["targetPort"].as_u64()?;
        let pods = backend::pods(evidence, service);
        let containers = pods.iter().flat_map(|pod| entries(pod, "/spec/containers"));
        let declared: Vec<u64> = containers
            .flat_map(|container| entries(container, "/ports"))
            .filter_map(|port| port["containerPort"].as_u64())
            .collect();
        if !declared.is_empty() && !declared.contains(&target) {
            let mut declared: Vec<String> = declared.iter().map(u64::to_string).collect();
            declared.dedup();
            return Some(format!(
                "Service `{}/{}` sends to port {target}, and its pods say that they listen on {}",
                service.namespace(),
                service.name(),
                declared.join(", ")
            ));
        }
    }
    None
}

fn meaning(evidence: &Evidence, status: u16, answer: &HttpAnswer) -> String {
    let controller = traits_of(evidence.controller);
    match (status, &answer.location) {
        (300..=399, Some(location)) => format!("{status}, redirects to {location}"),
        (401 | 403, _) => format!("{status}, the service asks who you are"),
        (404, _) if (controller.is_unknown_name)(answer) => {
            format!("404 from {}: the service has nothing at `/`, or is not loaded yet", controller.program)
        }
        (404, _) => "404, the service has nothing at `/`".into(),
        _ => status.to_string(),
    }
}

/// The controller answers at that node (this check needs it), and for this name it waits for somebody.
fn silent(host: &str, address: &str, why: &Transport) -> Finding {
    Finding::new(
        format!("{host} at {address} does not answer: {why}"),
        "the ingress controller answers there, and the service behind it does not: its machine is off, or its program hangs",
        "switch on the machine that the service's `url` names; for a service in the cluster, look at its pods",
    )
    .look("kubectl get pods -A -o wide")
    .heals()
}

fn unanswered(what: &str, why: &Transport) -> Finding {
    let finding = Finding::new(
        format!("{what} does not answer: {why}"),
        "the ingress controller or the service behind it does not answer",
        "look at the pods of the service and of the ingress controller",
    )
    .look("kubectl get pods -A -o wide");
    finding.heals()
}
