//! Lines of the controller's log, and of nginx' error log in it.

/// How the controller's own page for the question who may come in begins (ingress-nginx v1.15.1, template.go,
/// `buildAuthLocation`).
pub(super) const AUTH: &str = "/_external-auth";

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

/// Why the controller answers 503 for every request to an Ingress, whatever stands behind it: `"error reading Ingress
/// annotation" err="…" name="BasicDigestAuth" ingress="homelab/locked"` (ingress-nginx v1.15.1, annotations.go, `Extract`).
pub(super) fn denied_ingress<'a>(line: &'a str, ingress: &str) -> Option<&'a str> {
    let ours = line.contains("error reading Ingress annotation");
    if !ours || !line.contains(&format!("ingress=\"{ingress}\"")) {
        return None;
    }
    line.split_once(" err=\"")?.1.split_once("\" name=").map(|(why, _)| why)
}

/// The controller looks names up itself, in Lua: `[lua] dns.lua:101: lookup(): failed to query the DNS server for nas.lan:`
/// (ingress-nginx v1.15.1, rootfs/etc/nginx/lua/util/dns.lua).
pub(super) fn unresolved(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("failed to query the DNS server for ")?;
    rest.split([':', ',', ' ']).next().filter(|name| !name.is_empty())
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
    // Which page is asked for first who may come in is the controller's own making.
    if field("subrequest").is_some_and(|page| page.starts_with(AUTH)) {
        text.push_str(&format!(", subrequest: \"{AUTH}\""));
    }
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
