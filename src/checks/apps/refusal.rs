//! Answers of a program that does not serve the page: it does not trust the proxy, not this name, or wants TLS.

use crate::checks::apps::behind::{self, Behind};
use crate::checks::apps::programs::Program;
use crate::checks::apps::recognise;
use crate::checks::apps::redirect::{Astray, Circle};
use crate::checks::engine::{Finding, Severity};
use crate::evidence::Evidence;
use crate::evidence::http::HttpAnswer;
use crate::ingress::traits_of;

/// How many pages of a circle are shown.
const WAY: usize = 4;

/// What servers write on a port with TLS to whoever speaks plain HTTP: nginx, Go's net/http, Tomcat, Apache, Jetty.
const WANTS_TLS: [&str; 4] = [
    "plain HTTP request was sent to HTTPS port",
    "Client sent an HTTP request to an HTTPS server",
    "This combination of host and port requires TLS",
    "speaking plain HTTP to an SSL-enabled server port",
];

/// What programs write for a name that they were not told of, whatever the status: Nextcloud (untrustedDomain.php), Vite
/// (hostCheck), webpack-dev-server, Rails (`ActionDispatch::HostAuthorization`).
const NOT_THIS_NAME: [&str; 4] = [
    "Access through untrusted domain",
    "Blocked request. This host (",
    "Invalid Host header",
    "Blocked hosts:",
];

/// Whether a page says that its port speaks TLS.
#[must_use]
pub fn says_tls(answer: &HttpAnswer) -> bool {
    answer.status >= 400 && WANTS_TLS.iter().any(|words| answer.body.contains(words))
}

