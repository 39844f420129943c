//! The ACME server, where it is all that a house with a name server of its own needs of the world outside.

use std::net::IpAddr;

use crate::config::{Config, Issuer};
use crate::desired::issuer;
use crate::facts::server::HostPort;

/// Its directory, if the provider is a server of the house and something has its certificate from there.
pub(super) fn alone(config: &Config) -> Option<&str> {
    let is_alone = config.dns.provider.facts().server.is_some() && config.uses(Issuer::Acme);
    is_alone.then(|| issuer::server(config))
}

/// The host of a URL, if it is a name.
pub(super) fn name_of(url: &str) -> Option<String> {
    let host = HostPort::of_url(url).ok()?.host;
    host.parse::<IpAddr>().is_err().then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_with_an_acme_server_of_its_own_needs_no_other_host() {
        let host = |provider: &str, more: &str| {
            let text = format!(
                "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: {provider} }}\n{more}"
            );
            alone(&crate::config::parse(&text).unwrap()).and_then(name_of)
        };
        let own = "rfc2136, server: 192.168.1.5";
        assert_eq!(host(own, "").as_deref(), Some("acme-v02.api.letsencrypt.org"));
        let house = "acme: { server: 'https://ca.example.com:8443/acme/dir' }\n";
        assert_eq!(host(own, house).as_deref(), Some("ca.example.com"));
        assert_eq!(host(own, "acme: { server: 'https://192.168.1.9/dir' }\n"), None);
        assert_eq!(host(own, "issuer: ca\n"), None);
        assert_eq!(host("cloudflare", house), None);
    }
}
