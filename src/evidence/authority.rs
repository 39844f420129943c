//! The lab's own certificate authority, as its Secrets hold it: the public halves alone.

use serde::Serialize;

use crate::evidence::tls::Leaf;
use crate::facts::authority::is_permitted;

/// The authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthoritySeen {
    /// What people trust, or why it could not be read.
    pub root: Result<Signer, String>,
    /// What signs for services, or why it could not be read.
    pub intermediate: Result<Signer, String>,
    /// Whether this machine trusts the root; off when it could not be read.
    pub is_trusted_here: bool,
}

/// A certificate that may sign others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// What every certificate has.
    pub certificate: Leaf,
    /// The domains that it may sign names in; `None` when nothing keeps it to any.
    pub domains: Option<Vec<String>>,
    /// Whether it may sign no address, of either kind.
    pub excludes_addresses: bool,
    /// Which key it has (RFC 5280, section 4.2.1.2), hexadecimal; empty when it does not say.
    pub key: String,
    /// Which key signed it (section 4.2.1.1), hexadecimal; empty when it does not say.
    pub signed_by: String,
    /// The certificate in DER form.
    #[serde(skip)]
    pub der: Vec<u8>,
}

impl Signer {
    /// Whether it may sign a certificate for the name.
    #[must_use]
    pub fn may_sign(&self, host: &str) -> bool {
        self.domains.as_ref().is_none_or(|domains| is_permitted(host, domains.iter().map(String::as_str)))
    }

    /// Whether this one's key signed the other.
    #[must_use]
    pub fn has_signed(&self, other: &Self) -> bool {
        other.certificate.issuer == self.certificate.subject
            && (other.signed_by.is_empty() || self.key.is_empty() || other.signed_by == self.key)
    }
}
