//! The token where it must not stand: in the configuration, which ends in repositories, backups and the Nix store.

use crate::config::yaml::Value;
use crate::facts::providers::{Credential, Provider};
use crate::outside::named;

/// What to do instead, as far as it is known which credential it is.
pub(super) fn into_a_file(credential: Option<&Credential>) -> String {
    let file = credential.map_or("/var/lib/secrets/dns-token", |credential| credential.file);
    format!(
        "put the token into a file that only root can read, and name that file: `tokenFile: {file}`
    sudo install -d -m 0700 /var/lib/secrets
    sudo sh -c 'umask 077; cat > {file}'     # paste, Enter, Ctrl-D"
    )
}

/// A word as long as this, without a slash or a dot, is no name that people give a file.
const WORD: usize = 32;

/// Whether a text that should be a path is a token.
pub(super) fn is_one(text: &str) -> bool {
    let text = text.trim();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let header = text.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("bearer "));
    header || Provider::is_any_credential(text) || (text.len() >= WORD && text.chars().all(word))
}

/// Whether a key that is not known was to hold the token.
pub(super) fn is_meant(key: &str, value: &Value) -> bool {
    let Value::Text(text) = value else { return false };
    !text.contains('/') && (is_one(text) || named::is_secret(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_and_a_path_is_none() {
        for token in [
            "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM",
            "cfut_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cDeFgHiJ3l01234567",
            "0123456789abcdef0123456789abcdef01234",
            "Bearer abc",
            "abcdefgh-ijklmnop_0123456789abcdefgh",
        ] {
            assert!(is_one(token), "{token}");
        }
        for path in ["token", "/run/secrets/cloudflare-token", "./cloudflare-api-token-of-the-house.txt", ""]
        {
            assert!(!is_one(path), "{path}");
        }
    }
}
