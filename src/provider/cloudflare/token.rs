//! What is an API token of Cloudflare, and what another of its credentials.

use crate::facts::secret::{Secret, SecretError};
use crate::provider::credentials::{Keyring, TOKEN_KEY};
use crate::provider::words::Misshapen;

/// What every Global API Key begins with since 2026 (developers.cloudflare.com, fundamentals/api/get-started/token-formats).
const GLOBAL_KEY_PREFIX: &str = "cfk_";

/// The key of a whole account, which is sent in another way.
const GLOBAL_KEY: SecretError = SecretError::Other("this is the key of a whole account, not an API token");

/// The one token that the text is.
///
/// # Errors
/// What it is in place of a token.
pub(super) fn keyring(text: &str) -> Result<Keyring, SecretError> {
    let token = Secret::new(text)?;
    shape(&token)?;
    Ok(Keyring::new([(TOKEN_KEY, token)]))
}

/// Refuses a Global API Key: 37 hexadecimal digits, or what begins with `cfk_`.
fn shape(token: &Secret) -> Result<(), SecretError> {
    let text = token.expose();
    let old_key = text.len() == 37 && text.chars().all(|c| c.is_ascii_hexdigit());
    if old_key || text.starts_with(GLOBAL_KEY_PREFIX) { Err(GLOBAL_KEY) } else { Ok(()) }
}

/// What is told of a text that can be no API token.
#[must_use]
pub(super) fn misshapen(error: &SecretError) -> Misshapen {
    let told = Misshapen::of(error);
    match error {
        SecretError::Characters => {
            Misshapen { hint: "copy the token again from the Cloudflare dashboard, in plain text", ..told }
        }
        SecretError::Other(_) => Misshapen {
            message: "this is the Global API Key of your Cloudflare account, not an API token".to_owned(),
            cause: "a Global API Key opens the whole account and is sent in another way; homelab, external-dns and cert-manager need an API token, which opens one zone",
            hint: "create a token instead: Cloudflare dashboard, My Profile, API Tokens, Create Token, \
                   with Zone → Zone → Read and Zone → DNS → Edit for your zone",
        },
        SecretError::Empty
        | SecretError::BearerPrefix
        | SecretError::Quotes
        | SecretError::SeveralLines
        | SecretError::WhiteSpace
        | SecretError::Assignment => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_whole_account_is_no_token() {
        for key in
            ["0123456789abcdef0123456789abcdef01234", "cfk_abcdefghijabcdefghijabcdefghijabcdefghij01234567"]
        {
            assert_eq!(shape(&Secret::new(key).unwrap()), Err(GLOBAL_KEY));
        }
        assert!(misshapen(&GLOBAL_KEY).message.contains("Global API Key"));
    }

    #[test]
    fn forty_characters_are_a_token_even_when_all_are_hexadecimal() {
        assert!(shape(&Secret::new(&"ab12".repeat(10)).unwrap()).is_ok());
    }
}
