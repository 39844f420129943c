//! Values of the file that are checked once, when they are read: an e-mail address, a length of time, one word of several.

use crate::facts::names::Host;

/// An e-mail address that Let's Encrypt takes: one `@`, a domain that is not reserved for examples
/// (Let's Encrypt refuses `example.com`, `.net` and `.org` with `invalidContact`).
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn email(text: &str) -> Result<String, String> {
    let (user, domain) = text.split_once('@').ok_or_else(|| format!("`{text}` is not an e-mail address"))?;
    if user.is_empty() || user.contains(char::is_whitespace) {
        return Err(format!("`{text}` is not an e-mail address"));
    }
    let domain = Host::parse(domain).map_err(|_| format!("`{text}` is not an e-mail address"))?;
    if ["example.com", "example.net", "example.org"].contains(&domain.as_str()) {
        return Err(format!("`{text}` is an example; Let's Encrypt refuses it, write your own address"));
    }
    Ok(text.to_owned())
}

/// The longest length of time that is taken, in seconds: a day. Nothing that is waited for here takes longer.
const LONGEST: u64 = 86_400;

/// A length of time as people write it: `90s`, `5m`, `2h`.
///
/// # Errors
/// Says which forms are taken, or that it is longer than a day.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || format!("`{text}` is not a length of time such as `90s`, `5m` or `2h`");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    if number.is_empty() {
        return Err(wrong());
    }
    // A number that is too large to be read is too long as well.
    match number.parse().unwrap_or(u64::MAX).saturating_mul(seconds) {
        length @ 0..=LONGEST => Ok(std::time::Duration::from_secs(length)),
        _ => Err(format!("`{text}` is longer than a day (`24h`), the maximum")),
    }
}

/// The one of `all` whose word stands there; `what` they are.
///
/// # Errors
/// Says which words are known.
pub(super) fn known<T: Copy>(
    what: &str,
    all: &[T],
    word: impl Fn(T) -> &'static str,
    text: &str,
) -> Result<T, String> {
    all.iter().copied().find(|one| word(*one) == text).ok_or_else(|| {
        let words: Vec<String> = all.iter().map(|one| format!("`{}`", word(*one))).collect();
        let verb = if words.len() == 1 { "is" } else { "are" };
        format!("`{text}` is not a {what} that homelab knows; {} {verb}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_encrypts_reserved_addresses_are_refused() {
        assert!(email("you@example.com").unwrap_err().contains("refuses it"));
        assert_eq!(email("ada@lovelace.dev").unwrap(), "ada@lovelace.dev");
    }

    #[test]
    fn a_length_of_time_needs_a_unit() {
        assert_eq!(duration("5m").unwrap().as_secs(), 300);
        assert!(duration("5").is_err());
        assert!(duration("5d").is_err());
        assert!(duration("s").is_err());
    }

    #[test]
    fn a_length_of_time_ends_at_a_day() {
        assert_eq!(duration("24h").unwrap().as_secs(), LONGEST);
        for text in [
            "25h",
            "9999999999999999h",
            "5124095576030431h",
            "18446744073709551615s",
            "99999999999999999999m",
        ] {
            let why = duration(text).unwrap_err();
            assert!(why.contains("longer than a day"), "{why}");
        }
    }
}
