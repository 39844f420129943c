//! The key that signs messages of DNS (TSIG, RFC 8945): what is no secret of it.

use serde::{Serialize, Serializer};

/// How a key signs. Only what all three programs can: external-dns has no MD5, cert-manager no SHA-384 (external-dns
/// `provider/rfc2136`, cert-manager `pkg/issuer/acme/dns/rfc2136`), and SHA-1 is not recommended (RFC 8945, section 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    #[default]
    Sha256,
    /// HMAC with SHA-512.
    Sha512,
}

impl Algorithm {
    /// Every one.
    pub const ALL: &[Self] = &[Self::Sha256, Self::Sha512];

    /// As DNS has it, and configurations of name servers and of external-dns (RFC 8945, section 6).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "hmac-sha256",
            Self::Sha512 => "hmac-sha512",
        }
    }

    /// As cert-manager has it (`tsigAlgorithm` of its solver).
    #[must_use]
    pub const fn of_cert_manager(self) -> &'static str {
        match self {
            Self::Sha256 => "HMACSHA256",
            Self::Sha512 => "HMACSHA512",
        }
    }

    /// The one of that name, whatever the case, with or without the final dot.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.trim_end_matches('.');
        Self::ALL.iter().copied().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What a key is called where nobody says otherwise.
pub const KEY_NAME: &str = "homelab";

/// The longest name in DNS, in characters (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;

/// The name of a key: in lower case, without the final dot. It is a name of DNS, but need not have a dot in it.
///
/// # Errors
/// When it can be none, in words.
pub fn key_name(text: &str) -> Result<String, &'static str> {
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let of_label = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let labels =
        || name.split('.').all(|label| (1..=63).contains(&label.len()) && label.chars().all(of_label));
    match name.len() <= LONGEST && labels() {
        true => Ok(name),
        false => {
            Err("the name of a key has letters, digits, `-`, `_` and `.`, and no label over 63 characters")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_known_as_servers_spell_it() {
        assert_eq!(Algorithm::of_name("HMAC-SHA512."), Some(Algorithm::Sha512));
        assert_eq!(Algorithm::of_name("hmac-md5"), None);
        assert_eq!(Algorithm::Sha256.of_cert_manager(), "HMACSHA256");
    }

    #[test]
    fn the_name_of_a_key_is_a_name_of_dns_and_needs_no_dot() {
        assert_eq!(key_name("Home-Lab.").as_deref(), Ok("home-lab"));
        assert_eq!(key_name("acme.example.com").as_deref(), Ok("acme.example.com"));
        for wrong in ["", ".", "a b", "a..b", "key\"", &"a".repeat(64), &"a.".repeat(130)] {
            assert!(key_name(wrong).is_err(), "{wrong}");
        }
    }
}
