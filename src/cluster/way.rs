//! How the API server is reached: by which proxy, as `kubectl` decides it, and whether it proves who it is.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// What the environment says about proxies.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    https: String,
    http: String,
    no: String,
}

impl Surroundings {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in capitals or not, as Go's `http.ProxyFromEnvironment` does.
    pub(super) fn of_environment() -> Self {
        let value = |name: &str| {
            let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
            read(name).or_else(|| read(&name.to_lowercase())).unwrap_or_default()
        };
        Self { https: value("HTTPS_PROXY"), http: value("HTTP_PROXY"), no: value("NO_PROXY") }
    }
}

/// The proxy by which `server` is asked; `None` for none.
///
/// A kubeconfig's `proxy-url` counts always. Else the environment's, but for this machine itself and for what `NO_PROXY`
/// names (sources: kubernetes.io, "proxy-url" of the kubeconfig; Go, `net/http.ProxyFromEnvironment`).
///
/// # Errors
/// When the proxy cannot be used, in words without its password.
pub(super) fn proxy(server: &Uri, own: Option<&str>, around: &Surroundings) -> Result<Option<Uri>, String> {
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        return usable(own, "`proxy-url` of the kubeconfig").map(Some);
    }
    let (text, name) = match server.scheme_str() {
        Some("http") => (&around.http, "`HTTP_PROXY`"),
        _ => (&around.https, "`HTTPS_PROXY`"),
    };
    if text.is_empty() || is_here(server) || is_excepted(server, &around.no) {
        return Ok(None);
    }
    usable(text, name).map(Some)
}

/// Whether the server is on this machine.
fn is_here(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_excepted(server: &Uri, no: &str) -> bool {
    let port = server.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let entries: Vec<&str> = no.split(',').map(str::trim).collect();
    // An entry may end with a port, which then is the only one that it is about.
    let hosts: Vec<&str> = entries.iter().map(|entry| entry.strip_suffix(&port).unwrap_or(entry)).collect();
    // Any proxy will do: the question is only whether there is one for this server.
    let matcher = Matcher::builder().all("http://proxy.invalid").no(hosts.join(",")).build();
    entries.contains(&"*") || matcher.intercept(server).is_none()
}

/// A proxy that the client can speak to. An address without a scheme is one of HTTP.
fn usable(text: &str, name: &str) -> Result<Uri, String> {
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let uri: Uri = full.parse().map_err(|_| format!("{name} is not the address of a proxy"))?;
    match uri.scheme_str() {
        Some("http" | "socks5") => Ok(uri),
        scheme => Err(format!(
            "{name} speaks `{}`; the API server can be reached by `http://` and `socks5://` proxies only",
            scheme.unwrap_or_default()
        )),
    }
}

/// Why nobody knows that it is the API server that answers; `None` when its certificate is checked.
pub(super) fn unproven(config: &kube::Config) -> Option<&'static str> {
    if config.cluster_url.scheme_str() != Some("https") {
        return Some(
            "the address begins with `http://`: there is no certificate, and anyone on the network can read the traffic",
        );
    }
    config.accept_invalid_certs.then_some(
        "the kubeconfig says `insecure-skip-tls-verify: true`, so any machine on the way can answer in its place",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(https: &str, no: &str) -> Surroundings {
        Surroundings { https: https.to_owned(), no: no.to_owned(), ..Surroundings::default() }
    }

    fn way(server: &str, own: Option<&str>, around: &Surroundings) -> Result<Option<String>, String> {
        proxy(&server.parse().unwrap(), own, around).map(|proxy| proxy.map(|uri| uri.to_string()))
    }

    #[test]
    fn this_machine_is_never_asked_by_a_proxy_of_the_environment() {
        let around = around("http://u:hunter2@127.0.0.1:9", "");
        for server in ["https://127.0.0.1:6443", "https://localhost:6443", "https://[::1]:6443"] {
            assert_eq!(way(server, None, &around), Ok(None), "{server}");
        }
        assert_eq!(
            way("https://192.168.1.2:6443", None, &around),
            Ok(Some("http://u:hunter2@127.0.0.1:9/".to_owned()))
        );
    }

    #[test]
    fn what_no_proxy_names_is_asked_directly() {
        for no in ["192.168.1.2", "192.168.0.0/16", "10.0.0.1, 192.168.1.0/24", "*"] {
            assert_eq!(way("https://192.168.1.2:6443", None, &around("proxy:3128", no)), Ok(None), "{no}");
        }
        for no in ["lab.example.com", ".example.com", "example.com", "lab.example.com:6443"] {
            assert_eq!(
                way("https://lab.example.com:6443", None, &around("proxy:3128", no)),
                Ok(None),
                "{no}"
            );
        }
        let other =
            way("https://192.168.1.2:6443", None, &around("proxy:3128", "10.0.0.0/8,192.168.1.2:443"));
        assert_eq!(other, Ok(Some("http://proxy:3128/".to_owned())));
    }

    #[test]
    fn the_kubeconfigs_own_proxy_counts_before_the_environment() {
        let own = Some("socks5://10.0.0.9:1080");
        let found = way("https://127.0.0.1:6443", own, &around("http://proxy:3128", "*"));
        assert_eq!(found, Ok(Some("socks5://10.0.0.9:1080/".to_owned())));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_told_without_its_password() {
        for text in ["https://u:hunter2@proxy:3128", "http://u:hunter2@ proxy"] {
            let why = way("https://192.168.1.2:6443", None, &around(text, "")).unwrap_err();
            assert!(why.contains("`HTTPS_PROXY`") && !why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn a_server_without_a_checked_certificate_is_unproven() {
        let mut config = kube::Config::new("https://192.168.1.2:6443".parse().unwrap());
        assert_eq!(unproven(&config), None);
        config.accept_invalid_certs = true;
        assert!(unproven(&config).unwrap().contains("insecure-skip-tls-verify"));
        let plain = kube::Config::new("http://192.168.1.2:8080".parse().unwrap());
        assert!(unproven(&plain).unwrap().contains("http://"));
    }
}
