//! The configuration file: what listens where, which zones and tokens exist at the start.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::balancer::Balancer;
use crate::state::token::TokenSpec;

/// The whole file. Every list may be empty: then nothing of that kind listens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The certificate of every HTTPS listener. Needed as soon as there is one.
    pub(crate) tls: Option<Tls>,
    /// Where the Cloudflare API answers.
    #[serde(default)]
    pub(crate) api: Vec<SocketAddr>,
    /// Where the lab changes this world and reads its logs, in plain HTTP.
    pub(crate) control: Option<SocketAddr>,
    /// Name servers of the zones; the i-th name server of a zone has the i-th address.
    #[serde(default)]
    pub(crate) authoritative: Vec<SocketAddr>,
    /// Public recursive resolvers.
    #[serde(default)]
    pub(crate) resolvers: Vec<SocketAddr>,
    /// The same resolvers over HTTPS (RFC 8484).
    #[serde(default)]
    pub(crate) doh: Vec<SocketAddr>,
    /// Zones that another name server has: the resolvers ask it for every name in them.
    #[serde(default)]
    pub(crate) forwards: BTreeMap<String, SocketAddr>,
    /// Unix sockets at which `CONNECT` is taken for an API server, and dialled from here.
    #[serde(default)]
    pub(crate) tunnels: Vec<PathBuf>,
    /// API servers behind one address.
    #[serde(default)]
    pub(crate) balancers: Vec<Balancer>,
    /// A server for pinned files.
    pub(crate) files: Option<Files>,
    /// Host names that exist beside the zones.
    #[serde(default)]
    pub(crate) hosts: BTreeMap<String, Vec<IpAddr>>,
    /// The zones of the Cloudflare account.
    #[serde(default)]
    pub(crate) zones: Vec<ZoneConfig>,
    /// The API tokens of the Cloudflare account.
    #[serde(default)]
    pub(crate) tokens: Vec<TokenSpec>,
    /// What a token may ask for in a window of time.
    #[serde(default)]
    pub(crate) rate_limit: RateLimit,
    /// The edge addresses that proxied records are answered with.
    #[serde(default = "default_proxy_addresses")]
    pub(crate) proxy_addresses: Vec<IpAddr>,
    /// The negative TTL of the zones. Cloudflare's is 1800 seconds.
    #[serde(default = "default_soa_minimum")]
    pub(crate) soa_minimum: u32,
    /// Resolvers keep NXDOMAIN and empty answers as long as the SOA allows.
    #[serde(default)]
    pub(crate) negative_cache: bool,
    /// Validation errors without the outer code 1004, as some of Cloudflare's endpoints answer.
    #[serde(default)]
    pub(crate) flat_validation_errors: bool,
}

/// PEM files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// A folder, served as it lies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Files {
    pub(crate) listen: SocketAddr,
    pub(crate) root: PathBuf,
}

/// One zone of the account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ZoneConfig {
    pub(crate) name: String,
    pub(crate) name_servers: Vec<String>,
    #[serde(default = "default_status")]
    pub(crate) status: String,
    /// The negative TTL of this zone alone.
    pub(crate) soa_minimum: Option<u32>,
}

/// Requests per window and token.
#[derive(Clone, Copy, Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    pub(crate) requests: u32,
    pub(crate) window_seconds: u32,
}

impl Default for RateLimit {
    /// Cloudflare's: 1200 requests in five minutes.
    fn default() -> Self {
        Self { requests: 1200, window_seconds: 300 }
    }
}

fn default_proxy_addresses() -> Vec<IpAddr> {
    vec![IpAddr::V4(Ipv4Addr::new(203, 0, 113, 99))]
}

fn default_soa_minimum() -> u32 {
    1800
}

fn default_status() -> String {
    "active".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_document_is_a_world_without_listeners() {
        let config: Config = serde_json::from_str("{}").unwrap();
        assert!(config.api.is_empty() && config.control.is_none());
        assert_eq!((config.rate_limit.requests, config.soa_minimum), (1200, 1800));
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let error = serde_json::from_str::<Config>(r#"{"apis":[]}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `apis`"), "{error}");
    }
}
