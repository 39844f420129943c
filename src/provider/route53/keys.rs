//! The access key, as Amazon's own tools write it: a shared credentials file, a file of environment variables, the table that
//! the console gives out, or the id and the secret below each other.
//!
//! Sources: AWS SDKs and tools reference guide, "Shared config and credentials files"; IAM user guide, "Unique ID prefixes"
//! (AKIA: an access key that stays; ASIA: one that ends).

use crate::facts::secret::{Secret, SecretError};
use crate::provider::credentials::Keyring;
use crate::provider::words::Misshapen;

/// The Secret's key that holds the id of the access key.
pub(super) const ACCESS_KEY_ID: &str = "access-key-id";
/// The Secret's key that holds its secret.
pub(super) const SECRET_ACCESS_KEY: &str = "secret-access-key";

/// Profiles that are taken where a file has several, in this order.
const PROFILES: [&str; 2] = ["homelab", "default"];
/// How the id of an access key begins that stays, and that of one that ends.
const STAYS: &str = "AKIA";
const ENDS: &str = "ASIA";

const NO_ID: SecretError = SecretError::Other(
    "there is no access key id in it: that begins with `AKIA` and stands before the secret",
);
const NO_SECRET: SecretError = SecretError::Other("there is no secret access key beside the access key id");
const PROFILE: SecretError =
    SecretError::Other("it has several profiles, and none of them is called `homelab` or `default`");
const TEMPORARY: SecretError = SecretError::Other(
    "these are temporary credentials (a session token, or an id that begins with `ASIA`): external-dns and cert-manager would stop when they end",
);

/// What one profile has.
#[derive(Default)]
struct Profile<'t> {
    name: &'t str,
    id: Option<&'t str>,
    secret: Option<&'t str>,
    session: bool,
}

/// The access key of a text.
///
/// # Errors
/// What is missing, or why it would not do.
pub(super) fn keyring(text: &str) -> Result<Keyring, SecretError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(SecretError::Empty);
    }
    let profile = chosen(profiles(text))?;
    let id = profile.id.ok_or(NO_ID)?;
    if profile.session || id.starts_with(ENDS) {
        return Err(TEMPORARY);
    }
    let is_id = id.starts_with(STAYS) && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !is_id {
        return Err(NO_ID);
    }
    let secret = Secret::word(profile.secret.ok_or(NO_SECRET)?)?;
    Ok(Keyring::new([(ACCESS_KEY_ID, Secret::word(id)?), (SECRET_ACCESS_KEY, secret)]))
}

/// Every profile; what stands above the first head is one without a name.
fn profiles(text: &str) -> Vec<Profile<'_>> {
    let mut found = vec![Profile::default()];
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        if let Some(head) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = head.trim().strip_prefix("profile ").unwrap_or(head).trim();
            found.push(Profile { name, ..Profile::default() });
        } else if let Some(profile) = found.last_mut() {
            profile.read(line);
        }
    }
    found.retain(|profile| profile.id.is_some() || profile.secret.is_some());
    found
}

impl<'t> Profile<'t> {
    fn read(&mut self, line: &'t str) {
        let line = line.strip_prefix("export ").unwrap_or(line);
        if let Some((name, value)) = line.split_once('=') {
            let value = Some(value.trim().trim_matches(['"', '\''])).filter(|value| !value.is_empty());
            match name.trim().to_ascii_lowercase().as_str() {
                "aws_access_key_id" => self.id = value,
                "aws_secret_access_key" => self.secret = value,
                "aws_session_token" | "aws_security_token" => self.session |= value.is_some(),
                _ => (),
            }
            return;
        }
        // The console's table has a head, and both in one line below it.
        for word in line.split(',').map(str::trim).filter(|word| !word.contains(' ')) {
            match (self.id, self.secret) {
                (None, _) => self.id = Some(word),
                (Some(_), None) => self.secret = Some(word),
                // Variables come in the order of id, secret, token.
                (Some(_), Some(_)) => self.session = true,
            }
        }
    }
}

