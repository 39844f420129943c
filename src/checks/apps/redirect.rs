//! Redirects that lead nowhere: to the page that gave them, or to its twin without TLS, which leads back; and those that lead
//! to where the ingress does not answer.

use std::net::IpAddr;

use reqwest::Url;

use crate::evidence::http::HttpAnswer;

/// Where a redirect leads that ends in a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Circle {
    /// To the page that was asked for.
    Itself,
    /// To the same page without TLS, where the controller sends everybody back.
    Downgrade,
    /// Over other pages of the host.
    Pages,
    /// Over another host.
    Hosts,
}

/// The kind of a circle that was walked, by its pages.
pub(super) fn walked(name: &str, pages: &[String]) -> Circle {
    let parts: Vec<Url> = pages.iter().filter_map(|page| Url::parse(page).ok()).collect();
    if parts.iter().any(|page| page.host_str() != Some(name)) {
        return Circle::Hosts;
    }
    if parts.iter().any(|page| page.path() != "/") {
        return Circle::Pages;
    }
    let plain = parts.iter().filter(|page| page.scheme() == "http").count();
    if plain > 0 && plain < parts.len() { Circle::Downgrade } else { Circle::Itself }
}

/// Where a redirect leads that leaves the ingress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Astray {
    /// To another port of the same name.
    Port(u16),
    /// To a bare address.
    Address(IpAddr),
}

/// Whether a redirect of the page at `/` leads to where nobody has a certificate for the name, or nobody listens.
pub(super) fn astray(name: &str, location: &str) -> Option<Astray> {
    let asked = Url::parse(&format!("https://{name}/")).ok()?;
    let leads = asked.join(location.trim()).ok()?;
    let port = leads.port().filter(|port| ![80, 443].contains(port));
    let host = leads.host_str()?;
    match host.trim_matches(['[', ']']).parse() {
        Ok(address) => Some(Astray::Address(address)),
        Err(_) => port.filter(|_| host == name).map(Astray::Port),
    }
}

/// Whether the page at `/` of a name with TLS sends everybody back to itself.
#[must_use]
pub fn leads_back(name: &str, answer: &HttpAnswer) -> bool {
    let location = answer.location.as_deref().filter(|_| (300..400).contains(&answer.status));
    location.is_some_and(|location| circle(name, true, location).is_some())
}

/// Whether a redirect of the page at `/` of a host leads back to it; browsers then give up with
/// `ERR_TOO_MANY_REDIRECTS`. A page with another query, path, port or host is another page (RFC 9110, 15.4; RFC 3986, 5.2).
pub(super) fn circle(name: &str, tls: bool, location: &str) -> Option<Circle> {
    let asked = Url::parse(&format!("{}://{name}/", if tls { "https" } else { "http" })).ok()?;
    let leads = asked.join(location.trim()).ok()?;
    let same = |of: fn(&Url) -> Option<&str>| of(&asked) == of(&leads);
    let page = same(Url::host_str) && asked.path() == leads.path() && leads.query().is_none();
    if !page {
        return None;
    }
    let ports = (leads.scheme(), leads.port_or_known_default());
    match ports {
        ("https", Some(443)) if tls => Some(Circle::Itself),
        ("http", Some(80)) if tls => Some(Circle::Downgrade),
        ("http", Some(80)) => Some(Circle::Itself),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_to_the_page_itself_is_told_from_one_that_leads_on() {
        let host = "a.example.com";
        let itself =
            ["https://a.example.com/", "https://A.example.com:443", "/", "//a.example.com/", "./", "#top"];
        for location in itself {
            assert_eq!(circle(host, true, location), Some(Circle::Itself), "{location}");
        }
        let on = [
            "/login",
            "https://a.example.com/?page=1",
            "https://b.example.com/",
            "https://a.example.com:8443/",
            "web/",
            "https://a.example.com//",
            "http://[",
        ];
        for location in on {
            assert_eq!(circle(host, true, location), None, "{location}");
        }
        assert_eq!(circle(host, true, "http://a.example.com/"), Some(Circle::Downgrade));
        assert_eq!(circle(host, true, "http://a.example.com/login"), None);
        assert_eq!(circle(host, false, "https://a.example.com/"), None, "from plain HTTP, TLS is a way on");
        assert_eq!(circle(host, false, "http://a.example.com"), Some(Circle::Itself));
    }

    #[test]
    fn a_circle_that_was_walked_has_its_kind() {
        let kind = |pages: &[&str]| {
            walked("a.test", &pages.iter().map(|page| (*page).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(kind(&["https://a.test/"]), Circle::Itself);
        assert_eq!(kind(&["https://a.test/", "http://a.test/", "https://a.test/"]), Circle::Downgrade);
        assert_eq!(kind(&["https://a.test/", "https://a.test/login", "https://a.test/"]), Circle::Pages);
        assert_eq!(kind(&["https://a.test/", "https://b.test/", "https://a.test/"]), Circle::Hosts);
    }

    #[test]
    fn a_redirect_that_leaves_the_ingress_is_told_from_one_to_another_page() {
        let address = |text: &str| Some(Astray::Address(text.parse().unwrap()));
        assert_eq!(astray("a.test", "https://a.test:5001/"), Some(Astray::Port(5001)));
        assert_eq!(astray("a.test", "http://192.168.1.1/login"), address("192.168.1.1"));
        assert_eq!(astray("a.test", "https://[fd00::1]:8443/"), address("fd00::1"));
        for location in
            ["/login", "https://a.test:443/", "http://a.test:80/x", "https://b.test:8443/", "//a.test/"]
        {
            assert_eq!(astray("a.test", location), None, "{location}");
        }
    }
}
