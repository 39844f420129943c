//! What each DNS provider needs: arguments and environment of external-dns, the ACME solver, the Secret's keys.

pub mod cloudflare;
mod credentials;

use serde_json::Value;

use crate::config::{Config, Provider};

pub use credentials::{
    Credentials, SECRET, TOKEN_KEY, ZONE_ID_KEY, ZONE_KEY, cert_manager_secret, external_dns_secret,
};

/// The provider's own arguments of external-dns.
pub fn external_dns_arguments(config: &Config) -> Vec<String> {
    match config.dns.provider {
        Provider::Cloudflare => cloudflare::external_dns_arguments(config),
    }
}

/// The environment of external-dns: the names that the provider's client reads, each with the Secret's key behind it.
pub fn external_dns_env(config: &Config) -> Vec<(&'static str, &'static str)> {
    match config.dns.provider {
        Provider::Cloudflare => cloudflare::external_dns_env().into(),
    }
}

/// The `dns01` part of an ACME solver.
pub fn solver(config: &Config) -> Value {
    match config.dns.provider {
        Provider::Cloudflare => cloudflare::solver(),
    }
}
