//! What the ingress controller noted about a request that nobody behind it answered: which address, and why.

use serde_json::Value;

use crate::checks::apps::backend::{self, Backend};
use crate::checks::engine::Finding;
use crate::evidence::{Evidence, entries};
use crate::ingress::{FailedRequest, Unusable, traits_of};

/// Why the controller answers 502 for a host; `None` when it noted nothing that tells.
pub(super) fn why(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let noted = last(evidence, host)?;
    if let Some(finding) = unnoticed(evidence, host, &noted, summary) {
        return Some(finding);
    }
    let address = noted.address;
    let (cause, fix) = match noted.why? {
        Unusable::Refused => (
            format!(
                "{address} refuses the connection: the program listens on another port, or on 127.0.0.1 alone"
            ),
            "let the program listen on every address (`0.0.0.0`), and let the Service's `targetPort` be its port",
        ),
        Unusable::NoTls => (
            format!("{address} speaks plain HTTP, and the ingress TLS"),
            "take `scheme: https` out of the service",
        ),
        Unusable::NoHttp => (
            format!("{address} takes the connection and answers no HTTP: it wants TLS, as a rule"),
            "set `scheme: https` for the service if it speaks TLS",
        ),
    };
    Some(Finding::new(summary, cause, fix))
}

/// The newest line of the controllers' logs that is about the host.
fn last<'a>(evidence: &'a Evidence, host: &str) -> Option<FailedRequest<'a>> {
    let controller = traits_of(evidence.controller);
    let logs = evidence.cluster.as_ref()?.logs.iter().filter(|(place, _)| controller.is_place(place));
    let lines = logs.flat_map(|(_, log)| log.lines());
    lines.filter_map(|line| (controller.log.failed_request)(line, host)).max_by_key(|noted| noted.time)
}

/// A controller that overlooks a change of the port alone goes on with the port of before.
fn unnoticed(evidence: &Evidence, host: &str, noted: &FailedRequest<'_>, summary: &str) -> Option<Finding> {
    let (backend, ports) = backend::of(evidence, host).into_iter().find_map(|backend| {
        let ports = ports(evidence, &backend, &noted.address.ip().to_string());
        (!ports.is_empty()).then_some((backend, ports))
    })?;
    let controller = traits_of(evidence.controller);
    if !controller.overlooks_ports || ports.contains(&u64::from(noted.address.port())) {
        return None;
    }
    let now = ports.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let annotate = |word: &str| {
        command!(
            "kubectl --namespace {} annotate --overwrite ingress {} {}",
            backend.namespace,
            backend.ingress,
            word
        )
    };
    let finding = Finding::new(
        summary,
        format!(
            "the ingress controller still sends to {}, and Service `{}/{}` leads to port {now} by now: {} does not notice when a port alone changes",
            noted.address, backend.namespace, backend.service, controller.name
        ),
        "have it look again, by any change to the Ingress",
    );
    Some(finding.command(annotate("homelab/look=again")).command(annotate("homelab/look-")))
}

/// The ports at which an address takes requests for a Service, as its EndpointSlices say.
fn ports(evidence: &Evidence, backend: &Backend<'_>, address: &str) -> Vec<u64> {
    let has = |slice: &&Value| {
        let mut addresses = entries(slice, "/endpoints").iter().flat_map(|one| entries(one, "/addresses"));
        addresses.any(|found| found == address)
    };
    let ports = backend::slices(evidence, backend).filter(has).flat_map(|slice| entries(slice, "/ports"));
    ports.filter_map(|port| port["port"].as_u64()).collect()
}
