//! What external-dns is told.

use crate::config::Config;
use crate::provider::credentials::ZONE_KEY;
use crate::provider::tsig::SECRET_KEY;

/// Its server and key. Without a transfer (`--rfc2136-axfr`) it takes the zone for empty: it removes nothing, and adds
/// beside whatever is there. The smallest time to live is also that of its TXT records, which otherwise have none.
pub(super) fn external_dns_arguments(config: &Config) -> Vec<String> {
    let mut arguments = vec!["--provider=rfc2136".to_owned()];
    if let Some(tsig) = &config.dns.tsig {
        arguments.extend([
            format!("--rfc2136-host={}", tsig.nameserver.host),
            format!("--rfc2136-port={}", tsig.nameserver.port),
            format!("--rfc2136-tsig-keyname={}", tsig.key),
            format!("--rfc2136-tsig-secret-alg={}", tsig.algorithm.name()),
        ]);
    }
    arguments.extend(["--rfc2136-axfr".to_owned(), format!("--rfc2136-min-ttl={}s", config.dns.ttl)]);
    arguments
}

/// external-dns takes every flag from the environment too.
pub(super) const EXTERNAL_DNS_ENV: &[(&str, &str)] = &[
    ("EXTERNAL_DNS_RFC2136_TSIG_SECRET", SECRET_KEY),
    ("EXTERNAL_DNS_RFC2136_ZONE", ZONE_KEY),
    ("EXTERNAL_DNS_DOMAIN_FILTER", ZONE_KEY),
];
