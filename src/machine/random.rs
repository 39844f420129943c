//! Random numbers of the machine's kernel.

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Error, Result};

/// So many bytes that nobody can guess.
///
/// # Errors
/// When the kernel gives none.
pub fn bytes<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map(|()| bytes).map_err(|_| {
        Error::unfinished("cannot make a key")
            .because("the kernel gives no random numbers")
            .hint("run it again")
    })
}
