//! Every check there is, in the order it is shown: causes before what follows from them.

use super::model::{CheckId, Severity};

/// What is fixed about a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Def {
    /// Its stable name, one of [`mod@id`].
    pub id: CheckId,
    /// A positive statement, so that one line reads well as pass and as fail.
    pub title: &'static str,
    /// How much a failure of it matters.
    pub severity: Severity,
    /// A failure of one of these, for the same host and node, blocks this one.
    pub needs: &'static [CheckId],
}

/// The names, for judges and for callers that look for one check.
pub mod id {
    use super::CheckId;

    /// A pod of the controller gives its 404, asked inside the cluster.
    pub const CLUSTER_404: CheckId = CheckId("ingress.cluster-404");
    /// A node gives the 404 on ports 80 and 443, asked with and without a name.
    pub const NODE_404: CheckId = CheckId("ingress.node-404");
    /// The status of the Ingress has addresses of ready nodes and no others.
    pub const STATUS: CheckId = CheckId("ingress.status");
    /// The token reads the zone at the DNS provider.
    pub const TOKEN: CheckId = CheckId("cf.token");
    /// The TXT record beside the record names this lab as its owner.
    pub const OWNER: CheckId = CheckId("edns.owner");
    /// The record at the provider has the Ingress's addresses: private, not proxied, no CNAME.
    pub const RECORDS: CheckId = CheckId("edns.records");
    /// Each authoritative server has the addresses that the provider has.
    pub const AUTHORITATIVE: CheckId = CheckId("dns.authoritative");
    /// Each public resolver answers as the authoritative servers do.
    pub const PUBLIC: CheckId = CheckId("dns.public");
    /// This machine's resolver does not remember an absence from before the record.
    pub const NEGATIVE_CACHE: CheckId = CheckId("dns.negative-cache");
    /// This machine's resolver does not drop private addresses as rebinding.
    pub const REBIND: CheckId = CheckId("dns.rebind");
    /// This machine gets no address of `/etc/hosts`, a filter or the router instead.
    pub const LOCAL_OVERRIDE: CheckId = CheckId("dns.local-override");
    /// A program on this machine gets the addresses that the world gets.
    pub const SYSTEM: CheckId = CheckId("dns.system");
    /// cert-manager's Certificate for the host is ready.
    pub const CERTIFICATE: CheckId = CheckId("cm.certificate");
    /// A node shows some certificate when asked for the name.
    pub const HANDSHAKE: CheckId = CheckId("tls.handshake");
    /// That certificate is for the name, in date, and trusted or from the test authority asked for.
    pub const LEAF: CheckId = CheckId("tls.leaf");
    /// A sixth of that certificate's life or more is left.
    pub const RENEWAL: CheckId = CheckId("tls.renewal");
    /// The service answers at each node, asked by name, and not by a 502, 503 or 504.
    pub const ANSWER: CheckId = CheckId("apps.answer");
    /// The service answers at the address that this machine resolves, as for a browser.
    pub const END_TO_END: CheckId = CheckId("tls.end-to-end");
}

const fn error(id: CheckId, title: &'static str, needs: &'static [CheckId]) -> Def {
    Def { id, title, severity: Severity::Error, needs }
}

/// The checks of `up`.
pub const CHECKS: &[Def] = &[
    error(id::CLUSTER_404, "the ingress controller answers inside the cluster", &[]),
    error(id::NODE_404, "the ingress controller answers on the node's ports 80 and 443", &[id::CLUSTER_404]),
    error(id::STATUS, "the Ingress has the addresses of ready nodes", &[id::CLUSTER_404]),
    error(id::TOKEN, "the DNS provider lets the API token in", &[]),
    error(id::OWNER, "the record belongs to this lab", &[id::TOKEN]),
    error(id::RECORDS, "the record holds the addresses of the Ingress", &[id::TOKEN, id::STATUS, id::OWNER]),
    error(id::AUTHORITATIVE, "the authoritative server answers with the record", &[id::RECORDS]),
    error(id::PUBLIC, "a public resolver answers with the record", &[id::AUTHORITATIVE]),
    error(id::NEGATIVE_CACHE, "no resolver remembers that the name was missing", &[id::AUTHORITATIVE]),
    error(id::REBIND, "the local resolver lets private addresses through", &[id::AUTHORITATIVE]),
    error(id::LOCAL_OVERRIDE, "nothing local answers in place of the record", &[id::AUTHORITATIVE]),
    error(
        id::SYSTEM,
        "this machine resolves the name",
        &[id::AUTHORITATIVE, id::NEGATIVE_CACHE, id::REBIND, id::LOCAL_OVERRIDE],
    ),
    error(id::CERTIFICATE, "cert-manager has issued the certificate", &[id::TOKEN]),
    error(id::HANDSHAKE, "the node speaks TLS for the name", &[id::NODE_404]),
    error(id::LEAF, "the certificate served is good for the name", &[id::HANDSHAKE, id::CERTIFICATE]),
    Def {
        id: id::RENEWAL,
        title: "the certificate is renewed in time",
        severity: Severity::Warning,
        needs: &[id::HANDSHAKE, id::LEAF],
    },
    error(id::ANSWER, "the service answers through the ingress", &[id::NODE_404, id::HANDSHAKE, id::LEAF]),
    error(id::END_TO_END, "the service answers by its name alone", &[id::SYSTEM, id::LEAF, id::ANSWER]),
];

/// What is fixed about the check of that name.
#[must_use]
pub fn def(id: CheckId) -> Option<&'static Def> {
    CHECKS.iter().find(|def| def.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_comes_after_all_that_it_needs() {
        for (at, def) in CHECKS.iter().enumerate() {
            for need in def.needs {
                assert!(CHECKS[..at].iter().any(|earlier| earlier.id == *need), "{} needs {need}", def.id);
            }
        }
    }

    #[test]
    fn no_two_checks_share_a_name_and_each_title_is_a_statement() {
        for (at, def) in CHECKS.iter().enumerate() {
            assert!(!CHECKS[..at].iter().any(|earlier| earlier.id == def.id), "{}", def.id);
            assert!(!def.title.ends_with('.') && def.title.starts_with(char::is_lowercase), "{}", def.title);
        }
    }
}
