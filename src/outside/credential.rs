//! Words that are secrets by their shape alone.

use crate::outside::GONE;

/// How tokens of programs that people run at home begin. Sources: developers.cloudflare.com, "Token formats" (`cfk_`, `cfut_`,
/// `cfat_`); the token formats of GitHub, GitLab, Slack, Stripe, Docker, npm, Tailscale, Vault, age; docs.k3s.io,
/// "Token" (`K10`).
const PREFIXES: [&str; 19] = [
    "cfk_",
    "cfut_",
    "cfat_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "rk_live_",
    "dckr_pat_",
    "npm_",
    "tskey-",
    "hvs.",
    "AGE-SECRET-KEY-",
    "K10",
];
/// Behind a prefix, a shorter word is none of these tokens.
const AFTER_PREFIX: usize = 16;
/// Cloudflare's API tokens from before 2026: so many letters, digits, `-` and `_`.
const TOKEN: usize = 40;
/// Cloudflare's Global API Keys from before 2026: so many hexadecimal digits. Serial numbers of certificates have up to 40.
const GLOBAL_KEY: usize = 37;
/// The shortest JSON Web Token that says anything.
const JWT: usize = 24;
/// The length of an access key id of AWS.
const AWS: usize = 20;
/// A word of one case and a half changes its case a few times; chance does so half of the time.
const CASES: usize = 13;

/// Whether `word` (letters, digits, `-`, `_`) has the shape of a credential of Cloudflare.
///
/// Names of Kubernetes are lower case and digests are hexadecimal: a token of the old form has both cases.
#[must_use]
pub fn is_cloudflare(word: &str) -> bool {
    let prefixed = ["cfk_", "cfut_", "cfat_"].iter().any(|prefix| begins(word, prefix));
    let hex = word.len() == GLOBAL_KEY
        && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && word.bytes().any(|b| b.is_ascii_lowercase());
    prefixed || hex || (word.len() == TOKEN && word.bytes().all(is_of_token) && is_random(word))
}

/// `text` without such words.
pub(super) fn hide(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| is_of_word(c)) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !is_of_word(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let (escape, word) = word.split_at(escape(before, word));
        shown.push_str(before);
        shown.push_str(escape);
        rest = match after.starts_with("::") && word.starts_with("K10") {
            // A join token of k3s, `K10<hash>::<user>:<password>` (docs.k3s.io, "Token").
            true => {
                shown.push_str(GONE);
                &after[after
                    .find(|c: char| c.is_whitespace() || "\"'`<>\\,".contains(c))
                    .unwrap_or(after.len())..]
            }
            false => {
                word_into(&mut shown, word);
                after
            }
        };
    }
    shown + rest
}

/// How many characters at the start of `word` belong to an escape that begins in `before`: `\n`, `\u003d`, `%3D`.
fn escape(before: &str, word: &str) -> usize {
    let hex = |digits: Option<&str>| digits.is_some_and(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
    if before.ends_with('%') && hex(word.get(..2)) {
        return 2;
    }
    if !before.ends_with('\\') {
        return 0;
    }
    if word.starts_with('u') && hex(word.get(1..5)) {
        return 5;
    }
    usize::from(word.starts_with(['n', 'r', 't']))
}

fn word_into(shown: &mut String, word: &str) {
    let jwt = word.starts_with("eyJ") && word.len() >= JWT && word.contains('.');
    if jwt || begins(word, "hvs.") {
        shown.push_str(GONE);
        return;
    }
    for (at, part) in word.split('.').enumerate() {
        if at > 0 {
            shown.push('.');
        }
        match secret_from(part) {
            Some(start) => {
                shown.push_str(&part[..start]);
                shown.push_str(GONE);
            }
            None => shown.push_str(part),
        }
    }
}

/// Where a secret begins in a word without dots: at its start, or at a prefix behind `-` or `_`.
fn secret_from(word: &str) -> Option<usize> {
    if is_cloudflare(word) || is_aws(word) {
        return Some(0);
    }
    let starts = word.match_indices(['-', '_']).map(|(at, _)| at + 1);
    std::iter::once(0)
        .chain(starts)
        .find(|start| PREFIXES.iter().any(|prefix| begins(&word[*start..], prefix)))
}

fn begins(word: &str, prefix: &str) -> bool {
    word.strip_prefix(prefix).is_some_and(|rest| {
        // `K10` and `npm_` are short: only a long rest makes them tokens.
        let long = if prefix.len() < 4 { 2 * AFTER_PREFIX } else { AFTER_PREFIX };
        rest.len() >= long && rest.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    })
}

fn is_aws(word: &str) -> bool {
    word.len() == AWS
        && (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Both cases, and a digit or more changes of case than words have.
fn is_random(word: &str) -> bool {
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    let letters: Vec<bool> =
        word.bytes().filter(u8::is_ascii_alphabetic).map(|b| b.is_ascii_uppercase()).collect();
    let changes = letters.windows(2).filter(|pair| pair[0] != pair[1]).count();
    has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && (has(u8::is_ascii_digit) || changes >= CASES)
}

fn is_of_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}
