//! A page and where its redirects lead: a browser that goes in a circle shows nothing but an error.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response, Url};
use tokio::time::{Instant, timeout_at};

use crate::evidence::Transport;
use crate::evidence::http::{HttpAnswer, Scheme};
use crate::net::http::{self, Target};
use crate::net::tls_client_config_unchecked;

/// After so many a browser gives up (WHATWG, Fetch, "HTTP-redirect fetch").
const MOST: usize = 20;

/// How far redirects are followed: to these names alone, all of them at the address of the first page.
#[derive(Debug, Clone, Copy)]
pub struct Reach<'a> {
    /// The names that the ingress controller there may have.
    pub names: &'a BTreeSet<String>,
    /// Without TLS, and with it.
    pub ports: (u16, u16),
}

/// Asks for a page; where it is a redirect, also whether that leads round in a circle. Both together take no longer than the
/// page alone may, so that a slow way on never costs the answer itself.
pub async fn get(target: &Target, reach: Reach<'_>, within: Duration) -> Result<HttpAnswer, Transport> {
    let until = Instant::now() + within;
    let mut answer = http::get(target, within).await?;
    if (300..400).contains(&answer.status) && answer.location.is_some() {
        answer.round = timeout_at(until, walk(target, reach)).await.ok().flatten();
    }
    Ok(answer)
}

/// The pages of a circle, without their queries; none when the redirects end, or leave these names. `None` when that was not
/// seen.
async fn walk(target: &Target, reach: Reach<'_>) -> Option<Vec<String>> {
    let host = target.host.as_deref()?;
    let mut page = Url::parse(&format!("{}://{host}/", target.scheme.as_str())).ok()?;
    let mut jar = Jar::default();
    let mut before: Vec<(Url, Jar)> = Vec::new();
    while before.len() < MOST {
        // The same page with the same cookies gives the same answer.
        if let Some(at) = before.iter().position(|(other, held)| *other == page && *held == jar) {
            return Some(shown(before.iter().skip(at).map(|(page, _)| page).chain([&page])));
        }
        before.push((page.clone(), jar.clone()));
        let answer = ask(target.address, reach, &page, &jar).await?;
        jar.take(&page, &answer);
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let Some(location) = location.filter(|_| answer.status().is_redirection()) else {
            return Some(Vec::new());
        };
        page = page.join(location.trim()).ok()?;
        page.set_fragment(None);
        if !is_in_reach(reach, &page) {
            return Some(Vec::new());
        }
    }
    Some(shown(before.iter().map(|(page, _)| page)))
}

/// Whether the page is at one of the names, at the port that a browser takes by itself.
fn is_in_reach(reach: Reach<'_>, page: &Url) -> bool {
    let usual = matches!((page.scheme(), page.port()), ("http" | "https", None));
    usual && page.host_str().is_some_and(|host| reach.names.contains(host))
}

/// What cannot hold a secret: no query, and a path that is not long.
fn shown<'a>(pages: impl Iterator<Item = &'a Url>) -> Vec<String> {
    let one = |page: &Url| {
        let path: String = page.path().chars().take(80).collect();
        format!("{}://{}{path}", page.scheme(), page.host_str().unwrap_or_default())
    };
    let mut all: Vec<String> = pages.map(one).collect();
    all.dedup();
    all
}

async fn ask(address: SocketAddr, reach: Reach<'_>, page: &Url, jar: &Jar) -> Option<Response> {
    let host = page.host_str()?;
    let port = if page.scheme() == Scheme::Https.as_str() { reach.ports.1 } else { reach.ports.0 };
    let client = Client::builder()
        .tls_backend_preconfigured(tls_client_config_unchecked().ok()?)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("homelab/", env!("CARGO_PKG_VERSION")))
        .resolve(host, SocketAddr::new(address.ip(), port))
        .build()
        .ok()?;
    let mut url = page.clone();
    url.set_port(Some(port)).ok()?;
    let request = client.get(url);
    let cookies = jar.of(page);
    let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies) };
    request.send().await.ok()
}