fn chosen(mut profiles: Vec<Profile<'_>>) -> Result<Profile<'_>, SecretError> {
    let named = |name: &str| profiles.iter().position(|profile| profile.name == name);
    let at = match profiles.len() {
        0 => return Err(NO_ID),
        1 => 0,
        _ => PROFILES.iter().find_map(|name| named(name)).ok_or(PROFILE)?,
    };
    Ok(profiles.swap_remove(at))
}

/// What is told of a text that is no access key.
#[must_use]
pub(super) fn misshapen(error: &SecretError) -> Misshapen {
    let told = Misshapen::of(error);
    let (cause, hint) = match *error {
        TEMPORARY => (
            "they come from a login (`aws sso login`, `aws sts`) or a role, and pods in the house have nothing that renews them",
            "create an access key of an IAM user that has only this right: IAM console, Users, your user, Security credentials, Create access key",
        ),
        PROFILE => (
            "a shared credentials file may have many profiles, and homelab does not guess which one is meant",
            "call the profile `[homelab]`, or write the file anew with only that one",
        ),
        _ => (
            "the file needs the id and the secret of one access key of an IAM user",
            "write two lines, `aws_access_key_id = AKIA...` and `aws_secret_access_key = ...`, as `~/.aws/credentials` has them; the console shows the secret only once, when the key is created",
        ),
    };
    let message = match error {
        SecretError::Other(why) => (*why).to_owned(),
        SecretError::Empty => "the file is empty, or a part of the access key in it is".to_owned(),
        _ => told.message.replace("the API token", "a part of the access key"),
    };
    Misshapen { message, cause, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "s3cretAlrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE";

    #[test]
    fn an_access_key_is_read_as_amazons_own_tools_write_it() {
        for text in [
            format!("{ID}\n{SECRET}\n"),
            format!(
                "[default]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\nregion = eu-west-1\n"
            ),
            format!(
                "# of the house\nexport AWS_ACCESS_KEY_ID={ID}\nexport AWS_SECRET_ACCESS_KEY=\"{SECRET}\"\n"
            ),
            format!("\u{feff}Access key ID,Secret access key\r\n{ID},{SECRET}\r\n"),
            format!(
                "[work]\naws_access_key_id=AKIAWORK\naws_secret_access_key=w0rk\n\n[default]\naws_access_key_id={ID}\naws_secret_access_key={SECRET}\n"
            ),
            format!(
                "[default]\naws_access_key_id=AKIAWORK\naws_secret_access_key=w0rk\n[profile homelab]\naws_access_key_id={ID}\naws_secret_access_key={SECRET}\n"
            ),
            format!(
                "[sso]\nsso_session = work\n[house]\naws_access_key_id={ID}\naws_secret_access_key={SECRET}\n"
            ),
        ] {
            let keyring = keyring(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let of = |key| keyring.get(key).unwrap().expose();
            assert_eq!((of(ACCESS_KEY_ID), of(SECRET_ACCESS_KEY)), (ID, SECRET), "{text}");
        }
    }

    #[test]
    fn credentials_that_end_are_refused_with_the_reason() {
        for text in [
            format!("ASIAIOSFODNN7EXAMPLE\n{SECRET}"),
            format!(
                "aws_access_key_id={ID}\naws_secret_access_key={SECRET}\naws_session_token=s3cretToken\n"
            ),
            format!("{ID}\n{SECRET}\ns3cretToken"),
        ] {
            let told = misshapen(&keyring(&text).unwrap_err());
            assert!(told.message.contains("would stop when they end"), "{text}: {}", told.message);
            assert!(told.hint.contains("Create access key"));
        }
    }

    #[test]
    fn what_is_missing_is_told_and_nothing_of_the_key_is() {
        let two = format!("[a]\naws_access_key_id={ID}\naws_secret_access_key={SECRET}\n");
        for (text, part) in [
            (String::new(), "empty"),
            (ID.to_owned(), "no secret access key beside"),
            (format!("{SECRET}\n{ID}"), "no access key id"),
            (SECRET.to_owned(), "no access key id"),
            ("[default]\nsso_session = work".to_owned(), "no access key id"),
            (format!("AIDAIOSFODNN7EXAMPLE\n{SECRET}"), "no access key id"),
            (format!("{two}{}", two.replace("[a]", "[b]")), "several profiles"),
            (format!("aws_access_key_id={ID}\naws_secret_access_key=s3cret s3cret"), "white space"),
        ] {
            let told = misshapen(&keyring(&text).unwrap_err());
            assert!(told.message.contains(part), "{text}: {}", told.message);
            assert!(!told.message.contains("s3cret") && !told.message.contains(ID), "{}", told.message);
        }
    }
}
