//! A short look at a backend before it gets a name: does it speak as the entry says, and does it serve a page at all? What it
//! cannot see, the end of `up` sees.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::checks::{leads_back, says_tls};
use crate::cluster::{Cluster, Offered};
use crate::error::Error;
use crate::evidence::Transport;
use crate::evidence::http::{HttpAnswer, Scheme};
use crate::net::dns::look_up;
use crate::net::http::{Target, get_for_a_visitor};

/// How long one question may take.
const WITHIN: Duration = Duration::from_secs(3);

/// What a look at a Service came to.
#[derive(Debug)]
pub(super) struct Seen {
    /// Whether its port speaks TLS.
    pub(super) tls: bool,
    pub(super) warning: Option<Error>,
}

impl Seen {
    /// Nobody could look for `what`.
    pub(super) fn not(what: &str, why: Error) -> Self {
        let unseen = Error { what: format!("{what} was not looked for: {}", why.what), ..why };
        Self { tls: false, warning: Some(unseen) }
    }
}

const CIRCLE: &str = "it redirects its first page to itself, although it was told that the visitor came with HTTPS: a browser would go round in a circle";
const TRUST: &str =
    "let the program trust its proxy (`X-Forwarded-Proto`), or turn off its own redirect to HTTPS";

/// Asks a Service by the API server's proxy.
pub(super) async fn at_service(cluster: &Cluster, service: &Offered, port: u16) -> Seen {
    let http = cluster.ask_service(service, port, Scheme::Http).await;
    let wants_tls = http.as_ref().map_or(true, |(answer, _)| says_tls(answer));
    let tls = match wants_tls {
        true => cluster.ask_service(service, port, Scheme::Https).await.ok(),
        false => None,
    };
    let is_tls = tls.is_some();
    let name = format!("{}/{}:{port}", service.namespace, service.name);
    let warning = match (tls, http) {
        (Some(answer), _) | (None, Ok(answer)) => circles(&answer).then(|| {
            Error::wrong(format!("`{name}` may not work behind a name")).because(CIRCLE).hint(TRUST)
        }),
        (None, Err(why)) => Some(
            Error::wrong(format!("the Service `{name}` does not answer yet"))
                .because(why)
                .hint("it gets its name all the same; `homelab doctor` says what is wrong with it"),
        ),
    };
    Seen { tls: is_tls, warning }
}

/// The API server writes its own name and path into a redirect to the page itself.
fn circles((answer, path): &(HttpAnswer, String)) -> bool {
    let location = answer.location.as_deref().filter(|_| (300..400).contains(&answer.status));
    let path_of = |location: &str| location.parse::<http::Uri>().ok().map(|uri| uri.path().to_owned());
    location.and_then(path_of).is_some_and(|leads| leads == *path)
}

/// Asks a program outside of the cluster, from this machine, as the ingress controller will.
pub(super) async fn at_url(url: &str, host: &str) -> Option<Error> {
    let (scheme, address) = target(url).await?;
    let other = if scheme == Scheme::Https { Scheme::Http } else { Scheme::Https };
    let (first, second) = both(address, host, scheme, other).await;
    judged(url, host, &first, second.as_ref(), other)
}

/// Asks a program on this machine, at the address where pods look for it.
pub(super) async fn at_address(address: SocketAddr, host: &str) -> Seen {
    let name = format!("port {} of this machine", address.port());
    let (first, second) = both(address, host, Scheme::Http, Scheme::Https).await;
    let tls = matches!(second, Some(Ok(_)));
    let warning = match second.filter(|_| tls).unwrap_or(first) {
        Ok(answer) if leads_back(host, &answer) => {
            Some(Error::wrong(format!("{name} may not work behind a name")).because(CIRCLE).hint(TRUST))
        }
        Ok(_) => None,
        Err(why) => Some(
            Error::wrong(format!("{name} does not answer yet"))
                .because(why)
                .hint("it gets its name all the same; `homelab doctor` says what is wrong with it"),
        ),
    };
    Seen { tls, warning }
}

/// The answer to the first way of asking, and to the other where the first gives none or one that says so.
async fn both(
    address: SocketAddr,
    host: &str,
    scheme: Scheme,
    other: Scheme,
) -> (Result<HttpAnswer, Transport>, Option<Result<HttpAnswer, Transport>>) {
    let ask = |scheme| async move {
        let host = Some(host.to_owned());
        get_for_a_visitor(&Target { scheme, address, host, check_certificate: false }, WITHIN).await
    };
    let first = ask(scheme).await;
    let second = match &first {
        Err(Transport::Refused | Transport::Unreachable(_) | Transport::Timeout) => None,
        Ok(answer) if !says_tls(answer) => None,
        _ => Some(ask(other).await),
    };
    (first, second)
}

