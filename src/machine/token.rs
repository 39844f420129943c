//! Where the API token comes from.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::{Config, Provider};
use crate::error::{Error, Result};
use crate::evidence::{TokenPlace, TokenProblem, TokenSeen};
use crate::provider::{self, Keyring};

/// The name of the credential in systemd's `LoadCredential=`.
const CREDENTIAL: &str = "dns-token";

/// Looks for the token: systemd's credential first, then the environment, then `dns.tokenFile`. The first that is there
/// counts, whatever is in it.
pub fn find(config: &Config) -> (TokenSeen, Option<Keyring>) {
    let provider = config.dns.provider;
    let variable = provider::words(provider).token.variable;
    if let Some(path) = super::credential(CREDENTIAL) {
        let text = std::fs::read_to_string(&path);
        return judged(provider, TokenPlace::Credential(path), text, false);
    }
    if let Ok(text) = std::env::var(variable)
        && !text.is_empty()
    {
        return judged(provider, TokenPlace::Variable(variable.to_owned()), Ok(text), false);
    }
    match &config.dns.token_file {
        Some(path) => judged(
            provider,
            TokenPlace::File(path.clone()),
            std::fs::read_to_string(path),
            is_open_to_all(path),
        ),
        None => (TokenSeen { problem: Some(TokenProblem::Nowhere), ..TokenSeen::default() }, None),
    }
}

/// The same for commands that cannot go on without it.
///
/// # Errors
/// When there is none, or it cannot be one.
pub fn read(config: &Config) -> Result<Keyring> {
    let (seen, keyring) = find(config);
    keyring.ok_or_else(|| explain(config.dns.provider, &seen))
}

/// The token in a file that is to be named in a new configuration.
///
/// # Errors
/// When it cannot be read, or what it holds cannot be a token.
pub fn of_file(provider: Provider, path: &Path) -> Result<Keyring> {
    let text = std::fs::read_to_string(path);
    let whole = text.as_ref().map_or(Ok(()), |text| is_whole(provider, text));
    let (seen, keyring) = judged(provider, TokenPlace::File(path.to_owned()), text, false);
    whole.and_then(|()| keyring.ok_or_else(|| explain(provider, &seen)))
}

/// The token that somebody typed, pasted or piped.
///
/// # Errors
/// When it cannot be one.
pub fn of_text(provider: Provider, text: &str) -> Result<Keyring> {
    is_whole(provider, text)?;
    provider::keyring(provider, text).map_err(|error| {
        let told = provider::misshapen(provider, &error);
        Error::usage("this cannot be an API token").because(told.message).hint(told.hint)
    })
}

/// A token of which a part is missing is shorter than any.
fn is_whole(provider: Provider, text: &str) -> Result<()> {
    let (length, shortest) = (text.trim().chars().count(), provider::words(provider).token.shortest);
    if length == 0 || length >= shortest {
        return Ok(());
    }
    Err(Error::usage("this cannot be an API token")
        .because(format!("it has {length} characters; an API token has at least {shortest}"))
        .hint("copy the whole token again"))
}

/// What the variable of the provider's own tools holds, if it is set.
pub fn of_variable(provider: Provider) -> Option<String> {
    std::env::var(provider::words(provider).token.variable).ok().filter(|text| !text.is_empty())
}

fn judged(
    provider: Provider,
    place: TokenPlace,
    text: std::io::Result<String>,
    open_to_all: bool,
) -> (TokenSeen, Option<Keyring>) {
    let length = text.as_ref().map_or(0, |text| text.trim().chars().count());
    let read = text.map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => TokenProblem::Denied,
        ErrorKind::NotFound => TokenProblem::Missing,
        _ => TokenProblem::Unreadable(error.to_string()),
    });
    let shaped = read.and_then(|text| provider::keyring(provider, &text).map_err(TokenProblem::Shape));
    let seen = |problem| TokenSeen { place, length, problem, open_to_all, ..TokenSeen::default() };
    match shaped {
        Ok(keyring) => (seen(None), Some(keyring)),
        Err(problem) => (seen(Some(problem)), None),
    }
}

/// Whether everybody may read the file and go through every folder above it.
pub fn is_open_to_all(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let grants = |path: &Path, bit: u32| {
        std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & bit != 0)
    };
    grants(&path, 0o004) && path.ancestors().skip(1).all(|folder| grants(folder, 0o001))
}

fn explain(provider: Provider, seen: &TokenSeen) -> Error {
    let words = &provider::words(provider).token;
    let variable = words.variable;
    let place = &seen.place;
    let unread = || Error::usage(format!("cannot read the API token from {place}"));
    match &seen.problem {
        None | Some(TokenProblem::Nowhere) => Error::usage("there is no API token")
            .because(format!(
                "looked for the systemd credential `{CREDENTIAL}`, the variable `{variable}` and `dns.tokenFile`"
            ))
            .hint(words.make_one_and_name_it),
        Some(TokenProblem::Missing) => unread()
            .because("no such file")
            .hint("check the path in `dns.tokenFile`, and that the secret was decrypted to that file"),
        Some(TokenProblem::Denied) => {
            unread().because("permission denied").hint("run it with `sudo`, or as the user who owns the file")
        }
        Some(TokenProblem::Unreadable(why)) => unread()
            .because(why)
            .hint("check the path in `dns.tokenFile`, and that the secret was decrypted to that file"),
        Some(TokenProblem::Shape(error)) => {
            let told = provider::misshapen(provider, error);
            Error::usage(format!("the API token in {place} cannot be used")).because(told.message).hint(told.hint)
        }
    }
}