/// Cookies by host and name; the host is empty for those of a whole domain. Without them, a program that looks whether the
/// browser takes its cookie would seem to go round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Jar(BTreeMap<(String, String), String>);

impl Jar {
    fn take(&mut self, page: &Url, answer: &Response) {
        for line in answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let attributes: Vec<String> = parts.map(str::to_lowercase).collect();
            let shared = attributes.iter().any(|part| part.starts_with("domain="));
            let host = if shared { "" } else { page.host_str().unwrap_or_default() };
            let key = (host.to_owned(), name.to_owned());
            if value.is_empty() || attributes.iter().any(|part| part == "max-age=0") {
                self.0.remove(&key);
            } else {
                self.0.insert(key, value.to_owned());
            }
        }
    }

    fn of(&self, page: &Url) -> String {
        let host = page.host_str().unwrap_or_default();
        let ours = self.0.iter().filter(|((of, _), _)| of.is_empty() || of == host);
        ours.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::http::{Canned, Server};

    const SECOND: Duration = Duration::from_secs(1);

    fn to(location: &str) -> String {
        format!("location: {location}\r\n")
    }

    /// Where the redirects of `a.example.com` lead at a server without TLS.
    async fn round(server: &Server) -> Option<Vec<String>> {
        let names = ["a.example.com", "b.example.com"].map(str::to_owned).into();
        let host = Some("a.example.com".to_owned());
        let target = Target { scheme: Scheme::Http, address: server.address, host, check_certificate: false };
        let port = server.address.port();
        let reach = Reach { names: &names, ports: (port, port) };
        get(&target, reach, SECOND).await.unwrap().round
    }

    #[tokio::test]
    async fn a_circle_of_pages_and_of_two_hosts_is_seen_whole() {
        let pages = Canned::none().then(302, &to("/login"), vec![]).then(302, &to("/login?next=/"), vec![]);
        let pages = pages.then(302, &to("/"), vec![]).then(302, &to("/login?next=/"), vec![]);
        let pages = pages.then(302, &to("/"), vec![]).serve().await;
        let way = round(&pages).await.unwrap();
        assert_eq!(way.first(), way.last());
        assert!(way.contains(&"http://a.example.com/login".to_owned()), "{way:?}");
        let mut hosts = Canned::none().then(302, &to("http://b.example.com/"), vec![]);
        for _ in 0..2 {
            hosts = hosts.then(302, &to("http://b.example.com/"), vec![]);
            hosts = hosts.then(302, &to("http://a.example.com/"), vec![]);
        }
        let way = round(&hosts.serve().await).await.unwrap();
        assert_eq!(way, ["http://a.example.com/", "http://b.example.com/", "http://a.example.com/"]);
    }

    #[tokio::test]
    async fn what_ends_leaves_or_only_looks_for_its_cookie_is_no_circle() {
        let ends = Canned::none().then(302, &to("/login"), vec![]).then(302, &to("/login"), vec![]);
        let ends = ends.then(200, "", b"sign in".to_vec()).serve().await;
        assert_eq!(round(&ends).await, Some(vec![]));
        let leaves = Canned::none().then(302, &to("https://id.example.org/"), vec![]).serve().await;
        assert_eq!(round(&leaves).await, Some(vec![]));
        let cookie = format!("{}set-cookie: sid=1; Path=/\r\n", to("/"));
        let looks = Canned::none().then(302, &cookie, vec![]).then(302, &cookie, vec![]);
        let looks = looks.then(200, "", b"hello".to_vec()).serve().await;
        assert_eq!(round(&looks).await, Some(vec![]));
        assert!(looks.requests()[2].to_lowercase().contains("cookie: sid=1"), "{:?}", looks.requests());
    }

    #[tokio::test]
    async fn a_program_that_sends_on_without_end_is_a_circle_though_its_cookie_changes() {
        let mut turns = Canned::none();
        for n in 0..30 {
            turns = turns.then(302, &format!("{}set-cookie: sid={n}\r\n", to("/")), vec![]);
        }
        assert_eq!(round(&turns.serve().await).await, Some(vec!["http://a.example.com/".to_owned()]));
    }
}
