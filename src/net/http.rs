//! One GET to a given address: what answers there, whatever DNS says.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, SERVER};
use reqwest::{Response, Url};

use crate::evidence::Transport;
use crate::evidence::http::{HttpAnswer, Scheme};
use crate::net::{tls_client_config, tls_client_config_unchecked};

/// As much of a body as a check may read.
const BODY_LIMIT: usize = 4096;
/// As much of a header as is kept, in characters.
const HEADER_LIMIT: usize = 1024;

/// Where to go and whom to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether TLS is spoken.
    pub scheme: Scheme,
    /// Where the connection goes, the port included, whatever DNS says.
    pub address: SocketAddr,
    /// The `Host` header and the TLS server name; `None` asks by the bare address.
    pub host: Option<String>,
    /// Whether the certificate must be good; off to learn who answers.
    pub check_certificate: bool,
}

/// Sends one `GET /`: no redirects, no proxy, no second try.
pub async fn get(target: &Target, within: Duration) -> Result<HttpAnswer, Transport> {
    ask(target, within, HeaderMap::new()).await
}

/// The same as the ingress controller asks a backend for somebody who came with TLS: what it says of a visitor's way.
pub async fn get_for_a_visitor(target: &Target, within: Duration) -> Result<HttpAnswer, Transport> {
    let proto = (HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("https"));
    ask(target, within, HeaderMap::from_iter([proto])).await
}

async fn ask(target: &Target, within: Duration, headers: HeaderMap) -> Result<HttpAnswer, Transport> {
    let tls = if target.check_certificate { tls_client_config() } else { tls_client_config_unchecked() }
        .map_err(|error| Transport::Other(error.to_string()))?;
    let mut client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(within)
        .default_headers(headers)
        .user_agent(concat!("homelab/", env!("CARGO_PKG_VERSION")));
    if let Some(host) = &target.host {
        client = client.resolve(host, target.address);
    }
    let answer = client
        .build()
        .map_err(Transport::from_reqwest)?
        .get(url(target)?)
        .send()
        .await
        .map_err(Transport::from_reqwest)?;
    read(answer).await
}

fn url(target: &Target) -> Result<Url, Transport> {
    let host = match (&target.host, target.address.ip()) {
        (Some(host), _) => host.clone(),
        (None, IpAddr::V4(address)) => address.to_string(),
        (None, IpAddr::V6(address)) => format!("[{address}]"),
    };
    let text = format!("{}://{host}:{}/", target.scheme.as_str(), target.address.port());
    Url::parse(&text).map_err(|_| Transport::Other(format!("`{host}` is not a host name")))
}

async fn read(mut answer: Response) -> Result<HttpAnswer, Transport> {
    let header = |name| -> Option<String> {
        let value = answer.headers().get(name)?.as_bytes();
        Some(String::from_utf8_lossy(value).chars().take(HEADER_LIMIT).collect())
    };
    let (server, content_type, location) = (header(SERVER), header(CONTENT_TYPE), header(LOCATION));
    let mut body = Vec::new();
    while body.len() < BODY_LIMIT {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            // The head said enough; a stream that never ends is no failure.
            Err(_) => break,
        }
    }
    body.truncate(BODY_LIMIT);
    Ok(HttpAnswer {
        status: answer.status().as_u16(),
        server,
        content_type,
        location,
        round: None,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::http::Canned;
    use crate::net::testing::tls::Authority;

    const SECOND: Duration = Duration::from_secs(1);
    fn at(address: SocketAddr, scheme: Scheme, host: Option<&str>) -> Target {
        Target { scheme, address, host: host.map(str::to_owned), check_certificate: false }
    }

    #[tokio::test]
    async fn a_page_is_asked_for_with_and_without_a_host_name() {
        let server = Canned::text(404, "text/html", "<center>nginx</center>").serve().await;
        for host in [None, Some("unknown.example.com")] {
            let answer = get(&at(server.address, Scheme::Http, host), SECOND).await.unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (404, "<center>nginx</center>"));
        }
        assert!(server.requests()[1].contains("host: unknown.example.com"));
    }

    #[tokio::test]
    async fn for_a_visitor_the_backend_is_told_that_tls_was_spoken() {
        let server = Canned::text(200, "text/plain", "hello").serve().await;
        let target = at(server.address, Scheme::Http, Some("a.example.com"));
        get(&target, SECOND).await.unwrap();
        get_for_a_visitor(&target, SECOND).await.unwrap();
        let asked = server.requests();
        assert!(!asked[0].contains("x-forwarded-proto") && asked[1].contains("x-forwarded-proto: https"));
    }

    #[tokio::test]
    async fn redirects_are_told_and_not_followed() {
        let server = Canned::none().then(308, "location: https://a.example.com/\r\n", vec![]).serve().await;
        let answer = get(&at(server.address, Scheme::Http, Some("a.example.com")), SECOND).await.unwrap();
        assert_eq!((answer.status, answer.location.as_deref()), (308, Some("https://a.example.com/")));
    }

    #[tokio::test]
    async fn only_the_beginning_of_a_long_body_is_kept() {
        let server = Canned::text(200, "text/plain", &"x".repeat(100_000)).serve().await;
        let answer = get(&at(server.address, Scheme::Http, None), SECOND).await.unwrap();
        assert_eq!(answer.body.len(), BODY_LIMIT);
    }

    #[tokio::test]
    async fn a_closed_port_and_a_silent_one_are_told_apart() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(get(&at(closed, Scheme::Http, None), SECOND).await, Err(Transport::Refused));
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = at(silent.local_addr().unwrap(), Scheme::Http, None);
        assert_eq!(get(&target, Duration::from_millis(200)).await, Err(Transport::Timeout));
    }

    #[tokio::test]
    async fn an_untrusted_certificate_stops_the_request_only_when_it_is_checked() {
        let issued = Authority::new("Test CA").issue("a", &["a.example.com"], (2020, 2100));
        let address = issued.serve(Canned::text(200, "text/plain", "hello")).await;
        let mut target = at(address, Scheme::Https, Some("a.example.com"));
        assert_eq!(get(&target, SECOND).await.unwrap().body, "hello");
        target.check_certificate = true;
        assert!(matches!(get(&target, SECOND).await, Err(Transport::Tls(_))));
    }

    #[tokio::test]
    async fn plain_http_on_the_https_port_is_no_tls() {
        let server = Canned::text(200, "text/plain", "hello").serve().await;
        let answer = get(&at(server.address, Scheme::Https, None), SECOND).await;
        assert!(matches!(answer, Err(Transport::Tls(_))), "{answer:?}");
    }
}
