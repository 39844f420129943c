//! Lines of the controller's log, and of nginx' error log in it.

use crate::ingress::traits::{FailedRequest, Unusable};

/// What the controller may not write, so that no Ingress gets an address.
pub(super) fn denied_status(line: &str) -> Option<&'static str> {
    if !line.contains("cannot update resource") {
        None
    } else if line.contains("leases") {
        Some("its lease, so that none of its pods leads")
    } else if line.contains("ingresses/status") {
        Some("`ingresses/status`")
    } else {
        None
    }
}

/// nginx writes, for example: `2026/11/21 11:45:42 [error] 38#38: *12 connect() failed (111: Connection refused) while
/// connecting to upstream, client: …, request: "…", upstream: "http://10.42.0.12:8081/", host: "…"`. What went wrong
/// stands before the request, whose words others choose.
pub(super) fn failed_request<'a>(line: &'a str, host: &str) -> Option<FailedRequest<'a>> {
    if !line.contains("[error]") || !line.contains(&format!("host: \"{host}\"")) {
        return None;
    }
    let (_, rest) = line.split_once("upstream: \"")?;
    let (_, address) = rest.split('"').next()?.split_once("://")?;
    let address = address.split('/').next()?.parse().ok()?;
    let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let why = if says(&["Connection refused"]) {
        Some(Unusable::Refused)
    } else if says(&["wrong version number"]) {
        Some(Unusable::NoTls)
    } else if says(&["prematurely closed", "no valid HTTP", "invalid header", "reset by peer"]) {
        Some(Unusable::NoHttp)
    } else {
        None
    };
    Some(FailedRequest { address, time: line.get(..19).unwrap_or_default(), why })
}

/// A line without the client and the page: what went wrong, whom nginx asked, and for which host. Nothing of a note of a
/// request: who asks for which page is nobody's business.
pub(super) fn discreet(line: &str) -> Option<String> {
    if is_request(line) {
        return None;
    }
    let Some((said, about)) = line.split_once(", client: ") else { return Some(line.to_owned()) };
    let field = |name: &str| about.split_once(&format!("{name}: \""))?.1.split('"').next();
    let mut text = said.to_owned();
    if let Some(url) = field("upstream") {
        let origin: Vec<&str> = url.split('/').take(3).collect();
        text.push_str(&format!(", upstream: \"{}/\"", origin.join("/")));
    }
    if let Some(host) = field("host") {
        text.push_str(&format!(", host: \"{host}\""));
    }
    Some(text)
}

/// Whether a line is nginx' note of a request: address, user, time, and the request in quotes.
fn is_request(line: &str) -> bool {
    let address = line.split(' ').next().unwrap_or_default();
    address.parse::<std::net::IpAddr>().is_ok() && line.contains("] \"")
}
