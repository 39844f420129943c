//! What the ingress controller noted about a request that nobody behind it answered: which address, and why.

use jiff::Timestamp;
use serde_json::Value;

use crate::checks::apps::backend::{self, Backend};
use crate::checks::apps::behind::{self, Behind};
use crate::checks::apps::{buffer, isolated, local, recognise};
use crate::checks::engine::Finding;
use crate::evidence::{Evidence, entries};
use crate::ingress::{FailedRequest, Unusable, traits_of};

/// How long ago a note may be that tells why nothing answers now, in seconds.
const LATELY: i64 = 120;

/// Why the controller answers 502 or 504 for a host; `None` when it noted nothing that tells.
pub(super) fn why(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let noted = last(evidence, host).filter(|noted| !noted.asks_leave && !is_old(evidence, noted))?;
    explain(evidence, host, &noted, summary)
}

/// Whether the note is of another failure than the one that is seen now.
fn is_old(evidence: &Evidence, noted: &FailedRequest<'_>) -> bool {
    written(noted).is_some_and(|then| evidence.now.as_second() - then.as_second() > LATELY)
}

/// Why nothing came at all: what the controller noted of it in these minutes.
pub(super) fn why_silent(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let noted = last(evidence, host).filter(|noted| !noted.asks_leave)?;
    written(&noted)?;
    if is_old(evidence, &noted) { None } else { explain(evidence, host, &noted, summary) }
}

/// What the controller noted last of whoever it asks first who may come in; `None` where the newest note is of another kind.
pub(super) fn asked_for_leave<'a>(evidence: &'a Evidence, host: &str) -> Option<FailedRequest<'a>> {
    let newest = notes(evidence, host).filter(|noted| noted.why != Some(Unusable::LongBody));
    let newest = newest.max_by_key(|noted| noted.time)?;
    if newest.asks_leave || newest.why != Some(Unusable::NoLeave) {
        return Some(newest).filter(|newest| newest.asks_leave);
    }
    // Why it got no use out of it stands just before.
    let at = written(&newest)?.as_second();
    let same = |noted: &FailedRequest<'_>| written(noted).is_some_and(|then| at - then.as_second() <= 10);
    let before = notes(evidence, host).filter(|noted| noted.asks_leave && same(noted));
    Some(before.max_by_key(|noted| noted.time).unwrap_or(newest))
}

/// The notes about the host that have this cause.
pub(super) fn noted_as<'a>(
    evidence: &'a Evidence,
    host: &str,
    why: Unusable,
) -> impl Iterator<Item = FailedRequest<'a>> {
    notes(evidence, host).filter(move |noted| noted.why == Some(why))
}

/// When a note was written; the controller's clock is UTC.
pub(super) fn written(noted: &FailedRequest<'_>) -> Option<Timestamp> {
    let (day, time) = noted.time.split_once(' ')?;
    format!("{}T{time}Z", day.replace('/', "-")).parse().ok()
}

fn explain(evidence: &Evidence, host: &str, noted: &FailedRequest<'_>, summary: &str) -> Option<Finding> {
    if let Some(finding) = unnoticed(evidence, host, noted, summary) {
        return Some(finding);
    }
    if let Some(finding) = isolated::why(evidence, noted, summary) {
        return Some(finding);
    }
    let behind = behind::of(evidence, host);
    let whom = whom(&behind, noted);
    let (cause, fix) = cause(evidence, host, noted.why?, &behind, &whom)?;
    let finding = Finding::new(summary, cause, fix);
    Some(match noted.why? {
        Unusable::LongHeaders => buffer::larger(evidence, host, finding),
        _ => finding,
    })
}

/// Who was asked, as people know it.
fn whom(behind: &Behind, noted: &FailedRequest<'_>) -> String {
    match (noted.address, behind) {
        (Some(address), Behind::Node(node, _)) => format!("{address}, a program on the node `{node}`,"),
        (Some(address), Behind::Machine(_)) => format!("{address}, a machine outside the cluster,"),
        (Some(address), Behind::Name(name)) => format!("{address}, which is `{name}` outside the cluster,"),
        (Some(address), _) => address.to_string(),
        (None, Behind::Node(node, address)) => format!("{address}, a program on the node `{node}`,"),
        (None, Behind::Machine(address)) => format!("{address}, a machine outside the cluster,"),
        (None, Behind::Name(name)) => format!("`{name}`, which is outside the cluster,"),
        (None, _) => "the program behind it".to_owned(),
    }
}

