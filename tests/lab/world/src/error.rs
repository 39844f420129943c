//! Why the program could not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A problem before the first request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("usage: lab-world --config FILE.json")]
    Usage,
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Parse { path: PathBuf, source: serde_json::Error },
    #[error("an HTTPS listener is configured, but `tls` is not")]
    NoTls,
    #[error("{path}: {message}")]
    Pem { path: PathBuf, message: String },
    #[error("the certificate and key cannot be used: {0}")]
    Certificate(#[from] rustls::Error),
    #[error("cannot listen on {address} ({what}): {source}")]
    Bind { what: &'static str, address: SocketAddr, source: std::io::Error },
    #[error("cannot listen on {path}: {source}")]
    Socket { path: PathBuf, source: std::io::Error },
    #[error("cannot wait for signals: {0}")]
    Signal(std::io::Error),
}
