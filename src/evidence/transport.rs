//! Why a connection gave no answer, told apart because each has another cure.

use serde::Serialize;

/// A failure below the protocol: nothing that answered is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "failure", content = "detail", rename_all = "kebab-case")]
pub enum Transport {
    /// The name has no address, or no resolver answered.
    #[error("its name cannot be resolved: {0}")]
    Name(String),
    /// The machine is there, and nothing listens.
    #[error("connection refused")]
    Refused,
    /// No route, or a router says no.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// Nobody answered in time.
    #[error("no answer in time")]
    Timeout,
    /// Connected, but the TLS handshake failed; the text says why.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// Connected, and cut off.
    #[error("the connection was closed early")]
    Closed,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
