//! Secrets that are known by what stands around them: PEM keys, credentials in a URL, headers.

use crate::outside::GONE;

/// What a private key in PEM ends its first line with (RFC 7468).
const PRIVATE: &str = "PRIVATE KEY";
/// `-----BEGIN` in base64, as kubeconfigs and Secrets have it.
const ENCODED: &str = "LS0tLS1CRUdJT";
/// Whole lines of base64 in PEM have 64 characters, in older files fewer.
const BASE64_LINE: usize = 40;

/// `text` without them.
pub(super) fn hide(text: &str) -> String {
    let text = without_begin(&pem(text));
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

/// The lines of a private key whose first line was cut off.
fn without_begin(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("-----END ") {
        let (before, from) = rest.split_at(start);
        let tail = &from["-----END ".len()..];
        let label = tail.split("-----").next().unwrap_or_default();
        let private = label.len() < 64 && label.contains(PRIVATE);
        shown.push_str(&if private { without_base64(before) } else { before.to_owned() });
        shown.push_str("-----END ");
        rest = tail;
    }
    shown + rest
}

/// `text` without the base64 in which its last lines end, be it real lines or `\n` in a quotation. The last one of a key is
/// shorter, and where each line has a prefix, that of the line of `END` comes before it.
fn without_base64(text: &str) -> String {
    let mut tail = String::new();
    let mut rest = text;
    for number in 0.. {
        let body = trimmed(rest);
        let start = body.rfind('\n').map(|at| at + 1).max(body.rfind("\\n").map(|at| at + 2)).unwrap_or(0);
        let line = &body[start..];
        let word = line.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "+/=".contains(c)).len();
        let shortest = if number < 2 { 1 } else { BASE64_LINE };
        if line.len() - word < shortest {
            break;
        }
        tail = format!("{}{GONE}{}{tail}", &line[..word], &rest[body.len()..]);
        rest = &rest[..start];
    }
    rest.to_owned() + &tail
}

/// Without the ends of lines at its end.
fn trimmed(text: &str) -> &str {
    let mut text = text;
    loop {
        let shorter = text.trim_end();
        let shorter = shorter.strip_suffix("\\n").or_else(|| shorter.strip_suffix("\\r")).unwrap_or(shorter);
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
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
        let until = |signs: &str| {
            let ends = |c: char| c.is_whitespace() || signs.contains(c);
            authority.find(ends).unwrap_or(authority.len())
        };
        let end = match until("/?#\"'`<>\\") {
            end if is_cut(&authority[..end]) => until("\"'`<>\\"),
            end => end,
        };
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

/// Whether it ends in the midst of a password: what follows the first `:` is no port, and the host is no address of IPv6.
fn is_cut(authority: &str) -> bool {
    let port = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    !authority.contains('@')
        && !authority.starts_with('[')
        && authority.split_once(':').is_some_and(|(_, rest)| !port(rest))
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
    let schemes =
        ["bearer ", "basic ", "digest ", "negotiate ", "token ", "apikey "].map(|scheme| (scheme, true));
    let cookies = ["cookie: ", "cookie:", "cookie2: "].map(|name| (name, false));
    let found = schemes.into_iter().chain(cookies).filter_map(|(name, scheme)| {
        let mut from = at;
        loop {
            let found = from + lower.get(from..)?.find(name)?;
            let start = found + name.len();
            let value = &lower[start..];
            let length = if scheme { credentials(name, value) } else { cookie(value) };
            let word = match name {
                "token " | "apikey " => is_authorization(&lower[..found]),
                _ => begins_a_word(&lower[..found]),
            };
            if length > 0 && word && !value.starts_with(GONE) {
                return Some((start, start + length));
            }
            from = start;
        }
    });
    found.min()
}

/// Whether a header's name stands right before it: these two are words of sentences.
fn is_authorization(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '"', '\'', '\\']);
    let name = before.strip_suffix([':', '=']).unwrap_or_default();
    name.trim_end_matches([' ', '"', '\'', '\\']).ends_with("authorization")
}

/// Whether no letter stands before it, but for that of an escape.
fn begins_a_word(before: &str) -> bool {
    let escape = ["\\n", "\\r", "\\t"].iter().any(|escape| before.ends_with(escape));
    escape || !before.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// How long the credentials are. `Basic` and `Digest` are words of English too: what follows must not look like one.
fn credentials(scheme: &str, value: &str) -> usize {
    let end = value.find(|c: char| c.is_whitespace() || "\"'`<>\\,;".contains(c)).unwrap_or(value.len());
    let word = &value[..end];
    let odd = word.len() >= 8 && word.contains(|c: char| c.is_ascii_digit() || c == '=');
    match scheme {
        "bearer " => end,
        // `authorization: token expired` is a sentence.
        "token " | "apikey " if word.contains(|c: char| c.is_ascii_digit()) || end >= 16 => end,
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
