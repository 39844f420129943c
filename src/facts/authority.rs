//! The lab's own certificate authority: what it is called, and which names it may sign.

use crate::facts::names::{is_within, without_wildcard};

/// The ClusterIssuer that signs for services; also the intermediate's Certificate and its Secret.
pub const ISSUER: &str = "homelab-ca";
/// The root: its Certificate, its Secret, and the ClusterIssuer that signs the intermediate.
pub const ROOT: &str = "homelab-ca-root";
/// The ClusterIssuer by which the root signs itself.
pub const SELF_SIGNED: &str = "homelab-ca-selfsigned";
/// The first label of the page that offers the root.
pub const PAGE_LABEL: &str = "ca";
/// Every IPv4 and every IPv6 address: RFC 5280 section 4.2.1.10 constrains a form of name only where it is listed, so that a
/// list of domains alone would leave addresses free (CA/Browser Forum, TLS Baseline Requirements 2.2.6, 7.1.2.5.2,
/// wants just these excluded).
pub const EXCLUDED: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// The domains that an authority of a lab may sign names in, the lab's and the cluster's own: a domain stands for itself and every
/// name below it (RFC 5280, section 4.2.1.10).
#[must_use]
pub fn permitted<'d>(domain: &'d str, cluster: &'d str) -> [&'d str; 2] {
    [domain, cluster]
}

/// Whether a name, or what a wildcard stands below, is in one of these domains.
#[must_use]
pub fn is_permitted<'d>(host: &str, domains: impl IntoIterator<Item = &'d str>) -> bool {
    domains.into_iter().any(|domain| is_within(without_wildcard(host), domain))
}

/// Whether a Secret or Certificate of that name is part of the authority.
#[must_use]
pub fn is_part(name: &str) -> bool {
    [ISSUER, ROOT].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_permitted_at_and_below_the_domain_and_nowhere_else() {
        let is_permitted = |host| is_permitted(host, permitted("home.example.com", "cluster.local"));
        for host in
            ["home.example.com", "nas.home.example.com", "*.home.example.com", "a.b.svc.cluster.local"]
        {
            assert!(is_permitted(host), "{host}");
        }
        for host in
            ["example.com", "nothome.example.com", "*.example.com", "home.example.com.evil.test", "local"]
        {
            assert!(!is_permitted(host), "{host}");
        }
    }
}
