//! How the failures of libraries are read: see [`Transport`].

use std::error::Error as StdError;
use std::io;

use crate::evidence::Transport;

impl Transport {
    /// Reads the reason out of a reqwest error, whose own text says little and may hold the URL.
    #[must_use]
    pub fn from_reqwest(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_timeout() {
            return Self::Timeout;
        }
        Self::from_chain(&error)
    }

    /// Reads the reason out of an I/O error.
    #[must_use]
    pub fn from_io(error: &io::Error) -> Self {
        if let Some(inner) = error.get_ref() {
            if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls_reason(tls));
            }
            // Connectors wrap one I/O error in another, and `source` passes over what is inside.
            if let Some(io) = inner.downcast_ref::<io::Error>() {
                return Self::from_io(io);
            }
            if inner.source().is_some() {
                return Self::from_chain(inner);
            }
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Self::Unreachable(error.kind().to_string()),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Other(error.to_string()),
        }
    }

    fn from_chain(error: &(dyn StdError + 'static)) -> Self {
        let mut last = error.to_string();
        let mut next = Some(error);
        let mut name = false;
        while let Some(current) = next {
            last = current.to_string();
            name |= last.starts_with("dns error");
            if let Some(tls) = current.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls_reason(tls));
            }
            if let Some(io) = current.downcast_ref::<io::Error>()
                && !name
            {
                let found = Self::from_io(io);
                if !matches!(found, Self::Other(_)) {
                    return found;
                }
            }
            next = current.source();
        }
        match (name, last.contains("before message completed")) {
            (true, _) => Self::Name(last),
            (_, true) => Self::Closed,
            _ => Self::Other(last),
        }
    }
}

/// The sentence a user needs for what rustls found.
pub(crate) fn tls_reason(error: &rustls::Error) -> String {
    use rustls::{CertificateError as C, Error as E};
    match error {
        E::InvalidCertificate(C::UnknownIssuer) if crate::net::roots().is_empty() => {
            "this machine has no trusted roots to check the certificate with".into()
        }
        E::InvalidCertificate(C::UnknownIssuer) => {
            "the certificate is from an issuer that this machine does not trust".into()
        }
        E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => "the certificate has expired".into(),
        E::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "the certificate is not valid yet".into()
        }
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "the certificate is for other names".into()
        }
        E::InvalidMessage(_) => "what answers there does not speak TLS".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_failure_are_told_apart() {
        let kind = |kind| Transport::from_io(&io::Error::from(kind));
        assert_eq!(kind(io::ErrorKind::ConnectionRefused), Transport::Refused);
        assert_eq!(kind(io::ErrorKind::TimedOut), Transport::Timeout);
        assert_eq!(kind(io::ErrorKind::ConnectionReset), Transport::Closed);
        assert!(matches!(kind(io::ErrorKind::HostUnreachable), Transport::Unreachable(_)));
    }

    #[test]
    fn a_tls_error_inside_an_io_error_is_found() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        assert_eq!(
            Transport::from_io(&io::Error::other(tls)),
            Transport::Tls("the certificate has expired".into())
        );
    }
}
