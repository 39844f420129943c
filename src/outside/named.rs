//! Secrets that are known by the name they are given: `password=x`, `"apiKey": "x"`, `--token x`, `?key=x`.

use std::ops::Range;

use crate::outside::GONE;

/// How names end, without `-`, `_` and `.`, whose values are secret wherever they stand.
const STRONG: [&str; 22] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pwd",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "encryptionkey",
    "signingkey",
    "clientsecret",
    "secretaccesskey",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "sessiontoken",
    "apitoken",
    "credentials",
    "sessionid",
    "dbpass",
];
/// The same for words that stand in sentences, too: `the token: it was revoked`.
const WEAK: [&str; 8] =
    ["token", "secret", "auth", "authorization", "pass", "cookie", "credential", "signature"];
/// Parameters of a URL that are keys (RFC 3986, 3.4).
const IN_QUERY: [&str; 10] = ["key", "code", "sig", "sid", "pw", "auth", "k", "apikey", "pass", "session"];

/// How certain a name is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Strong,
    Weak,
}

/// `text` without such values.
pub(super) fn hide(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut shown = String::with_capacity(text.len());
    let (mut kept, mut at) = (0, 0);
    while at < bytes.len() {
        if !is_of_name(bytes[at]) {
            at += 1;
            continue;
        }
        let end = at + bytes[at..].iter().take_while(|b| is_of_name(**b)).count();
        let found = value(text, at..end).filter(|value| !value.is_empty());
        at = end;
        if let Some(value) = found.filter(|value| &text[value.clone()] != GONE) {
            shown.push_str(&text[kept..value.start]);
            shown.push_str(GONE);
            (kept, at) = (value.end, value.end);
        }
    }
    shown.push_str(&text[kept..]);
    shown
}

/// Whether the values of this name are secret wherever they stand, as keys of documents are.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    of(name, false).is_some()
}

/// Where the value to the name is that should be hidden.
fn value(text: &str, name: Range<usize>) -> Option<Range<usize>> {
    let query = text[..name.start].ends_with(['?', '&']);
    let (word, rest) = (&text[name.clone()], &text[name.end..]);
    let kind = of(word, query)?;
    let unquoted = rest.trim_start_matches('\\').trim_start_matches(['"', '\'']);
    let quoted = unquoted.len() < rest.len();
    let after = unquoted.trim_start_matches([' ', '\t']);
    if let Some(value) = after.strip_prefix("=>").or_else(|| after.strip_prefix('=')) {
        let range = range(text, value);
        let reference = kind == Name::Weak && is_reference(&text[range.clone()]);
        return (!reference && (kind == Name::Strong || unquoted.len() == after.len())).then_some(range);
    }
    if let Some(value) = after.strip_prefix(':') {
        let range = range(text, value);
        let value = &text[range.clone()];
        let sentence = kind == Name::Weak && !quoted && !looks_random(value);
        return (!sentence && !is_reference(value)).then_some(range);
    }
    let flag = word.starts_with('-') && !quoted && after.len() < unquoted.len();
    let range = range(text, after);
    (flag && !text[range.clone()].starts_with('-')).then_some(range)
}

/// The value at the start of `rest`, a tail of `text`: what is quoted, or up to the next space.
fn range(text: &str, rest: &str) -> Range<usize> {
    let rest = rest.trim_start_matches([' ', '\t']);
    let start = text.len() - rest.len();
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let quote = rest[slashes..].chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let open = slashes + 1;
        let close = format!("{}{quote}", &rest[..slashes]);
        let end = rest[open..].find(&close).map_or(rest.len(), |end| open + end);
        return start + open..start + end;
    }
    let end = rest.find(|c: char| c.is_whitespace() || "\"'`&<>\\".contains(c)).unwrap_or(rest.len());
    // What closes a list or a sentence is no part of the value.
    let end = rest[..end].trim_end_matches([',', ';', ')', ']', '}']).len();
    start..start + end
}

fn of(name: &str, query: bool) -> Option<Name> {
    let word: String =
        name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| char::from(b.to_ascii_lowercase())).collect();
    // `_KEY` and `-key` are the key of something; `key` alone is a word of every log.
    let key = word.len() > 3 && (name.ends_with("_KEY") || name.ends_with("-key") || name.ends_with("_key"));
    if STRONG.iter().any(|end| word.ends_with(end)) || key || (query && IN_QUERY.contains(&word.as_str())) {
        return Some(Name::Strong);
    }
    WEAK.iter().any(|end| word.ends_with(end)).then_some(Name::Weak)
}

/// Whether a value cannot be a word of a sentence.
fn looks_random(value: &str) -> bool {
    let has = |of: fn(&u8) -> bool| value.as_bytes().iter().any(of);
    let cases = has(u8::is_ascii_lowercase) && value.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    value.len() >= 6 && (has(u8::is_ascii_digit) || cases || value.len() >= 24)
}

/// `namespace/name`, as objects of Kubernetes are named: it tells where a secret lies, not what it is.
fn is_reference(value: &str) -> bool {
    let label = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
    };
    value.split_once('/').is_some_and(|(namespace, name)| label(namespace) && label(name))
}

fn is_of_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
}
