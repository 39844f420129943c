//! Passwords, as far as a machine makes something of them.

use crate::error::{Error, Result};

/// A password is guessed at over the network as fast as the controller answers.
const SHORTEST: usize = 10;
/// bcrypt reads no more (OpenBSD, bcrypt(3)): what is behind would count for nothing.
const LONGEST: usize = 72;
/// Each request of a page is checked anew, in the controller: 2^7 rounds take some milliseconds. `htpasswd -B` takes 2^5.
const ROUNDS: u32 = 7;

/// The hash of a password, as ingress controllers read it (crypt(5), bcrypt).
///
/// # Errors
/// When the password is too short or too long, or this machine has no randomness.
pub fn hash(password: &str) -> Result<String> {
    let wrong = |what: &str| Error::usage("the password cannot be used").because(what);
    if password.chars().count() < SHORTEST {
        return Err(wrong(&format!("it is shorter than {SHORTEST} characters")));
    }
    if password.len() > LONGEST {
        return Err(wrong(&format!("it is longer than {LONGEST} bytes, and bcrypt ignores what is behind")));
    }
    if password.chars().any(char::is_control) {
        return Err(wrong("it has a control character in it"));
    }
    let hash = bcrypt::hash_with_result(password, ROUNDS);
    let hash = hash.map_err(|error| Error::unfinished("cannot hash the password").because(error))?;
    // `$2y$` is what htpasswd writes; crypt(3) of musl and glibc, and Go's, take it.
    Ok(hash.format_for_version(bcrypt::Version::TwoY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_this_password_and_of_no_other() {
        let hash = hash("correct horse").unwrap();
        assert!(hash.starts_with("$2y$07$"), "{hash}");
        assert!(bcrypt::verify("correct horse", &hash).unwrap());
        assert!(!bcrypt::verify("correct horsf", &hash).unwrap());
    }

    #[test]
    fn what_would_be_guessed_or_cut_is_refused() {
        for (password, why) in [
            ("short", "shorter than 10"),
            (&"x".repeat(73), "longer than 72"),
            ("with\ttabulator", "control"),
        ] {
            assert!(hash(password).unwrap_err().to_string().contains(why), "{password}");
        }
    }
}
