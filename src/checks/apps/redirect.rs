//! Redirects that lead nowhere: to the page that gave them, or to its twin without TLS, which leads back.

use reqwest::Url;

/// Where a redirect leads that ends in a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Circle {
    /// To the page that was asked for.
    Itself,
    /// To the same page without TLS, where the controller sends everybody back.
    Downgrade,
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
}
