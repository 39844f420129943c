//! Where recipients, identities and passphrases come from: never from an argument, but for recipients, which are public.

use std::path::Path;

use crate::cli::{Backup, Restore};
use crate::error::{Error, Result};
use crate::machine::vault::{self, Lock, Opener};
use crate::plan::backup::SealedFor;
use crate::ui::ask;

/// Standard input.
const PIPE: &str = "-";

/// By what a backup is sealed.
pub(in crate::commands) fn lock(flags: &Backup) -> Result<Lock> {
    if let Some(path) = &flags.passphrase_file {
        return Lock::of_passphrase(&passphrase(path)?);
    }
    let listed = flags.recipients_file.as_deref().map(text).transpose()?;
    if listed.is_some() || !flags.recipient.is_empty() {
        let listed = listed.as_deref().into_iter().flat_map(vault::lines);
        return Lock::of_recipients(flags.recipient.iter().map(|one| one.trim()).chain(listed));
    }
    if !ask::is_possible() {
        return Err(nothing_given("--recipient AGE1…"));
    }
    let lock = Lock::of_passphrase(&ask::secret("Passphrase of the backup")?)?;
    match &lock {
        Lock::Passphrase(first) if !vault::is_same(first, &ask::secret("The same again")?) => {
            Err(Error::usage("the two passphrases differ").hint("nothing was written; try again"))
        }
        _ => Ok(lock),
    }
}

/// By what it is opened.
pub(in crate::commands) fn opener(flags: &Restore, sealed_for: &SealedFor) -> Result<Opener> {
    let by_recipients = matches!(sealed_for, SealedFor::Recipients(_));
    match (&flags.identity, &flags.passphrase_file) {
        (Some(path), _) => Opener::of_identities(&text(path)?),
        (None, Some(path)) => Ok(Opener::of_passphrase(&passphrase(path)?)),
        (None, None) if by_recipients => Err(Error::usage("the backup is encrypted for age recipients")
            .hint("name the file with the private key: `--identity FILE`")),
        (None, None) if ask::is_possible() => {
            ask::secret("Passphrase of the backup").map(|text| Opener::of_passphrase(&text))
        }
        (None, None) => Err(nothing_given("--identity FILE")),
    }
}

fn nothing_given(flag: &str) -> Error {
    Error::usage("there is no terminal to ask for the passphrase on")
        .hint(format!("give `{flag}`, or `--passphrase-file FILE`"))
}

fn text(path: &Path) -> Result<String> {
    if path == Path::new(PIPE) { ask::piped() } else { vault::read(path) }
}

/// The first line, as a file that an editor wrote ends with a line break.
pub(in crate::commands) fn passphrase(path: &Path) -> Result<String> {
    Ok(text(path)?.lines().next().unwrap_or_default().to_owned())
}
