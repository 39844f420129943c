//! Identifiers in Cloudflare's form: 32 hexadecimal digits.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Makes record ids that no earlier run of the program has made.
#[derive(Debug)]
pub(crate) struct Mint {
    seed: String,
    made: u64,
}

impl Mint {
    pub(crate) fn new(started: Timestamp) -> Self {
        Self { seed: started.as_nanosecond().to_string(), made: 0 }
    }

    pub(crate) fn next(&mut self) -> String {
        self.made += 1;
        stable_id(&format!("record {} {}", self.seed, self.made))
    }
}

/// The same id for the same text, in every run.
pub(crate) fn stable_id(of: &str) -> String {
    let digest = HEXLOWER.encode(&Sha256::digest(of.as_bytes()));
    digest.chars().take(32).collect()
}

/// Is it 32 lower-case hexadecimal digits?
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stable_id_has_cloudflares_form() {
        assert!(is_id(&stable_id("zone example.test")));
        assert_eq!(stable_id("zone example.test"), stable_id("zone example.test"));
        assert!(!is_id("example.test"));
    }

    #[test]
    fn the_mint_never_repeats_itself() {
        let mut mint = Mint::new(Timestamp::UNIX_EPOCH);
        assert_ne!(mint.next(), mint.next());
    }
}
