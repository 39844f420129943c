//! Requests that the controller answers with an error of its own since the Ingress wants something that is not there, or
//! since whoever is asked first who may come in does not answer.

use crate::checks::apps::{backend, upstream};
use crate::checks::engine::Finding;
use crate::checks::ingress::changed;
use crate::checks::reading::{logs, when};
use crate::evidence::{Evidence, at};
use crate::ingress::{Unusable, traits_of};

/// Why the controller answers 503 by itself; `None` when it says nothing of it.
pub(super) fn location(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let controller = traits_of(evidence.controller);
    backend::of(evidence, host).into_iter().find_map(|backend| {
        let why = said(evidence, backend.namespace, backend.ingress)?;
        let finding = Finding::new(
            summary,
            format!(
                "{} answers every request for Ingress `{}/{}` so, since it cannot do what an annotation wants: {why}",
                controller.program, backend.namespace, backend.ingress
            ),
            "make what the annotation refers to, in the namespace of the Ingress, or take the annotation off",
        );
        Some(finding.look(command!("kubectl --namespace {} describe ingress {}", backend.namespace, backend.ingress)))
    })
}

/// What the controller says of an Ingress since that was changed last: in its events, else in its log.
fn said(evidence: &Evidence, namespace: &str, ingress: &str) -> Option<String> {
    let controller = traits_of(evidence.controller);
    let seen = evidence.cluster.as_ref()?;
    let since = seen.objects.find("ingresses.networking.k8s.io", namespace, ingress).and_then(changed);
    let (reason, begins) = controller.log.denied_event;
    let events = evidence.objects("events").unwrap_or_default().iter().filter(|event| {
        at(event, "/reason") == reason
            && at(event, "/involvedObject/namespace") == namespace
            && at(event, "/involvedObject/name") == ingress
            && when(event, "/lastTimestamp") >= since
    });
    let newest = events.max_by_key(|event| when(event, "/lastTimestamp"));
    let by_event = newest.map(|event| at(event, "/message").trim_start_matches(begins).to_owned());
    by_event.filter(|text| !text.is_empty()).or_else(|| {
        let logs = seen.logs.iter().filter(|(place, _)| controller.is_place(place));
        let name = format!("{namespace}/{ingress}");
        let lines =
            logs.flat_map(|(_, log)| log.lines()).filter(|line| logs::written(line, evidence.now) >= since);
        lines.filter_map(|line| (controller.log.denied_ingress)(line, &name)).next_back().map(str::to_owned)
    })
}

/// Whoever is asked first who may come in (`auth-url`) does not answer as the controller can use it.
pub(super) fn leave(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let noted = upstream::asked_for_leave(evidence, host)?;
    let controller = traits_of(evidence.controller);
    let whom = noted.address.map_or_else(|| "it".to_owned(), |address| address.to_string());
    let cause = match noted.why {
        Some(Unusable::Refused) => format!("{whom} refuses the connection"),
        Some(Unusable::Unreachable | Unusable::Silent) => format!("{whom} is not reached"),
        Some(Unusable::NoAddress) => "its name has no address".to_owned(),
        Some(Unusable::NoTls) => format!("{whom} speaks plain HTTP, and `auth-url` begins with `https`"),
        Some(Unusable::LongHeaders) => format!("the headers of {whom} are longer than the buffer"),
        _ => "it answers neither 2xx nor 401 or 403, so its path or its host is not the right one".to_owned(),
    };
    Some(Finding::new(
        summary,
        format!(
            "the Ingress has the controller ask first who may come in (`{}auth-url`), and {cause}",
            controller.annotations
        ),
        "let `auth-url` be the address of the sign-in service inside the cluster (`http://SERVICE.NAMESPACE.svc.cluster.local:PORT/PATH`), and start that service",
    ))
}
