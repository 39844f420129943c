//! What a server showed in a TLS handshake.

use jiff::Timestamp;
use serde::Serialize;

use crate::facts::names::covers;

/// What the roots of this machine say about a chain for a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "why", rename_all = "kebab-case")]
pub enum Trust {
    /// It leads to a trusted root, and is in date and for the name.
    Trusted,
    /// It leads to no trusted root, or there are no roots.
    UnknownIssuer,
    /// The leaf or another certificate of the chain has ended.
    Expired,
    /// It begins later than now, by this machine's clock.
    NotYetValid,
    /// It is for other names.
    WrongName,
    /// Any other fault, in words.
    Other(String),
}

/// A certificate as a server showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Served {
    /// The server's own certificate, the first of the chain.
    pub leaf: Leaf,
    /// Certificates in the chain, the leaf counted.
    pub chain: usize,
    /// Whether this machine would accept it for the name.
    pub trust: Trust,
    /// Whether one that trusts the lab's own root would, where this machine does not know who signed it; `None` when that was
    /// not tried.
    pub by_lab: Option<Trust>,
}

impl Served {
    /// Whether a client that trusts the lab's own root, if there is one, accepts it for the name.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.trust == Trust::Trusted || self.by_lab == Some(Trust::Trusted)
    }
}

/// A leaf certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leaf {
    /// Whose it is, for example `CN=nas.example.com`; may be empty, as only the names count.
    pub subject: String,
    /// Who signed it, in the same form.
    pub issuer: String,
    /// DNS names and addresses it is for.
    pub names: Vec<String>,
    /// Before this moment it is not valid yet.
    pub not_before: Timestamp,
    /// After this moment it has expired.
    pub not_after: Timestamp,
    /// Hexadecimal, lower case, as in `openssl x509 -serial` but for the case.
    pub serial: String,
    /// SHA-256 of the DER form, hexadecimal.
    pub fingerprint: String,
}

impl Leaf {
    /// Whether Let's Encrypt's staging environment issued it; all its issuers are named so.
    #[must_use]
    pub fn is_staging(&self) -> bool {
        self.issuer.contains("(STAGING)")
    }

    /// Whether it is for the host; a `*` stands for one label.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        self.names.iter().any(|name| covers(name, host))
    }
}
