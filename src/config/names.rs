//! Names that are checked once, when they are read, and trusted afterwards.

use std::fmt;

use serde::Serialize;

/// A DNS name in lower case, without a final dot: a host, a domain or a zone (RFC 1123).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Host(String);

impl Host {
    /// Checks `text` and takes it in lower case.
    ///
    /// # Errors
    /// Says which rule the name breaks.
    pub fn parse(text: &str) -> Result<Self, String> {
        let given = text.trim_end_matches('.');
        let name = given.to_ascii_lowercase();
        if name.len() > 253 {
            return Err("a DNS name has at most 253 characters".to_owned());
        }
        if !name.is_ascii() {
            return Err(format!("`{text}` has characters beyond ASCII; write its punycode form (`xn--...`)"));
        }
        if name.contains("://") || name.contains('/') {
            return Err(format!("`{text}` is not a host name; leave out `https://` and the path"));
        }
        if name.parse::<std::net::IpAddr>().is_ok() {
            return Err(format!("`{text}` is an address; a DNS name is needed here"));
        }
        // Quoted as it was given: in lower case, a token is not known as one.
        if let Some(label) = given.split('.').find(|label| !is_label(&label.to_ascii_lowercase())) {
            return Err(format!(
                "`{text}` is not a DNS name: `{label}` must be 1 to 63 letters, digits or hyphens, and begin and end with a letter or digit"
            ));
        }
        if !name.contains('.') {
            return Err(format!("`{text}` has no dot; a full name such as `home.example.com` is needed"));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this name is `parent` or lies below it.
    pub fn is_within(&self, parent: &Self) -> bool {
        self.0 == parent.0 || self.0.strip_suffix(&parent.0).is_some_and(|rest| rest.ends_with('.'))
    }

    /// The name `label` below this one; `label` must be a DNS label.
    #[must_use]
    pub fn child(&self, label: &str) -> Self {
        Self(format!("{label}.{}", self.0))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is a DNS label as Kubernetes takes it for names of Services and namespaces (RFC 1123, lower case).
pub(super) fn is_label(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (1..=63).contains(&text.len())
        && edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

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
        _ => Err(format!("`{text}` is longer than a day (`24h`), the longest that is taken")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_taken_in_lower_case_and_without_its_final_dot() {
        assert_eq!(Host::parse("Home.Example.COM.").unwrap().as_str(), "home.example.com");
    }

    #[test]
    fn a_host_with_a_scheme_an_address_or_an_underscore_is_refused_with_the_reason() {
        assert!(Host::parse("https://a.example.com").unwrap_err().contains("leave out `https://`"));
        assert!(Host::parse("192.168.1.5").unwrap_err().contains("is an address"));
        assert!(Host::parse("a_b.example.com").unwrap_err().contains("`a_b`"));
        assert!(Host::parse("localhost").unwrap_err().contains("no dot"));
    }

    #[test]
    fn a_token_in_place_of_a_host_is_quoted_in_no_case() {
        let token = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM";
        for text in [token.to_owned(), format!("{token}."), format!("{token}.example.com")] {
            let told = crate::outside::lines(&Host::parse(&text).unwrap_err()).to_lowercase();
            assert!(told.contains("must be 1 to 63") && !told.contains(&token.to_lowercase()), "{told}");
        }
    }

    #[test]
    fn a_name_is_within_its_zone_but_a_longer_word_is_not() {
        let zone = Host::parse("example.com").unwrap();
        assert!(Host::parse("a.example.com").unwrap().is_within(&zone));
        assert!(zone.is_within(&zone));
        assert!(!Host::parse("notexample.com").unwrap().is_within(&zone));
    }

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
