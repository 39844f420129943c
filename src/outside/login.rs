//! Names with their passwords that are no part of a URL: `user:password@host`, `curl -u user:password`.

use crate::outside::GONE;

/// How one argument of curl ends where the name and the password begin (curl's manual, `-u`, `-U`).
const FLAGS: [&str; 7] = [" -u ", " -u", " --user ", " --user=", " -U ", " --proxy-user ", " --proxy-user="];
/// What stands before an address of mail, and is no name of a user.
const NO_NAMES: [&str; 2] = ["mailto", "acct"];

/// `text` without the passwords.
pub(super) fn hide(text: &str) -> String {
    let text = curl(text);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(parts).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match password(word) {
            Some((start, end)) => {
                shown.push_str(&word[..start]);
                shown.push_str(GONE);
                shown.push_str(&word[end..]);
            }
            None => shown.push_str(word),
        }
        let next = after.find(|c| !parts(c)).unwrap_or(after.len());
        shown.push_str(&after[..next]);
        rest = &after[next..];
    }
    shown
}

fn parts(c: char) -> bool {
    c.is_whitespace() || "\"'`<>".contains(c)
}

/// Where the password is in `user:password@host`: of Redis without a user, of Go's data source names before `tcp(` and
/// `unix(`. An image's digest (`name:tag@sha256:…`) is no host, and a URL is looked at elsewhere.
fn password(word: &str) -> Option<(usize, usize)> {
    let at = word.rfind('@')?;
    let (before, host) = (&word[..at], &word[at + 1..]);
    let digest = host.starts_with("sha256:") || host.starts_with("sha512:");
    let colon = before.find(':')?;
    let (name, value) = (&before[..colon], &before[colon + 1..]);
    let driver = host.starts_with("tcp(") || host.starts_with("unix(");
    let path = value.starts_with("//") || (value.contains('/') && !driver);
    let no_host = !host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    let none = value.is_empty() || value == GONE || NO_NAMES.contains(&name);
    (!digest && !path && !no_host && !none).then_some((colon + 1, at))
}

/// What follows the first `:` of curl's user.
fn curl(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| match line.find("curl ") {
        Some(start) => line[..start].to_owned() + &arguments(&line[start..]),
        None => line.to_owned(),
    });
    lines.collect()
}

fn arguments(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = FLAGS.iter().filter_map(|flag| Some(rest.find(flag)? + flag.len())).min() {
        let (before, from) = rest.split_at(start);
        shown.push_str(before);
        let open = from.len() - from.trim_start_matches(['\\', ' ']).len();
        let quote = from[open..].chars().next().filter(|c| matches!(c, '"' | '\''));
        let first = open + quote.map_or(0, char::len_utf8);
        let closes = |c: char| match quote {
            Some(quote) => c == quote || c == '\n',
            None => parts(c),
        };
        let end = from[first..].find(closes).map_or(from.len(), |end| first + end);
        rest = match from[first..end].find(':') {
            Some(colon) if first + colon + 1 < end => {
                shown.push_str(&from[..=first + colon]);
                shown.push_str(GONE);
                &from[end..]
            }
            _ => from,
        };
    }
    shown + rest
}
