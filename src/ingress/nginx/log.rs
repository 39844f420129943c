//! Lines of the controller's log, and of nginx' error log in it.

use crate::ingress::traits::{LastWord, NoCertificate};

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

/// Why a host gets the controller's own certificate and not that of its Secret (ingress-nginx v1.15.1, controller.go,
/// `createServers`, and store/backend_ssl.go, `syncSecret`).
pub(super) fn no_certificate(line: &str, secret: &str, host: &str) -> Option<NoCertificate> {
    let quoted = format!("\"{secret}\"");
    if !line.contains(&quoted) {
        None
    } else if line.contains("contains no keypair or CA certificate") {
        Some(NoCertificate::NoPair)
    } else if line.contains("does not contain a Common Name or Subject Alternative Name")
        && line.contains(&format!("for server \"{host}\""))
    {
        Some(NoCertificate::OtherNames)
    } else if line.contains("Error getting SSL certificate") {
        Some(NoCertificate::Unusable)
    } else {
        None
    }
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
    // The page that the doctor asks for itself.
    if field("request").is_some_and(|request| request.starts_with("GET / ")) {
        text.push_str(ROOT);
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

/// What is left of the request where it was for `/`.
pub(super) const ROOT: &str = ", request: \"GET /\"";

/// Whether a line is nginx' note of a request: address, user, time, and the request in quotes.
fn is_request(line: &str) -> bool {
    let address = line.split(' ').next().unwrap_or_default();
    address.parse::<std::net::IpAddr>().is_ok() && line.contains("] \"")
}

/// The controller tells nginx of endpoints by a request, and of a failed one says `Dynamic reconfiguration failed (retrying; 15
/// retries left)` (ingress-nginx v1.15.1, internal/ingress/controller/controller.go, `syncIngress`). nginx compares in whole seconds
/// whether something is new (rootfs/etc/nginx/lua/balancer.lua, `sync_backends`), so that of two in one second it overlooks the later one.
pub(super) const UNTOLD: (&str, &str) = (
    "Dynamic reconfiguration failed",
    "it started so slowly that nginx was not there yet to be told (`Dynamic reconfiguration failed` in its log), and ingress-nginx can \
     overlook what it is told in the same second as the try after that",
);

/// Whether nginx or the program's flags say why it ends (nginx, `ngx_log.c`; pflag's errors).
pub(super) fn is_fatal(line: &str) -> bool {
    line.contains("[emerg]") || line.starts_with("Error") || line.contains("unknown flag")
}

/// What the last line of the log means when the program ended.
pub(super) const LAST_WORDS: [LastWord; 4] = [
    LastWord {
        part: "unknown flag",
        cause: "the DaemonSet has an argument that this version of the controller does not know",
        fix: "remove the argument",
    },
    LastWord {
        part: "Address already in use",
        cause: "another program on the node listens on the port",
        fix: "find it on the node with `ss -ltnp` and move it to another port",
    },
    LastWord {
        part: "is forbidden",
        cause: "the controller's service account lacks a permission",
        fix: "run `homelab up`, which applies its ClusterRole and Role",
    },
    LastWord {
        part: "10.43.0.1:443",
        cause: "pods on this node cannot reach the API server: a firewall on the node drops packets from `cni0`",
        fix: "allow packets from `cni0` on the node",
    },
];
