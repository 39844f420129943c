//! The certificate itself, as far as a person cares.

use std::fmt::Write;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::evidence::tls::Leaf;

/// How many names are read. Let's Encrypt puts at most 100 into a certificate; any server may show more.
const MOST_NAMES: usize = 200;
/// The longest subject and issuer that are kept, in characters.
const LONGEST: usize = 256;

impl Leaf {
    /// Reads a certificate in DER form; the error says what is wrong with it.
    pub fn parse(der: &[u8]) -> Result<Self, String> {
        let (_, cert) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        let names = match cert.subject_alternative_name() {
            Ok(Some(extension)) => {
                extension.value.general_names.iter().filter_map(name).take(MOST_NAMES).collect()
            }
            _ => Vec::new(),
        };
        let time = |seconds: i64| Timestamp::from_second(seconds).map_err(|error| error.to_string());
        Ok(Self {
            subject: short(&cert.subject().to_string()),
            issuer: short(&cert.issuer().to_string()),
            names,
            not_before: time(cert.validity().not_before.timestamp())?,
            not_after: time(cert.validity().not_after.timestamp())?,
            serial: hex(cert.raw_serial()),
            fingerprint: hex(&Sha256::digest(der)),
        })
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|four| std::net::Ipv4Addr::from(four).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|six| std::net::Ipv6Addr::from(six).to_string()),
        },
        _ => None,
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::tls::Authority;

    fn leaf(names: &[&str]) -> Leaf {
        Leaf::parse(&Authority::new("CA").issue("x", names, (2020, 2030)).der).unwrap()
    }

    #[test]
    fn a_wildcard_covers_one_label_and_not_the_apex() {
        let leaf = leaf(&["*.example.com"]);
        assert!(leaf.covers("a.example.com") && leaf.covers("*.example.com"));
        assert!(!leaf.covers("example.com") && !leaf.covers("a.b.example.com"));
    }

    #[test]
    fn names_are_compared_without_case() {
        assert!(leaf(&["Nas.Example.com"]).covers("nas.example.com"));
    }

    #[test]
    fn bytes_that_are_no_certificate_are_an_error() {
        assert!(Leaf::parse(b"not a certificate").is_err());
    }
}
