//! Secrets that are known by what stands around them: PEM keys, credentials in a URL, headers.

use super::GONE;

/// What a private key in PEM ends its first line with (RFC 7468).
const PRIVATE: &str = "PRIVATE KEY";
/// `-----BEGIN` in base64, as kubeconfigs and Secrets have it.
const ENCODED: &str = "LS0tLS1CRUdJT";

/// `text` without them.
pub(super) fn hide(text: &str) -> String {
    let text = pem(text);
    let text = encoded(&text);
    let text = user_info(&text);
    headers(&text)
}

/// A private key, from its first line to the end of its last, or of the text.
fn pem(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        let (before, from) = rest.split_at(start);
        let head = &from["-----BEGIN ".len()..];
        let label = head.split("-----").next().unwrap_or_default();
        let (kept, left) = if label.len() < 64 && label.contains(PRIVATE) {
            let end = from.find("-----END ").and_then(|end| {
                let tail = &from[end + "-----END ".len()..];
                Some(from.len() - tail.len() + tail.find("-----")? + "-----".len())
            });
            (GONE, &from[end.unwrap_or(from.len())..])
        } else {
            ("-----BEGIN ", head)
        };
        shown.push_str(before);
        shown.push_str(kept);
        rest = left;
    }
    shown + rest
}

/// The same in base64.
fn encoded(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(ENCODED) {
        let end = rest[start..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)))
            .map_or(rest.len(), |end| start + end);
        shown.push_str(&rest[..start]);
        shown.push_str(GONE);
        rest = &rest[end..];
    }
    shown + rest
}

/// `scheme://user:password@host` without who asks (RFC 3986, 3.2.1); a user alone can be a token.
fn user_info(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, authority) = rest.split_at(start + 3);
        let end = authority
            .find(|c: char| c.is_whitespace() || "/?#\"'`<>\\".contains(c))
            .unwrap_or(authority.len());
        shown.push_str(before);
        // A password may hold an `@` itself, and what is badly written also a `/`.
        rest = match authority[..end].rfind('@') {
            Some(at) => {
                shown.push_str(GONE);
                &authority[at..]
            }
            None => authority,
        };
    }
    shown + rest
}

/// What follows the name of a scheme in `Authorization`, and the cookies of a `Cookie` line.
fn headers(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((start, end)) = next(&lower, at) {
        shown.push_str(&text[at..start]);
        shown.push_str(GONE);
        at = end;
    }
    shown.push_str(&text[at..]);
    shown
}

/// The first thing to hide from `at` on.
fn next(lower: &str, at: usize) -> Option<(usize, usize)> {
    let schemes = ["bearer ", "basic ", "digest ", "negotiate "].map(|scheme| (scheme, true));
    let cookies = ["cookie: ", "cookie:", "cookie2: "].map(|name| (name, false));
    let found = schemes.into_iter().chain(cookies).filter_map(|(name, scheme)| {
        let mut from = at;
        loop {
            let found = from + lower.get(from..)?.find(name)?;
            let start = found + name.len();
            let value = &lower[start..];
            let length = if scheme { credentials(name, value) } else { cookie(value) };
            let word = !lower[..found].ends_with(|c: char| c.is_ascii_alphanumeric());
            if length > 0 && word && !value.starts_with(GONE) {
                return Some((start, start + length));
            }
            from = start;
        }
    });
    found.min()
}

/// How long the credentials are. `Basic` and `Digest` are words of English too: what follows must not look like one.
fn credentials(scheme: &str, value: &str) -> usize {
    let end = value.find(|c: char| c.is_whitespace() || "\"'`<>\\,;".contains(c)).unwrap_or(value.len());
    let word = &value[..end];
    let odd = word.len() >= 8 && word.contains(|c: char| c.is_ascii_digit() || c == '=');
    match scheme {
        "bearer " => end,
        "digest " if word.contains('=') => value.find('\n').unwrap_or(value.len()),
        _ if odd => end,
        _ => 0,
    }
}

/// How long the cookies are: `name=value`, to the end of the line or of the quotation.
fn cookie(value: &str) -> usize {
    let end = line(value);
    if value[..end].contains('=') { end } else { 0 }
}

fn line(value: &str) -> usize {
    value.find(['\n', '"', '\'', '`', '\\', '<']).unwrap_or(value.len())
}
