//! Sealing and opening with age (age-encryption.org/v1): what is sealed here, `age -d` opens, too.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;

use age::secrecy::{ExposeSecret as _, SecretString};
use age::{Decryptor, Encryptor, scrypt, x25519};

use crate::error::{Error, Result};
use crate::plan::backup::SealedFor;

/// A passphrase is tried offline by who has the files: a short one is no lock.
const SHORTEST: usize = 12;
/// The work that a passphrase costs, as a power of two: about a second, as age itself has it.
const WORK: u8 = if cfg!(test) { 4 } else { 18 };
/// A file that asks for more work than this is no file of ours.
const MOST_WORK: u8 = 22;
/// How age's public keys begin, and its private ones (age's README).
const RECIPIENT: &str = "age1";
const IDENTITY: &str = "AGE-SECRET-KEY-1";
/// How an age file begins.
const HEADER: &str = "age-encryption.org/";

/// By what is sealed.
pub enum Lock {
    /// For the identities of these recipients, by their text.
    Recipients(BTreeMap<String, x25519::Recipient>),
    /// By a passphrase.
    Passphrase(SecretString),
}

/// By what is opened.
pub enum Opener {
    /// One of these identities.
    Identities(Vec<x25519::Identity>),
    /// A passphrase.
    Passphrase(SecretString),
}

impl Lock {
    /// Reads recipients.
    ///
    /// # Errors
    /// When one is none.
    pub fn of_recipients<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self> {
        let mut recipients = BTreeMap::new();
        for text in texts {
            let recipient = text.parse().map_err(|_| no_recipient(text))?;
            recipients.insert(text.to_owned(), recipient);
        }
        match recipients.is_empty() {
            true => Err(Error::usage("there is no recipient").hint("`age-keygen -o key.txt` makes one")),
            false => Ok(Self::Recipients(recipients)),
        }
    }

    /// Takes a passphrase.
    ///
    /// # Errors
    /// When it is too short to lock anything.
    pub fn of_passphrase(text: &str) -> Result<Self> {
        match text.chars().count() < SHORTEST {
            true => Err(Error::usage(format!("the passphrase has less than {SHORTEST} characters"))
                .because("who has the backup can try passphrases as fast as his machines can")
                .hint("take five random words, or an age key: `--recipient`")),
            false => Ok(Self::Passphrase(SecretString::from(text.to_owned()))),
        }
    }

    /// Who can open what it seals.
    #[must_use]
    pub fn sealed_for(&self) -> SealedFor {
        match self {
            Self::Recipients(recipients) => SealedFor::Recipients(recipients.keys().cloned().collect()),
            Self::Passphrase(_) => SealedFor::Passphrase,
        }
    }

    /// Seals. Twice the same gives two different files, as it should.
    ///
    /// # Errors
    /// When age refuses.
    pub fn seal(&self, content: &[u8]) -> Result<Vec<u8>> {
        let failed = || Error::unfinished("cannot encrypt the backup");
        let with_work;
        let encryptor = match self {
            Self::Recipients(recipients) => {
                Encryptor::with_recipients(recipients.values().map(|one| one as &dyn age::Recipient))
            }
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK);
                with_work = recipient;
                Encryptor::with_recipients(std::iter::once(&with_work as &dyn age::Recipient))
            }
        };
        let mut sealed = Vec::new();
        let mut writer =
            encryptor.map_err(|_| failed())?.wrap_output(&mut sealed).map_err(|e| failed().because(e))?;
        writer.write_all(content).and_then(|()| writer.finish()).map_err(|e| failed().because(e))?;
        Ok(sealed)
    }

    /// Whether the passphrase opens a file. For recipients, nobody here can say.
    #[must_use]
    pub fn is_of(&self, sealed: &[u8]) -> bool {
        match self {
            Self::Recipients(_) => true,
            Self::Passphrase(passphrase) => Opener::Passphrase(passphrase.clone()).open(sealed).is_ok(),
        }
    }
}

impl Opener {
    /// Reads identities, one a line.
    ///
    /// # Errors
    /// When there is none, or a line is none.
    pub fn of_identities(text: &str) -> Result<Self> {
        if text.starts_with(HEADER) {
            return Err(Error::usage("the identity file is encrypted itself")
                .hint("decrypt it first: `age -d key.age | homelab restore DIR --identity -`"));
        }
        let parsed: std::result::Result<Vec<x25519::Identity>, _> = lines(text).map(str::parse).collect();
        let wrong = || {
            Error::usage("this is no file of age identities")
                .hint(format!("a line of it begins with `{IDENTITY}`; `age-keygen -o key.txt` wrote it"))
        };
        let identities = parsed.map_err(|_| wrong())?;
        if identities.is_empty() { Err(wrong()) } else { Ok(Self::Identities(identities)) }
    }

