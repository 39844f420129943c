//! TXT content: quotes, escapes, and strings of at most 255 bytes.

/// The longest character-string of a TXT record (RFC 1035, 3.3).
const LONGEST: usize = 255;

/// The character-strings that a content stands for.
///
/// Cloudflare keeps the content as it was given, and serves it without the quotes: `"a" "b"` is two strings,
/// `a b` is one. What is longer than 255 bytes is split.
pub(crate) fn strings_of(content: &str) -> Vec<Vec<u8>> {
    let trimmed = content.trim();
    let strings = if trimmed.starts_with('"') { quoted(trimmed) } else { vec![content.as_bytes().to_vec()] };
    strings.iter().flat_map(|string| split(string)).collect()
}

fn split(string: &[u8]) -> Vec<Vec<u8>> {
    if string.is_empty() { vec![Vec::new()] } else { string.chunks(LONGEST).map(<[u8]>::to_vec).collect() }
}

/// Quoted strings in a row, with `\"`, `\\` and `\DDD` inside (RFC 1035, 5.1). A missing last quote is forgiven.
fn quoted(text: &str) -> Vec<Vec<u8>> {
    let (mut strings, mut inside) = (Vec::new(), None::<Vec<u8>>);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (&mut inside, byte) {
            (None, b'"') => inside = Some(Vec::new()),
            (None, _) => {}
            (Some(_), b'"') => strings.extend(inside.take()),
            (Some(string), b'\\') => string.extend(escaped(&mut bytes)),
            (Some(string), other) => string.push(other),
        }
    }
    strings.extend(inside);
    strings
}

fn escaped(bytes: &mut std::str::Bytes<'_>) -> Option<u8> {
    let first = bytes.next()?;
    let digits: Vec<u8> = std::iter::once(first).chain(bytes.clone().take(2)).collect();
    let number = std::str::from_utf8(&digits).ok().filter(|text| text.len() == 3);
    match number.and_then(|text| text.parse::<u8>().ok()) {
        Some(value) => {
            bytes.nth(1);
            Some(value)
        }
        None => Some(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(content: &str) -> Vec<String> {
        strings_of(content).into_iter().map(|s| String::from_utf8(s).unwrap()).collect()
    }

    #[test]
    fn quotes_are_taken_off() {
        assert_eq!(strings("\"heritage=external-dns\""), ["heritage=external-dns"]);
        assert_eq!(strings("plain words"), ["plain words"]);
        assert_eq!(strings("\"one\" \"two\""), ["one", "two"]);
        assert_eq!(strings("\"\""), [""]);
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(strings(r#""say \"hi\" \\ \065""#), ["say \"hi\" \\ A"]);
    }

    #[test]
    fn long_text_is_split_after_255_bytes() {
        let lengths: Vec<usize> = strings_of(&"x".repeat(600)).iter().map(Vec::len).collect();
        assert_eq!(lengths, [255, 255, 90]);
    }
}