/// A page that says that its port speaks TLS.
pub(super) fn wants_tls(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Option<Finding> {
    let wanted = says_tls(answer).then(|| match behind::of(evidence, host) {
        Behind::Machine(_) | Behind::Name(_) => "let the service's `url` begin with `https://`",
        _ => "set `scheme: https` for the service",
    })?;
    Some(Finding::new(
        format!("the service behind `{host}` expects HTTPS"),
        "its port speaks TLS, and the ingress talks plain HTTP to it",
        format!("{wanted} ({})", traits_of(evidence.controller).told("backend-protocol: HTTPS")),
    ))
}

/// A page that says that the program does not know the name.
pub(super) fn not_this_name(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Option<Finding> {
    NOT_THIS_NAME.iter().find(|words| answer.body.contains(*words))?;
    let program = recognise::program(evidence, host, answer);
    let fix = program.and_then(|program| program.host).unwrap_or(
        "add `{host}` to the hosts that the program answers for, in its own settings (trusted domains, allowed hosts)",
    );
    Some(
        Finding::new(
            format!("`{host}` answers {} with a page that refuses the name", answer.status),
            format!(
                "{} answers only for the names in its settings, and `{host}` is not one of them",
                called(program)
            ),
            filled(evidence, host, program, fix),
        )
        .only(Severity::Warning),
    )
}

/// 400 to a plain `GET /`.
pub(super) fn bad_request(evidence: &Evidence, host: &str, answer: &HttpAnswer) -> Finding {
    let program = recognise::program(evidence, host, answer);
    let summary = format!("`{host}` answers 400 to a plain `GET /`");
    let (cause, fix) = match program.filter(|program| program.strict) {
        Some(Program { name, proxy: Some(proxy), host: None, .. }) => {
            (format!("{name} refuses requests from a proxy that it was not told to trust"), (*proxy).to_owned())
        }
        Some(Program { name, proxy: None, host: Some(own), .. }) => {
            (format!("{name} answers only for the name that it was told"), (*own).to_owned())
        }
        Some(Program { name, proxy: Some(proxy), host: Some(own), .. }) => (
            format!("{name} does not trust the proxy in front of it, or was not told this name"),
            format!("{proxy}; {own}"),
        ),
        _ => (
            "the program does not trust the proxy in front of it (`X-Forwarded-For`), or does not answer for this host name. Its log says which".to_owned(),
            "add {from} to the proxies that the program trusts (trusted proxies), or `{host}` to the hosts that it answers for (trusted domains, allowed hosts)".to_owned(),
        ),
    };
    Finding::new(summary, cause, filled(evidence, host, program, &fix)).only(Severity::Warning)
}

/// 421 and 426: statuses that say which protocol is wanted.
pub(super) fn other_protocol(evidence: &Evidence, host: &str, status: u16) -> Finding {
    let controller = traits_of(evidence.controller);
    let summary = format!("`{host}` answers {status}");
    let finding = match status {
        // RFC 9110, 15.5.20; Apache since 2.4.64 answers so where the TLS of a proxy has no name or another (SNI).
        421 => Finding::new(
            summary,
            "the server behind it does not serve this host name: the TLS connection from the ingress names no host (SNI), or another one",
            format!(
                "tell it the name: {} and {}",
                controller.told("proxy-ssl-server-name: \"on\""),
                controller.told(&format!("proxy-ssl-name: {host}"))
            ),
        ),
        // RFC 9110, 15.5.22.
        _ => Finding::new(
            summary,
            "the server behind it expects another protocol than plain HTTP/1.1: HTTP/2 or gRPC, TLS, or WebSocket only",
            format!(
                "for gRPC set the {}, for TLS `scheme: https`; a port that only speaks WebSocket has no page at `/`",
                controller.told("backend-protocol: GRPC")
            ),
        ),
    };
    finding.only(Severity::Warning)
}

/// A redirect that leads back to where it came from.
pub(super) fn circle(evidence: &Evidence, host: &str, answer: &HttpAnswer, circle: Circle) -> Finding {
    let program = recognise::program(evidence, host, answer);
    let location = answer.location.as_deref().unwrap_or_default();
    let summary = match circle {
        Circle::Itself => format!(
            "`{host}` redirects to itself ({} to {location}): browsers give up with ERR_TOO_MANY_REDIRECTS",
            answer.status
        ),
        Circle::Downgrade => format!(
            "`{host}` redirects to {location}, and the ingress redirects back to HTTPS: browsers give up with ERR_TOO_MANY_REDIRECTS"
        ),
        Circle::Pages | Circle::Hosts => format!(
            "`{host}` redirects in a circle, {}: browsers give up with ERR_TOO_MANY_REDIRECTS",
            way(answer.round.as_deref().unwrap_or_default())
        ),
    };
    if circle == Circle::Hosts {
        return Finding::new(
            summary,
            "each of these names redirects browsers to the other: one of the programs has the other's name as its own address, or does not accept the other's sign-in",
            "set each program's own address to the name that people use for it; if one of them is the sign-in page of the other, register the other's address there",
        );
    }
    let cause = format!(
        "{} expects HTTPS and gets plain HTTP from the ingress, or ignores `X-Forwarded-Proto: https` from a proxy that it does not trust",
        called(program)
    );
    let protocol = match behind::of(evidence, host) {
        Behind::Machine(_) | Behind::Name(_) => {
            "let the service's `url` begin with `https://`, with the port that speaks TLS"
        }
        _ => "set `scheme: https` for the service, with the port that speaks TLS",
    };
    let fix = match program.and_then(|program| program.circle) {
        Some(own) => own.to_owned(),
        None => format!(
            "{protocol} ({}); if it does not speak TLS, set the trusted proxy in the program's own settings to {{from}}, and its public address to https://{{host}}",
            traits_of(evidence.controller).told("backend-protocol: HTTPS")
        ),
    };
    Finding::new(summary, cause, filled(evidence, host, program, &fix))
}

/// The first pages of a circle.
fn way(pages: &[String]) -> String {
    let first: Vec<&str> = pages.iter().take(WAY).map(String::as_str).collect();
    let more = if pages.len() > WAY { ", and on" } else { "" };
    format!("{}{more}", first.join(", "))
}

/// A redirect to a port where the ingress does not listen, or to a bare address.
pub(super) fn astray(evidence: &Evidence, host: &str, answer: &HttpAnswer, to: Astray) -> Option<Finding> {
    let location = answer.location.as_deref().unwrap_or_default();
    let summary = format!("`{host}` sends browsers on to {location}");
    let program = recognise::program(evidence, host, answer);
    let own = program.and_then(|program| program.circle.or(program.host));
    let fix = own.unwrap_or(
        "in the program's settings, set its own address to https://{host}/, and switch off its own redirect to HTTPS: the ingress redirects already",
    );
    let cause = match to {
        Astray::Port(port) if behind::is_open(evidence, port) => return None,
        Astray::Port(port) => format!(
            "{} sends browsers to its own port {port}; the ingress listens on 80 and 443 alone, and no pod or Service has that port of a node",
            called(program)
        ),
        Astray::Address(address) if behind::is_router(evidence, address) => format!(
            "{address} is this network's router: the service points to the router's page, so its Service or `url` has the wrong address or port"
        ),
        Astray::Address(address) => format!(
            "{} sends browsers to the bare address {address}, which has no certificate",
            called(program)
        ),
    };
    Some(Finding::new(summary, cause, filled(evidence, host, program, fix)).only(Severity::Warning))
}

fn called(program: Option<&Program>) -> String {
    program.map_or_else(|| "the program".to_owned(), |program| program.name.to_owned())
}

/// The words of a setting, with the host and the networks of the proxy, and where more stands of the program.
pub(super) fn filled(evidence: &Evidence, host: &str, program: Option<&Program>, words: &str) -> String {
    let from = behind::callers(evidence, &behind::of(evidence, host));
    let from = if from.is_empty() { "the nodes' addresses".to_owned() } else { from.join(", ") };
    let more = program.map_or_else(String::new, |program| format!(" (see {})", program.source));
    words.replace("{host}", host).replace("{from}", &from) + &more
}
