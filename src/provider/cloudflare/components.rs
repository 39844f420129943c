//! What external-dns and cert-manager are told.

use serde_json::{Value, json};

use crate::config::Config;
use crate::provider::credentials::{SECRET, TOKEN_KEY, ZONE_ID_KEY, ZONE_KEY};

/// A private address cannot be proxied (Cloudflare's API answers 9003), so `--cloudflare-proxied` is never given.
pub(super) fn external_dns_arguments(config: &Config) -> Vec<String> {
    vec![
        // At most 100 characters in a free zone; an owner has at most 63.
        format!("--cloudflare-record-comment=homelab {}", config.dns.owner),
        "--provider=cloudflare".to_owned(),
        // The most that one page may have: fewer calls against the limit of 1200 in five minutes.
        "--cloudflare-dns-records-per-page=5000".to_owned(),
    ]
}

/// external-dns takes every flag from the environment too. With the zone's id it asks for that zone alone: the token
/// needs no other. The domain filter is the zone, not the lab's domain: a name outside the domain would lose its filter
/// together with its service, and its record would stay.
pub(super) const EXTERNAL_DNS_ENV: &[(&str, &str)] = &[
    ("CF_API_TOKEN", TOKEN_KEY),
    ("EXTERNAL_DNS_ZONE_ID_FILTER", ZONE_ID_KEY),
    ("EXTERNAL_DNS_DOMAIN_FILTER", ZONE_KEY),
];

/// cert-manager's solver (cert-manager docs, DNS01, Cloudflare).
pub(super) fn solver(_: &Config, _: Option<&str>) -> Value {
    json!({ "cloudflare": { "apiTokenSecretRef": { "name": SECRET, "key": TOKEN_KEY } } })
}
