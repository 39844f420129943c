//! Where the API token comes from.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::{Config, Organisation, Provider};
use crate::desired::{external_dns, organisations};
use crate::error::{Error, Result};
use crate::evidence::{TokenPlace, TokenProblem, TokenSeen};
use crate::facts::providers::Credential;
use crate::provider::{Keyring, TokenWords, traits_of};

/// The name of the credential in systemd's `LoadCredential=`, and of the file that `homelab init` makes.
pub const CREDENTIAL: &str = "dns-token";

/// The key of the configuration that names its file.
const KEY: &str = "dns.tokenFile";

/// Looks for the token: systemd's credential first, then the environment, then `dns.tokenFile`. The first that is there
/// counts, whatever is in it. Where the provider asks for none, nothing is looked for, and the keyring is empty.
pub fn find(config: &Config) -> (TokenSeen, Option<Keyring>) {
    let provider = config.dns.provider;
    let Some(credential) = &provider.facts().credential else {
        let seen = TokenSeen { place: TokenPlace::NotNeeded, ..TokenSeen::default() };
        return (seen, Some(Keyring::default()));
    };
    if let Some(path) = super::credential(CREDENTIAL) {
        let text = std::fs::read_to_string(&path);
        return judged(provider, TokenPlace::Credential(path), text, false);
    }
    if let Some(text) = of_variables(credential) {
        return judged(provider, TokenPlace::Variables(credential.variables), Ok(text), false);
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

/// The one of an organisation: systemd's credential first, then its `tokenFile`.
pub fn find_of(config: &Config, organisation: &Organisation) -> (TokenSeen, Option<Keyring>) {
    let provider = config.dns.provider;
    if let Some(path) = super::credential(&credential_of(&organisation.name)) {
        let text = std::fs::read_to_string(&path);
        return judged(provider, TokenPlace::Credential(path), text, false);
    }
    match &organisation.token_file {
        Some(path) => {
            let text = std::fs::read_to_string(path);
            judged(provider, TokenPlace::File(path.clone()), text, is_open_to_all(path))
        }
        None => (TokenSeen { problem: Some(TokenProblem::Nowhere), ..TokenSeen::default() }, None),
    }
}

/// The name of the credential of an organisation in systemd's `LoadCredential=`.
fn credential_of(organisation: &str) -> String {
    format!("{CREDENTIAL}-{organisation}")
}

/// Whether this machine has one for an organisation, whatever is in it; else the one in the cluster counts.
pub fn is_here(config: &Config, organisation: &Organisation) -> bool {
    was_found(&find_of(config, organisation).0)
}

/// Whether this machine has the token that was looked for, whatever is in it.
pub fn was_found(token: &TokenSeen) -> bool {
    !matches!(token.problem, Some(TokenProblem::Nowhere))
}

/// The same for commands that cannot go on without it, once the cluster has none either.
///
/// # Errors
/// When there is none, or it cannot be one.
pub fn read_of(config: &Config, organisation: &Organisation) -> Result<Keyring> {
    let (seen, keyring) = find_of(config, organisation);
    let TokenWords { called, .. } = &traits_of(config.dns.provider).words.token;
    let key = format!("organisations.{}.tokenFile", organisation.name);
    keyring.ok_or_else(|| match &seen.problem {
        None | Some(TokenProblem::Nowhere) => {
            Error::usage(format!("there is no {called} of the organisation `{}`", organisation.name))
                .because(format!(
                    "looked for the systemd credential `{}`, `{key}`, and the Secret {}/{} in the cluster",
                    credential_of(&organisation.name),
                    external_dns::NAMESPACE,
                    organisations::secret_name(&organisation.name)
                ))
                .because("that of the lab may write into every zone, and what an organisation's programs use lies where its people may read it")
                .hint(format!(
                    "have one made: `homelab zone policy {} --apply`;\nor make one that may write into the zone `{}` and into no other, and name its file in `{key}`, or hand it to the service as that systemd credential",
                    organisation.name, organisation.zone
                ))
        }
        _ => explain(config.dns.provider, &seen, &key),
    })
}

/// The same for commands that cannot go on without it.
///
/// # Errors
/// When there is none, or it cannot be one.
pub fn read(config: &Config) -> Result<Keyring> {
    let (seen, keyring) = find(config);
    keyring.ok_or_else(|| explain(config.dns.provider, &seen, KEY))
}

/// The token in a file that is to be named in a new configuration.
///
/// # Errors
/// When it cannot be read, or what it holds cannot be a token.
pub fn of_file(provider: Provider, path: &Path) -> Result<Keyring> {
    let text = std::fs::read_to_string(path);
    let whole = text.as_ref().map_or(Ok(()), |text| is_whole(provider, text));
    let (seen, keyring) = judged(provider, TokenPlace::File(path.to_owned()), text, false);
    whole.and_then(|()| keyring.ok_or_else(|| explain(provider, &seen, KEY)))
}

/// The token that somebody typed, pasted or piped.
///
/// # Errors
/// When it cannot be one.
pub fn of_text(provider: Provider, text: &str) -> Result<Keyring> {
    is_whole(provider, text)?;
    let traits = traits_of(provider);
    (traits.keyring)(text).map_err(|error| {
        let told = (traits.misshapen)(&error);
        Error::usage(format!("this cannot be the {}", traits.words.token.called))
            .because(told.message)
            .hint(told.hint)
    })
}

/// A token of which a part is missing is shorter than any.
fn is_whole(provider: Provider, text: &str) -> Result<()> {
    let TokenWords { called, short, shortest, .. } = &traits_of(provider).words.token;
    let length = text.trim().chars().count();
    if length == 0 || length >= *shortest {
        return Ok(());
    }
    Err(Error::usage(format!("this cannot be the {called}"))
        .because(format!("it has {length} characters; a whole {called} has at least {shortest}"))
        .hint(format!("copy the whole {short} again")))
}

/// What the variables of the provider's own tools hold, one a line, if any of them is set.
pub fn of_variables(credential: &Credential) -> Option<String> {
    let texts = credential.variables.iter().filter_map(|name| std::env::var(name).ok());
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
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
    let shaped = read.and_then(|text| (traits_of(provider).keyring)(&text).map_err(TokenProblem::Shape));
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

fn explain(provider: Provider, seen: &TokenSeen, key: &str) -> Error {
    let TokenWords { called, make_one_and_name_it, .. } = &traits_of(provider).words.token;
    let place = &seen.place;
    let unread = || Error::usage(format!("cannot read the {called} from {place}"));
    match &seen.problem {
        None | Some(TokenProblem::Nowhere) => {
            let variables = provider.facts().credential.as_ref().map(Credential::variables_told);
            Error::usage(format!("there is no {called}"))
                .because(format!(
                    "looked for the systemd credential `{CREDENTIAL}`, {} and `dns.tokenFile`",
                    variables.unwrap_or_default()
                ))
                .hint(*make_one_and_name_it)
        }
        Some(TokenProblem::Missing) => unread().because("no such file").hint(misplaced(key)),
        Some(TokenProblem::Denied) => {
            unread().because("permission denied").hint("run it with `sudo`, or as the user who owns the file")
        }
        Some(TokenProblem::Unreadable(why)) => unread().because(why).hint(misplaced(key)),
        Some(TokenProblem::Shape(_)) if seen.length == 0 && file(place).is_some() => empty(provider, place),
        Some(TokenProblem::Shape(error)) => {
            let told = (traits_of(provider).misshapen)(error);
            Error::usage(format!("the {called} in {place} cannot be used"))
                .because(told.message)
                .hint(told.hint)
        }
    }
}

fn misplaced(key: &str) -> String {
    format!("check the path in `{key}`, and that the secret was decrypted to that file")
}

/// A file in which nothing is, with what writes it.
fn empty(provider: Provider, place: &TokenPlace) -> Error {
    let TokenWords { called, short, .. } = &traits_of(provider).words.token;
    let write = match place {
        TokenPlace::File(path) => command!("sudo tee {} > /dev/null", path),
        _ => None,
    };
    let hint = match write {
        Some(write) => format!(
            "run `{write}`, paste the {short}, press Enter and then Ctrl-D. If another program writes that file (sops, agenix), \
             its secret is empty"
        ),
        None => format!("write the {short} into the file that this credential is loaded from"),
    };
    Error::usage(format!("the file {place} is empty"))
        .because(format!("it has to hold the {called}"))
        .hint(hint)
}

fn file(place: &TokenPlace) -> Option<&Path> {
    match place {
        TokenPlace::Credential(path) | TokenPlace::File(path) => Some(path),
        TokenPlace::Variables(_) | TokenPlace::Secret(_) | TokenPlace::Nowhere | TokenPlace::NotNeeded => {
            None
        }
    }
}
