//! The file with both keys: the line `api-key=...` of pdns.conf, and below it the TSIG key as `pdnsutil list-tsig-keys` prints it.

use crate::facts::secret::{Secret, SecretError};
use crate::provider::credentials::Keyring;
use crate::provider::tsig;
use crate::provider::words::Misshapen;

/// The Secret's key that holds the API key.
pub(super) const API_KEY: &str = "api-key";
/// How a hashed key begins (PowerDNS, docs/http-api/index.rst, `pdnsutil hash-password`).
const HASH: &str = "$scrypt$";

const NO_API_KEY: SecretError =
    SecretError::Other("its first line is the TSIG key: the API key is missing above it");
const NO_TSIG_KEY: SecretError = SecretError::Other("there is no TSIG key below the API key");
const HASHED: SecretError =
    SecretError::Other("its first line is the hash of the API key that pdns.conf may have, not the API key");
const ASSIGNED: SecretError = SecretError::Other(
    "its first line assigns something else than the API key: it must be `api-key=` and the API key, or the API key alone",
);

/// Both keys of a text.
///
/// # Errors
/// Which of both is missing, or is not as the server's programs write it.
pub(super) fn keyring(text: &str) -> Result<Keyring, SecretError> {
    let text = text.trim_start_matches('\u{feff}');
    let is_said = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let mut lines = text.lines().skip_while(|line| !is_said(line));
    let first = lines.next().ok_or(SecretError::Empty)?.trim();
    let api_key = api_key(first)?;
    let rest: Vec<&str> = lines.collect();
    if !rest.iter().any(|line| is_said(line)) {
        return Err(NO_TSIG_KEY);
    }
    let tsig = tsig::read(&rest.join("\n"))?;
    Ok(Keyring::new([(API_KEY, api_key)].into_iter().chain(tsig.parts()?)))
}

/// `api-key=KEY` as pdns.conf has it, `api-key: KEY`, or the key alone.
fn api_key(line: &str) -> Result<Secret, SecretError> {
    if line == "key:" || line.starts_with("key ") || line.starts_with("Create new TSIG key") {
        return Err(NO_API_KEY);
    }
    let named = line.strip_prefix(API_KEY).map(str::trim_start);
    let value = named.and_then(|rest| rest.strip_prefix('=').or(rest.strip_prefix(':')));
    let word = value.unwrap_or(line).trim();
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if value.is_none()
        && word
            .split_once('=')
            .is_some_and(|(name, rest)| is_name(name) && !rest.trim_matches('=').is_empty())
    {
        return Err(ASSIGNED);
    }
    if word.split_whitespace().count() == 3 {
        return Err(NO_API_KEY);
    }
    if word.starts_with(HASH) {
        return Err(HASHED);
    }
    Secret::word(word)
}

/// What is told of a text that is not both keys.
#[must_use]
pub(super) fn misshapen(error: &SecretError) -> Misshapen {
    let told = Misshapen::of(error);
    let hint = match *error {
        HASHED => "write the API key itself: the text that `pdnsutil hash-password` was given",
        _ => {
            "write two lines: `api-key=` with the API key, as pdns.conf has it, and below it the line of the TSIG key that `pdnsutil list-tsig-keys` prints"
        }
    };
    let message = match error {
        SecretError::Other(why) => (*why).to_owned(),
        SecretError::Empty => "the file is empty, or a key in it is".to_owned(),
        _ => told.message.replace("the API token", "one of the keys"),
    };
    Misshapen {
        message,
        cause: "the file needs both keys: external-dns uses the API key, cert-manager the TSIG key",
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tsig::{KEY, SECRET_KEY};

    const TSIG: &str = "homelab. hmac-sha256. c2VjcmV0LW9mLXRoZS1ob3VzZQ==";

    #[test]
    fn both_keys_are_read_as_pdns_conf_and_pdnsutil_write_them() {
        for first in [
            "api-key=Tm90LWEta2V5==",
            "api-key: Tm90LWEta2V5==",
            "Tm90LWEta2V5==",
            "# of the attic\n\napi-key = Tm90LWEta2V5==",
        ] {
            let keyring = keyring(&format!("{first}\n\n{TSIG}\n")).unwrap();
            let of = |key| keyring.get(key).unwrap().expose();
            assert_eq!((of(API_KEY), of(KEY)), ("Tm90LWEta2V5==", "homelab"), "{first}");
            assert_eq!(of(SECRET_KEY), "c2VjcmV0LW9mLXRoZS1ob3VzZQ==");
        }
        let bind = "a-key\nkey \"homelab\" {\n  algorithm hmac-sha256;\n  secret \"c2VjcmV0LW9mLXRoZS1ob3VzZQ==\";\n};\n";
        assert!(keyring(bind).is_ok());
    }

    #[test]
    fn what_is_missing_is_told_and_nothing_of_the_keys_is() {
        for (text, part) in [
            ("", "empty"),
            ("api-key=\n", "a key in it is"),
            ("api-key=s3cret-one\n", "no TSIG key below"),
            (TSIG, "API key is missing above it"),
            ("key \"a\" { };", "API key is missing above it"),
            ("api-key=$scrypt$ln=10,p=1,r=8$abc$def\nx", "hash of the API key"),
            ("PDNS_KEY=s3cret-one\nx", "assigns something else"),
            ("api-key=s3cret one\nx", "white space"),
            ("s3cret-one\nhomelab s3cret-two", "not as `pdnsutil list-tsig-keys`"),
        ] {
            let told = misshapen(&keyring(text).unwrap_err());
            assert!(told.message.contains(part), "{text}: {}", told.message);
            assert!(!told.message.contains("s3cret") && !told.message.contains("c2Vj"), "{}", told.message);
        }
    }
}
