//! Certificates of cert-manager, and which of them are for a host.

use jiff::Timestamp;
use serde::Serialize;

use super::Evidence;
use crate::facts::authority as own;
use crate::facts::names::covers;

/// A Certificate of cert-manager.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CertificateSeen {
    /// The namespace that it and its Secret are in.
    pub namespace: String,
    /// Unique in the namespace.
    pub name: String,
    /// The names it is for, wildcards included.
    pub hosts: Vec<String>,
    /// The ClusterIssuer that signs it; empty when it is an issuer of another kind.
    pub issuer: String,
    /// The Ready condition; `None` before there is one.
    pub ready: Option<bool>,
    /// Until when the certificate in its Secret is valid; `None` before there is one.
    pub not_after: Option<Timestamp>,
    /// When cert-manager plans to renew it; `None` before there is one.
    pub renewal: Option<Timestamp>,
    /// One word for why the last attempt failed, else for the Ready condition; empty when there is none.
    pub reason: String,
    /// The sentence to the reason; empty when there is none.
    pub message: String,
    /// When the last attempt failed; `None` when it did not fail.
    pub last_failure: Option<Timestamp>,
    /// Failed attempts in a row; 0 when the last one did not fail.
    pub failed_attempts: u32,
}

/// A certificate that belongs to no service, as the configuration asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExtraSeen {
    /// The namespace of its Certificate and its Secret.
    pub namespace: String,
    /// The name of both.
    pub secret: String,
    /// The names that it is for, wildcards included.
    pub hosts: Vec<String>,
    /// Whether the lab's own authority signs it.
    pub by_authority: bool,
}

impl ExtraSeen {
    /// `namespace/name`, by which reports call it: it has no host of its own.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}", self.namespace, self.secret)
    }
}

impl CertificateSeen {
    /// Whether it is for the host, by name or by wildcard.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        self.hosts.iter().any(|name| covers(name, host))
    }
}

impl Evidence {
    /// The Certificates that the lab's own authority signs.
    pub fn by_authority(&self) -> impl Iterator<Item = &CertificateSeen> {
        self.certificates.iter().flatten().filter(|certificate| certificate.issuer == own::ISSUER)
    }

    /// Whether the lab's own authority signs the certificate of a host.
    #[must_use]
    pub fn is_by_authority(&self, host: &str) -> bool {
        self.certificates_of(host).any(|certificate| certificate.issuer == own::ISSUER)
    }

    /// The Certificates for a host.
    pub fn certificates_of(&self, host: &str) -> impl Iterator<Item = &CertificateSeen> {
        let is_for =
            move |one: &&CertificateSeen| one.covers(host) && self.serves(host, (&one.namespace, &one.name));
        self.certificates.iter().flatten().filter(is_for)
    }

    /// Whether a Certificate at that place that covers a host is for it: one of no service is so only where an Ingress of the
    /// host names its Secret.
    #[must_use]
    pub fn serves(&self, host: &str, (namespace, name): (&str, &str)) -> bool {
        let is_it =
            |extra: &ExtraSeen| (extra.namespace.as_str(), extra.secret.as_str()) == (namespace, name);
        !self.extra.iter().any(is_it)
            || self
                .ingresses_of(host)
                .any(|ingress| ingress.namespace == namespace && ingress.tls_secret.as_deref() == Some(name))
    }

    /// The Certificate at that place, as far as its status tells.
    #[must_use]
    pub fn certificate_at(&self, namespace: &str, name: &str) -> Option<&CertificateSeen> {
        let mut all = self.certificates.iter().flatten();
        all.find(|one| one.namespace == namespace && one.name == name)
    }
}