    /// Takes a passphrase.
    #[must_use]
    pub fn of_passphrase(text: &str) -> Self {
        Self::Passphrase(SecretString::from(text.to_owned()))
    }

    /// Opens.
    ///
    /// # Errors
    /// In words, without anything of the content.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, &'static str> {
        let decryptor =
            Decryptor::new(sealed).map_err(|_| "it is no age file, or a part of it is missing")?;
        let mut opened = Vec::new();
        let (reader, refused) = match self {
            Self::Identities(identities) => (
                decryptor.decrypt(identities.iter().map(|one| one as &dyn age::Identity)),
                "none of the identities opens it",
            ),
            Self::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MOST_WORK);
                let identity: &dyn age::Identity = &identity;
                (decryptor.decrypt(std::iter::once(identity)), "the passphrase does not open it")
            }
        };
        let mut reader = reader.map_err(|_| refused)?;
        reader.read_to_end(&mut opened).map_err(|_| "it was changed, or a part of it is missing")?;
        Ok(opened)
    }
}

/// Reads a file with recipients, identities or a passphrase.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("cannot read `{}`", path.display())).because(error))
}

/// Whether the same passphrase was typed again.
#[must_use]
pub fn is_same(first: &SecretString, again: &str) -> bool {
    first.expose_secret() == again
}

/// The lines of a file of recipients or identities, without comments.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A private key that stands where a public one should is shown to nobody.
fn no_recipient(text: &str) -> Error {
    if text.to_uppercase().starts_with("AGE-SECRET-KEY") {
        return Error::usage("this is a private key; a recipient is the public one")
            .hint(format!("`age-keygen -y FILE` prints the recipient, which begins with `{RECIPIENT}`"));
    }
    Error::usage(format!("`{text}` is no age recipient"))
        .hint(format!("it begins with `{RECIPIENT}`; `age-keygen -o key.txt` makes a key and prints it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> (String, String) {
        let made = x25519::Identity::generate();
        (made.to_string().expose_secret().to_owned(), made.to_public().to_string())
    }

    #[test]
    fn each_of_the_recipients_opens_and_nobody_else() {
        let (mine, yours, theirs) = (identity(), identity(), identity());
        let lock = Lock::of_recipients([mine.1.as_str(), yours.1.as_str()]).unwrap();
        let sealed = lock.seal(b"secret").unwrap();
        for key in [&mine.0, &yours.0] {
            let text = format!("# created: today\n\n{key}\n");
            assert_eq!(Opener::of_identities(&text).unwrap().open(&sealed), Ok(b"secret".to_vec()));
        }
        let refused = Opener::of_identities(&theirs.0).unwrap().open(&sealed);
        assert_eq!(refused, Err("none of the identities opens it"));
        assert!(Opener::of_passphrase("correct horse battery").open(&sealed).is_err());
        assert_ne!(lock.seal(b"secret").unwrap(), sealed, "age is randomised");
    }

    #[test]
    fn a_passphrase_opens_what_it_sealed_and_a_changed_file_is_refused() {
        let lock = Lock::of_passphrase("correct horse battery").unwrap();
        let mut sealed = lock.seal(b"secret").unwrap();
        assert!(lock.is_of(&sealed));
        assert!(!Lock::of_passphrase("another passphrase").unwrap().is_of(&sealed));
        let opener = Opener::of_passphrase("correct horse battery");
        assert_eq!(opener.open(&sealed), Ok(b"secret".to_vec()));
        let cut = opener.open(&sealed[..sealed.len() - 1]);
        assert_eq!(cut, Err("it was changed, or a part of it is missing"));
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert!(opener.open(&sealed).is_err());
    }

    #[test]
    fn what_cannot_be_a_lock_is_refused_and_a_private_key_is_not_repeated() {
        let refused = |lock: Result<Lock>| lock.err().unwrap().to_string();
        assert!(refused(Lock::of_passphrase("too short")).contains("less than 12"));
        assert!(refused(Lock::of_recipients([])).contains("no recipient"));
        assert!(refused(Lock::of_recipients(["ssh-ed25519"])).contains("`ssh-ed25519` is no age recipient"));
        let (private, _) = identity();
        let said = refused(Lock::of_recipients([private.as_str()]));
        assert!(said.contains("private key") && !said.contains(&private), "{said}");
        let said = Opener::of_identities(&format!("{private}x")).err().unwrap().to_string();
        assert!(!said.contains(&private), "{said}");
        assert!(Opener::of_identities("age-encryption.org/v1\n").err().unwrap().what.contains("encrypted"));
        assert!(Opener::of_identities("# nothing\n").is_err());
    }
}
