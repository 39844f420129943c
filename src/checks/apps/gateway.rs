//! What the ingress controller answers in place of a service that gives it nothing, and that nothing comes at all.

use crate::checks::apps::behind::{self, Behind};
use crate::checks::apps::{backend, denied, local, recognise, stale, upstream};
use crate::checks::engine::{Finding, Severity};
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, Transport, View, at, entries, ready_endpoints};
use crate::ingress::{Unusable, traits_of};
use crate::outside::command::Command;

/// 500, 502, 503 and 504: the controller's own words for a service that does not answer, or the service's.
pub(super) fn error(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Finding {
    let summary = format!("`{host}` answers {}", answer.status);
    if !evidence.controller.is_managed() {
        return somebodys(evidence, host, answer, summary);
    }
    if !(traits_of(evidence.controller).is_own_page)(answer) {
        return theirs(evidence, host, answer, summary);
    }
    if let Some(finding) = denied::leave(evidence, host, &summary) {
        return with_look(evidence, host, finding);
    }
    let finding = match answer.status {
        502 => bad_gateway(evidence, host, &summary),
        503 => unavailable(evidence, host, &summary),
        504 => upstream::why(evidence, host, &summary).unwrap_or_else(|| late(evidence, host, summary)),
        _ => upstream::why(evidence, host, &summary).unwrap_or_else(|| broken(evidence, summary)),
    };
    with_look(evidence, host, finding).heals()
}

/// The controller answers at that node (the check needs it), and for this name it waits for somebody.
pub(super) fn silent(evidence: &Evidence, host: &str, what: &str, why: &Transport) -> Finding {
    let summary = format!("{what} does not answer: {why}");
    let finding =
        upstream::why_silent(evidence, host, &summary).unwrap_or_else(|| late(evidence, host, summary));
    with_look(evidence, host, finding).heals()
}

fn with_look(evidence: &Evidence, host: &str, finding: Finding) -> Finding {
    let look = match (behind::of(evidence, host), backend::of(evidence, host).first()) {
        (Behind::Node(_, address), _) => at_node(&address.to_string()),
        (Behind::Machine(address), _) => at_node(&address),
        (_, Some(backend)) => {
            command!("kubectl --namespace {} get services,endpointslices,pods -o wide", backend.namespace)
        }
        (_, None) => Some("kubectl get pods,services,endpointslices -A".into()),
    };
    finding.look(look)
}

/// Asks a machine as the controller does, from a node.
fn at_node(address: &str) -> Option<Command> {
    command!("curl -skI -m 5 {}", format!("http://{address}/"))
}

/// Nothing was noted, and nothing came within the time that a person would wait.
fn late(evidence: &Evidence, host: &str, summary: String) -> Finding {
    let (cause, fix) = match behind::of(evidence, host) {
        Behind::Node(node, address) => return local::late(evidence, &summary, (&node, address)),
        Behind::Machine(address) => (
            format!("{address}, a machine outside the cluster, does not answer the ingress in time: it is switched off, asleep or has moved, or its firewall drops what comes from the nodes"),
            "switch it on; compare its address and port with the service's `url`, give it a fixed lease in the router, and let its firewall accept connections from the nodes' addresses".to_owned(),
        ),
        Behind::Name(name) => (
            format!("`{name}`, which is outside the cluster, does not answer the ingress in time: it is switched off or has moved, or its firewall drops what comes from the nodes"),
            "switch it on; compare its name and port with the service's `url`".to_owned(),
        ),
        Behind::Pods => (
            "the pod does not accept the connection, or does not answer in time: its program hangs or is slow, or a NetworkPolicy drops packets from the controller".to_owned(),
            "read the program's log. If the request is in it, the program is slow: raise the service's `readTimeout`. If it is not, look at the NetworkPolicies of its namespace".to_owned(),
        ),
        Behind::Unknown => (
            "the ingress controller waits for the service behind it: its machine is off, or its program hangs".to_owned(),
            "switch on the machine that the service's `url` names; for a service in the cluster, look at its pods".to_owned(),
        ),
    };
    Finding::new(summary, cause, fix)
}

fn bad_gateway(evidence: &Evidence, host: &str, summary: &str) -> Finding {
    if let Some(cause) = mismatch(evidence, host) {
        return Finding::new(
            summary,
            cause,
            "let the Service's `targetPort` be the port that the program listens on",
        );
    }
    upstream::why(evidence, host, summary).unwrap_or_else(|| match behind::of(evidence, host) {
        Behind::Node(node, address) => local::bad(evidence, summary, (&node, address)),
        Behind::Machine(address) => Finding::new(
            summary,
            format!("{address}, a machine outside the cluster, refuses the connection, is not there, or speaks another protocol than the ingress expects"),
            "switch it on; compare its address and port with the service's `url`; let the `url` begin with `https://` if that port speaks TLS",
        ),
        Behind::Name(name) => Finding::new(
            summary,
            format!("`{name}`, which is outside the cluster, refuses the connection, or speaks another protocol than the ingress expects"),
            "switch it on; compare its name and port with the service's `url`; let the `url` begin with `https://` if that port speaks TLS",
        ),
        // `up` and `expose` do not read what is behind a Service.
        Behind::Unknown => Finding::new(
            summary,
            "what is behind the name refuses the connection, is not there, or speaks another protocol than the ingress expects",
            "for a machine outside the cluster, compare its address and port with the service's `url`; for a program in it, the Service's \
             `targetPort` with the port that the program listens on; set `scheme: https` for the service if that port speaks TLS",
        ),
        Behind::Pods => {
            let speaks = recognise::behind(evidence, host).and_then(|program| program.tls);
            let speaks = speaks.map_or_else(String::new, |words| format!(" ({words})"));
            Finding::new(
                summary,
                "the pod refuses the connection, or speaks another protocol than the ingress expects",
                format!("compare the Service's `targetPort` with the port that the program listens on; set `scheme: https` for the service if it speaks TLS{speaks}"),
            )
        }
    })
}

/// 503 while `apps.endpoints` may have passed.
fn unavailable(evidence: &Evidence, host: &str, summary: &str) -> Finding {
    if let Some(finding) = denied::location(evidence, host, summary) {
        return finding;
    }
    if upstream::noted_as(evidence, host, Unusable::TooMany).next().is_some() {
        return Finding::new(
            summary,
            "more requests came than the Ingress lets through: its annotations `limit-rps`, `limit-rpm` or `limit-connections`",
            "raise that limit, or remove the annotation",
        );
    }
    if let Behind::Name(name) = behind::of(evidence, host) {
        return nameless(evidence, &name, summary);
    }
    if !is_ready(evidence, host) {
        return without_endpoints(summary);
    }
    stale::of(evidence, host, summary).unwrap_or_else(|| unheard(evidence, host, summary))
}

/// Its pods are ready, and nobody knows why the controller does not send to them.
fn unheard(evidence: &Evidence, host: &str, summary: &str) -> Finding {
    let controller = traits_of(evidence.controller);
    Finding::new(
        summary,
        format!("{} answers 503 itself, although the Service has ready endpoints: it has not loaded them yet, or the Ingress refers to a Secret or a ConfigMap that does not exist", controller.program),
        "if it lasts longer than a minute, read the events of the Ingress and the controller's log, and create what is missing; where nothing is, delete the controller's pod, which starts it again",
    )
    .look(backend::of(evidence, host).first().and_then(|backend| {
        command!("kubectl --namespace {} describe ingress {}", backend.namespace, backend.ingress)
    }))
    .look(controller.show_log("100"))
}

/// The controller looks the name of an ExternalName up itself, and answers 503 as long as it has no address.
fn nameless(evidence: &Evidence, name: &str, summary: &str) -> Finding {
    let controller = traits_of(evidence.controller);
    let logs = evidence.cluster.iter().flat_map(|cluster| &cluster.logs);
    let mut lines = logs.filter(|(place, _)| controller.is_place(place)).flat_map(|(_, log)| log.lines());
    let said = lines.any(|line| (controller.log.unresolved)(line) == Some(name));
    let cause = match said {
        true => {
            format!("the controller found no address for `{name}`: the cluster's DNS does not know the name")
        }
        false => format!(
            "the controller has no address for `{name}`: the cluster's DNS does not know it, or the controller runs with `{}`",
            controller.refuses_names.trim_end_matches("=true")
        ),
    };
    Finding::new(
        summary,
        cause,
        "correct the name in the service's `url`, or write the machine's address there: names that only the router or mDNS knows (`.local`) do not reach pods",
    )
    .look(controller.show_log("100"))
}

/// Whether a Service of the host has an address that is ready.
fn is_ready(evidence: &Evidence, host: &str) -> bool {
    backend::of(evidence, host)
        .iter()
        .any(|backend| backend::slices(evidence, backend).flat_map(ready_endpoints).next().is_some())
}

fn broken(evidence: &Evidence, summary: String) -> Finding {
    let controller = traits_of(evidence.controller);
    Finding::new(
        summary,
        format!("{} could not handle the request: the sign-in service that it asks first (`auth-url`), or a setting of the Ingress, does not work", controller.program),
        "read the controller's log of that moment: the line has the name of the host",
    )
    .look(controller.show_log("100"))
}

/// Nobody knows whether a controller that is not homelab's answers so, or the service.
fn somebodys(evidence: &Evidence, host: &str, answer: &HttpAnswer, summary: String) -> Finding {
    if answer.status == 503 && !backend::of(evidence, host).is_empty() && !is_ready(evidence, host) {
        return with_look(evidence, host, without_endpoints(summary)).heals();
    }
    let finding = Finding::new(
        summary,
        "your ingress controller gets no answer that it can use from the service behind the name; or the service itself answers so",
        "read the log of the service, then that of your ingress controller",
    );
    with_look(evidence, host, finding).heals()
}

fn without_endpoints(summary: impl Into<String>) -> Finding {
    Finding::new(
        summary,
        "the Service has no endpoints: no pod is ready, or its selector matches none",
        "look at the pods of the service and at the Service's selector and port",
    )
}

/// The status is that of the service itself, or of a proxy that belongs to it.
fn theirs(evidence: &Evidence, host: &str, answer: &HttpAnswer, summary: String) -> Finding {
    let (cause, fix) = match answer.status {
        502 | 504 => (
            "the page does not come from the ingress controller: the service behind the name is a proxy itself, and gets no answer from its program",
            "look at that proxy and at its program: the ingress reaches it",
        ),
        503 => (
            "the page does not come from the ingress controller: the program itself says that it does not serve now. It is starting, being updated, or in maintenance mode",
            "wait while it starts; then read its log, and switch its maintenance mode off",
        ),
        _ => (
            "the page does not come from the ingress controller: the program itself reports an error",
            "read the program's log",
        ),
    };
    let program = recognise::program(evidence, host, answer);
    let summary = match program {
        Some(program) => format!("{summary}, from {} itself", program.name),
        None => format!("{summary}, from the program itself"),
    };
    let logs = backend::of(evidence, host).into_iter().find_map(|backend| {
        let pod = *backend::pods(evidence, backend.find(evidence)?).first()?;
        Some(command!("kubectl --namespace {} logs {} --tail=50", pod.namespace(), pod.name()))
    });
    Finding::new(summary, cause, fix).look(logs.flatten()).only(Severity::Warning).heals()
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
        if !declared.is_empty() && !declared.contains(&target) && at(service, "/spec/type") != "ExternalName"
        {
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
