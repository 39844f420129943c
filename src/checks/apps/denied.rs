//! Requests that the controller answers with an error of its own since the Ingress wants something that is not there, or
//! since whoever is asked first who may come in does not answer.

use crate::checks::apps::{backend, upstream};
use crate::checks::engine::Finding;
use crate::checks::ingress::denied;
use crate::evidence::Evidence;
use crate::facts::cluster_domain::DEFAULT;
use crate::ingress::{Unusable, traits_of};

/// Why the controller answers 503 by itself; `None` when it says nothing of it.
pub(super) fn location(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let controller = traits_of(evidence.controller);
    backend::of(evidence, host).into_iter().find_map(|backend| {
        let ingresses = &evidence.cluster.as_ref()?.objects;
        let ingress = ingresses.find("ingresses.networking.k8s.io", backend.namespace, backend.ingress)?;
        let why = denied(evidence, ingress)?;
        let finding = Finding::new(
            summary,
            format!(
                "{} denies every request for Ingress `{}/{}`, because it cannot do what one of its annotations asks for: {why}",
                controller.program, backend.namespace, backend.ingress
            ),
            "create what the annotation refers to in the namespace of the Ingress, or remove the annotation",
        );
        Some(finding.look(command!("kubectl --namespace {} describe ingress {}", backend.namespace, backend.ingress)))
    })
}

/// Whoever is asked first who may come in (`auth-url`) does not answer as the controller can use it.
pub(super) fn leave(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let noted = upstream::asked_for_leave(evidence, host)?;
    let controller = traits_of(evidence.controller);
    let whom = noted.address.map_or_else(|| "it".to_owned(), |address| address.to_string());
    let cause = match noted.why {
        Some(Unusable::Refused) => format!("{whom} refuses the connection"),
        Some(Unusable::Unreachable | Unusable::Silent) => format!("{whom} cannot be reached"),
        Some(Unusable::NoAddress) => "its name has no address".to_owned(),
        Some(Unusable::NoTls) => format!("{whom} speaks plain HTTP, and `auth-url` begins with `https`"),
        Some(Unusable::LongHeaders) => format!("the headers of {whom} are longer than the buffer"),
        _ => "it answers something other than 2xx, 401 or 403, so its path or its host is wrong".to_owned(),
    };
    Some(Finding::new(
        summary,
        format!(
            "the Ingress asks a sign-in service first who may come in (`{}auth-url`), and {cause}",
            controller.annotations
        ),
        format!(
            "let `auth-url` be the address of the sign-in service inside the cluster (`http://SERVICE.NAMESPACE.svc.{}:PORT/PATH`), and start that service",
            evidence.cluster_domain().as_deref().unwrap_or(DEFAULT)
        ),
    ))
}