/// What is to be said of the answers: the first as the URL says it, the second in the `other` way.
fn judged(
    url: &str,
    host: &str,
    first: &Result<HttpAnswer, Transport>,
    second: Option<&Result<HttpAnswer, Transport>>,
    other: Scheme,
) -> Option<Error> {
    let error = |what: &str| Error::wrong(format!("`{url}` {what}"));
    if let Some(Ok(_)) = second {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (speaks, better) = match other {
            Scheme::Https => ("HTTPS", format!("https://{rest}")),
            Scheme::Http => ("plain HTTP", format!("http://{rest}")),
        };
        return Some(error(&format!("speaks {speaks}")).hint(format!("use `--url {better}`")));
    }
    match first {
        Ok(answer) if leads_back(host, answer) => {
            Some(error("may not work behind a name").because(CIRCLE).hint(TRUST))
        }
        Ok(_) => None,
        Err(why) => Some(
            error("does not answer this machine")
                .because(why)
                .hint("is the program running, and does its firewall let the cluster's nodes in?"),
        ),
    }
}

/// Whom to ask; nobody where the URL is none, which the configuration's own rules say better.
async fn target(url: &str) -> Option<(Scheme, SocketAddr)> {
    let uri: http::Uri = url.parse().ok()?;
    let scheme = match uri.scheme_str()? {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return None,
    };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let address = match host.parse::<IpAddr>() {
        Ok(address) => address,
        // A name may be one that only the cluster knows.
        Err(_) => look_up(host, WITHIN).await.ok()?.into_iter().next()?,
    };
    Some((scheme, SocketAddr::new(address, uri.port_u16().unwrap_or(scheme.port()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, location: Option<&str>, body: &str) -> HttpAnswer {
        let location = location.map(str::to_owned);
        HttpAnswer { status, server: None, content_type: None, location, round: None, body: body.to_owned() }
    }

    const HOST: &str = "nas.home.example.com";

    #[test]
    fn a_backend_that_speaks_otherwise_is_told_with_the_url_that_works() {
        let tls = Ok(answer(400, None, "Client sent an HTTP request to an HTTPS server"));
        let fine = Ok(answer(200, None, ""));
        let told =
            judged("http://10.0.0.2:5001", HOST, &tls, Some(&fine), Scheme::Https).unwrap().to_string();
        assert!(told.contains("speaks HTTPS") && told.contains("`--url https://10.0.0.2:5001`"), "{told}");
        let failed = Err(Transport::Tls("x".into()));
        let told = judged("https://10.0.0.2", HOST, &failed, Some(&fine), Scheme::Http).unwrap().to_string();
        assert!(told.contains("speaks plain HTTP") && told.contains("`--url http://10.0.0.2`"), "{told}");
    }

    #[test]
    fn a_redirect_to_the_page_itself_is_told_and_one_that_leads_on_is_not() {
        let seen = |location| {
            judged("http://10.0.0.2", HOST, &Ok(answer(301, Some(location), "")), None, Scheme::Https)
        };
        let told = seen("https://nas.home.example.com/").unwrap().to_string();
        assert!(told.contains("go round in a circle") && told.contains("X-Forwarded-Proto"), "{told}");
        assert!(seen("/login").is_none() && seen("https://nas.home.example.com/web/").is_none());
    }

    #[test]
    fn who_does_not_answer_is_told_with_the_reason() {
        let told = judged("http://10.0.0.2", HOST, &Err(Transport::Refused), None, Scheme::Https).unwrap();
        assert!(told.to_string().contains("connection refused"), "{told}");
        assert!(judged("http://10.0.0.2", HOST, &Ok(answer(401, None, "")), None, Scheme::Https).is_none());
    }

    #[test]
    fn behind_the_api_servers_proxy_the_page_has_another_path() {
        let path = "/api/v1/namespaces/a/services/b:80/proxy/".to_owned();
        let seen = |location: &str| circles(&(answer(302, Some(location), ""), path.clone()));
        assert!(seen(&path) && seen(&format!("https://10.0.0.1:6443{path}")));
        assert!(!seen(&format!("{path}login")) && !seen("https://a.example.com/"));
    }

    #[tokio::test]
    async fn whom_to_ask_is_in_the_url() {
        assert_eq!(target("https://10.0.0.2").await, Some((Scheme::Https, "10.0.0.2:443".parse().unwrap())));
        assert_eq!(
            target("http://[fd00::1]:81").await,
            Some((Scheme::Http, "[fd00::1]:81".parse().unwrap()))
        );
        assert_eq!(target("ftp://10.0.0.2").await, None);
    }
}
