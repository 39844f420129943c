//! What words look like that are secrets.

/// Behind a prefix, a shorter word is no token.
const AFTER_PREFIX: usize = 16;
/// A word of one case and a half changes its case a few times; chance does so half of the time.
const CASES: usize = 13;

/// Whether a word is a token that begins so.
#[must_use]
pub fn begins(word: &str, prefix: &str) -> bool {
    word.strip_prefix(prefix).is_some_and(|rest| {
        // `K10` and `npm_` are short: only a long rest makes them tokens.
        let long = if prefix.len() < 4 { 2 * AFTER_PREFIX } else { AFTER_PREFIX };
        rest.len() >= long && rest.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    })
}

/// Whether a word is made by chance: both cases, and a digit or more changes of case than words have.
#[must_use]
pub fn is_random(word: &str) -> bool {
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    let letters: Vec<bool> =
        word.bytes().filter(u8::is_ascii_alphabetic).map(|b| b.is_ascii_uppercase()).collect();
    let changes = letters.windows(2).filter(|pair| pair[0] != pair[1]).count();
    has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && (has(u8::is_ascii_digit) || changes >= CASES)
}
