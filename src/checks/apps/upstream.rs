//! What the ingress controller noted about a request that nobody behind it answered: which address, and why.

use std::net::SocketAddr;

use serde_json::Value;

use crate::checks::apps::backend::{self, Backend};
use crate::checks::engine::Finding;
use crate::evidence::{Evidence, entries};

/// nginx wrote to it, and got no answer that it could use.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Noted<'a> {
    /// Whom it asked.
    address: SocketAddr,
    /// The line, as nginx wrote it: what went wrong stands before the request.
    line: &'a str,
}

/// Why nginx answers 502 for a host; `None` when it noted nothing that tells.
pub(super) fn why(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let noted = last(evidence, host)?;
    if let Some(finding) = unnoticed(evidence, host, &noted, summary) {
        return Some(finding);
    }
    let address = noted.address;
    let says = |words: &[&str]| words.iter().any(|word| noted.line.contains(word));
    let (cause, fix) = if says(&["Connection refused"]) {
        (
            format!(
                "{address} refuses the connection: the program listens on another port, or on 127.0.0.1 alone"
            ),
            "let the program listen on every address (`0.0.0.0`), and let the Service's `targetPort` be its port",
        )
    } else if says(&["wrong version number"]) {
        (
            format!("{address} speaks plain HTTP, and the ingress TLS"),
            "take `scheme: https` out of the service",
        )
    } else if says(&["prematurely closed", "no valid HTTP", "invalid header", "reset by peer"]) {
        (
            format!("{address} takes the connection and answers no HTTP: it wants TLS, as a rule"),
            "set `scheme: https` for the service if it speaks TLS",
        )
    } else {
        return None;
    };
    Some(Finding::new(summary, cause, fix))
}

/// The newest line of the controllers' error logs that is about the host. nginx writes, for example: `2026/11/21
/// 11:45:42 [error] 38#38: *12 connect() failed (111: Connection refused) while connecting to upstream, client: …,
/// request: "…", upstream: "http://10.42.0.12:8081/", host: "…"`.
fn last<'a>(evidence: &'a Evidence, host: &str) -> Option<Noted<'a>> {
    let logs = evidence.cluster.as_ref()?.logs.iter();
    let lines =
        logs.filter(|(place, _)| place.starts_with("ingress-nginx/")).flat_map(|(_, log)| log.lines());
    let ends = format!("host: \"{host}\"");
    let of_host = lines.filter(|line| line.contains("[error]") && line.contains(&ends));
    let noted = of_host.filter_map(|line| {
        let (_, rest) = line.split_once("upstream: \"")?;
        let (_, address) = rest.split('"').next()?.split_once("://")?;
        Some(Noted { address: address.split('/').next()?.parse().ok()?, line })
    });
    // A line begins with its time.
    noted.max_by_key(|noted| noted.line.get(..19))
}

/// ingress-nginx compares the addresses of EndpointSlices and not their ports (`store.go`, `UpdateFunc`), so that it may
/// go on with the port of before: kubernetes/ingress-nginx#12209.
fn unnoticed(evidence: &Evidence, host: &str, noted: &Noted<'_>, summary: &str) -> Option<Finding> {
    let (backend, ports) = backend::of(evidence, host).into_iter().find_map(|backend| {
        let ports = ports(evidence, &backend, &noted.address.ip().to_string());
        (!ports.is_empty()).then_some((backend, ports))
    })?;
    if ports.contains(&u64::from(noted.address.port())) {
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
            "the ingress controller still sends to {}, and Service `{}/{}` leads to port {now} by now: ingress-nginx does not notice when a port alone changes",
            noted.address, backend.namespace, backend.service
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
