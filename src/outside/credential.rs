//! Words that are secrets by their shape alone.

use crate::facts::providers::Provider;
use crate::facts::shape::begins;
use crate::outside::GONE;

/// How tokens of programs that people run at home begin, DNS providers' aside ([`Provider::facts`]). Sources: the token formats
/// of GitHub, GitLab, Slack, Stripe, Docker, npm, Tailscale, Vault, age; docs.k3s.io, "Token" (`K10`).
const PREFIXES: [&str; 16] = [
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
/// The shortest JSON Web Token that says anything.
const JWT: usize = 24;
/// The length of an access key id of AWS.
const AWS: usize = 20;

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
    if Provider::is_any_credential(word) || is_aws(word) {
        return Some(0);
    }
    let starts = word.match_indices(['-', '_']).map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).find(|start| is_begun(&word[*start..]))
}

fn is_begun(word: &str) -> bool {
    PREFIXES.iter().any(|prefix| begins(word, prefix))
        || Provider::credentials().any(|credential| credential.is_begun_by(word))
}

fn is_aws(word: &str) -> bool {
    word.len() == AWS
        && (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}