/// The cause and the fix; `None` of what is no matter of who stands behind the name.
fn cause(
    evidence: &Evidence,
    host: &str,
    why: Unusable,
    behind: &Behind,
    whom: &str,
) -> Option<(String, String)> {
    if let Behind::Node(node, address) = behind
        && let Some(found) = local::cause(evidence, why, (node, *address))
    {
        return Some(found);
    }
    let outside = matches!(behind, Behind::Machine(_) | Behind::Name(_));
    let controller = traits_of(evidence.controller);
    let tls = format!(
        "set `scheme: https` for the service (annotation `{}backend-protocol: HTTPS`)",
        controller.annotations
    );
    let plain = "remove `scheme: https` from the service".to_owned();
    let program = recognise::behind(evidence, host);
    let speaks =
        program.and_then(|program| program.tls).map_or_else(String::new, |words| format!("; {words}"));
    let from = from(evidence);
    Some(match why {
        Unusable::Refused if outside => (
            format!("{whom} refuses the connection: its program does not run or listens on another port or on 127.0.0.1 alone, or its firewall rejects what comes from {from}"),
            format!("start the program there, compare its port with the one in the service's `url`, and let that machine's firewall accept connections from {from}"),
        ),
        Unusable::Refused => (
            format!("{whom} refuses the connection: the program listens on another port, or on 127.0.0.1 alone"),
            "make the program listen on every address (`0.0.0.0`), and set the Service's `targetPort` to its port".to_owned(),
        ),
        Unusable::Unreachable if outside => (
            format!("{whom} is not there: it is switched off, asleep, or has a different address now"),
            "switch it on; if it has moved, correct the address in the service's `url`, and give it a fixed lease in the router".to_owned(),
        ),
        Unusable::Unreachable => (
            format!("{whom} cannot be reached: the pod's node is gone, or the network between the nodes is interrupted"),
            "look at the node that the pod runs on, and at the network between the nodes".to_owned(),
        ),
        Unusable::Silent if outside => (
            format!("the connection to {whom} times out: it is switched off or asleep, or its firewall drops packets from {from}"),
            format!("switch it on, compare its address and port with the service's `url`, and let its firewall accept connections from {from}"),
        ),
        Unusable::Silent => (
            format!("the connection to {whom} times out: a NetworkPolicy or a firewall drops it, or its node hangs"),
            "let the NetworkPolicies of that namespace admit the controller's namespace; look at the node that the pod runs on".to_owned(),
        ),
        Unusable::Slow => (
            format!("{whom} accepts the request but does not answer within the time that the ingress waits: the program hangs, or needs longer"),
            format!("read the program's log; if it needs longer, raise `readTimeout` of the service (annotation `{}proxy-read-timeout`, in seconds)", controller.annotations),
        ),
        Unusable::Closed => (
            format!("{whom} accepts the connection and closes it without an answer: it expects TLS{speaks}, or the request made the program crash"),
            format!("{tls} if that port speaks TLS; else read the program's log of that moment"),
        ),
        Unusable::NoTls => (format!("{whom} speaks plain HTTP, but the ingress speaks TLS to it"), plain),
        Unusable::Handshake => (
            format!("the TLS handshake with {whom} fails: it wants the host name (SNI) or a client certificate, or supports no common version or cipher"),
            format!("tell it the name: annotations `{0}proxy-ssl-server-name: \"on\"` and `{0}proxy-ssl-name: NAME`; or use the plain HTTP port of the service", controller.annotations),
        ),
        Unusable::Certificate => (
            format!("the certificate of {whom} is not valid for the certificate authority or the name that the Ingress requires (`proxy-ssl-verify`)"),
            format!("write its certificate authority as `ca.crt` into the Secret of `{0}proxy-ssl-secret`, and set `{0}proxy-ssl-name` to a name in the certificate", controller.annotations),
        ),
        Unusable::NoHttp => (
            format!("{whom} accepts the connection but does not answer with HTTP: it usually expects TLS{speaks}"),
            format!("{tls} if it speaks TLS"),
        ),
        Unusable::BadHeaders => (
            format!("the headers that {whom} answers are not valid HTTP: one is there twice, or contradicts another"),
            format!("update the program, or the proxy inside its pod that adds the header; the line is in the controller's log{}", shown_in(evidence)),
        ),
        Unusable::LongHeaders => (
            format!("the headers that {whom} answers, usually cookies and tokens, are longer than the buffer of the ingress"),
            String::new(),
        ),
        Unusable::NoAddress | Unusable::Nobody => (
            format!("the ingress controller finds no address for {whom}"),
            "correct the name, let the cluster's DNS know it, or write an address in its place".to_owned(),
        ),
        Unusable::LongBody | Unusable::NoLeave | Unusable::TooMany => return None,
    })
}

fn shown_in(evidence: &Evidence) -> String {
    let command = traits_of(evidence.controller).show_log("100");
    command.map_or_else(String::new, |command| format!(" (`{command}`)"))
}

/// Where the requests seem to come from for a machine outside.
fn from(evidence: &Evidence) -> String {
    match behind::nodes(evidence).as_slice() {
        [] => "the nodes".to_owned(),
        some => some.join(", "),
    }
}

/// The newest line of the controllers' logs that is about the host.
fn last<'a>(evidence: &'a Evidence, host: &str) -> Option<FailedRequest<'a>> {
    let of_request =
        |noted: &FailedRequest<'_>| !matches!(noted.why, Some(Unusable::LongBody | Unusable::NoLeave));
    notes(evidence, host).filter(of_request).max_by_key(|noted| noted.time)
}

fn notes<'a>(evidence: &'a Evidence, host: &str) -> impl Iterator<Item = FailedRequest<'a>> {
    let controller = traits_of(evidence.controller);
    let logs = evidence.cluster.iter().flat_map(|cluster| &cluster.logs);
    let lines = logs.filter(|(place, _)| controller.is_place(place)).flat_map(|(_, log)| log.lines());
    lines.filter_map(move |line| (controller.log.failed_request)(line, host))
}

/// A controller that overlooks a change of the port alone goes on with the port of before.
fn unnoticed(evidence: &Evidence, host: &str, noted: &FailedRequest<'_>, summary: &str) -> Option<Finding> {
    let address = noted.address?;
    let (backend, ports) = backend::of(evidence, host).into_iter().find_map(|backend| {
        let ports = ports(evidence, &backend, &address.ip().to_string());
        (!ports.is_empty()).then_some((backend, ports))
    })?;
    let controller = traits_of(evidence.controller);
    if !controller.overlooks_ports || ports.contains(&u64::from(address.port())) {
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
            "the ingress controller still uses {}, but Service `{}/{}` now points to port {now}: {} does not notice when only a port changes",
            address, backend.namespace, backend.service, controller.name
        ),
        "make the controller load it again, by any change to the Ingress",
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
