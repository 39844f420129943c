//! What external-dns is told.

use super::keys::API_KEY;
use crate::config::Config;
use crate::provider::credentials::ZONE_KEY;

/// Its server; the id of the authoritative server in its own API is always `localhost`.
pub(super) fn external_dns_arguments(config: &Config) -> Vec<String> {
    let server = config.dns.server.iter().map(|server| format!("--pdns-server={server}"));
    let provider = ["--provider=pdns".to_owned()].into_iter();
    provider.chain(server).chain(["--pdns-server-id=localhost".to_owned()]).collect()
}

/// external-dns takes every flag from the environment too. The domain filter is the zone, not the lab's domain: a name outside
/// the domain would lose its filter together with its service, and its record would stay.
pub(super) const EXTERNAL_DNS_ENV: &[(&str, &str)] =
    &[("EXTERNAL_DNS_PDNS_API_KEY", API_KEY), ("EXTERNAL_DNS_DOMAIN_FILTER", ZONE_KEY)];
