//! Names that are checked once, when they are read, and trusted afterwards; and how names lie to each other.

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
        is_within(&self.0, &parent.0)
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
pub fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_word(text)
}

/// Lower-case letters, digits and hyphens, and no hyphen at its ends.
fn is_word(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Whether `text` can be the name of most objects of Kubernetes, Secrets among them (Kubernetes docs, "Object Names and IDs":
/// a DNS subdomain name, whose labels may be longer than those of DNS).
pub fn is_object_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_word)
}

/// The Secret that holds the certificate of `name`.
pub fn tls_secret(name: &str) -> String {
    format!("{name}-tls")
}

/// The Secret that holds those who may open the service `name`, with their passwords' hashes.
pub fn users_secret(name: &str) -> String {
    format!("{name}-users")
}

/// The ConfigMap with the header by which browsers keep to HTTPS for the service `name`, or are told to forget it. Each has a name
/// of its own: what changes in one is not read by every controller (see `CUSTOM_HEADERS` of the controllers).
pub fn hsts_map(name: &str, keeps: bool) -> String {
    format!("{name}-hsts{}", if keeps { "" } else { "-off" })
}

/// A name and what stands behind its dots, longest first: the zones that it can be in, and where CAA records for it are looked
/// for. A server of one's own may have a zone of one label, such as `lan`.
#[must_use]
pub fn endings(name: &str) -> Vec<String> {
    let name = without_wildcard(name.trim_end_matches('.')).to_ascii_lowercase();
    let behind =
        name.match_indices('.').filter_map(|(at, _)| name.get(at + 1..)).map(str::to_owned).collect();
    [vec![name.clone()], behind].concat()
}

/// Whether a name is the zone's own or lies below it. Case does not count (RFC 4343).
#[must_use]
pub fn is_within(name: &str, zone: &str) -> bool {
    let (name, zone) = (name.to_ascii_lowercase(), zone.to_ascii_lowercase());
    name.strip_suffix(&zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether `name`, as certificates and Ingresses have it, is for `host`: it is the same, or a wildcard whose `*` stands for
/// the host's first label and no more (RFC 6125 section 6.4.3). Case does not count.
#[must_use]
pub fn covers(name: &str, host: &str) -> bool {
    let parent = || host.split_once('.').map(|(_, rest)| rest);
    let wildcard = || Some(name.strip_prefix("*.")?.eq_ignore_ascii_case(parent()?));
    name.eq_ignore_ascii_case(host) || wildcard().unwrap_or(false)
}

/// The name that a wildcard stands below; any other name as it is.
#[must_use]
pub fn without_wildcard(host: &str) -> &str {
    host.strip_prefix("*.").unwrap_or(host)
}

/// The first label of the names of challenges (RFC 8555, section 8.4).
pub const CHALLENGE: &str = "_acme-challenge";

/// Where an ACME server looks for the proof that a name is yours, whether it is a wildcard or not (RFC 8555, section 8.4).
#[must_use]
pub fn challenge_name(name: &str) -> String {
    format!("{CHALLENGE}.{}", without_wildcard(name))
}

/// The name that a challenge is for, by the name that it is met at; `None` for any other name.
#[must_use]
pub fn behind_challenge(name: &str) -> Option<&str> {
    name.strip_prefix(CHALLENGE)?.strip_prefix('.')
}

/// The name to look a host up by: a wildcard stands for any name, so one is chosen.
#[must_use]
pub fn probe_name(host: &str) -> String {
    match host.strip_prefix("*.") {
        Some(rest) => format!("homelab-check.{rest}"),
        None => host.to_owned(),
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
    fn every_name_above_a_host_is_an_ending_of_it() {
        assert_eq!(endings("A.b.c."), ["a.b.c", "b.c", "c"]);
        assert_eq!(endings("*.b.c"), ["b.c", "c"]);
        assert!(is_within("a.b.c", "b.c") && is_within("b.c", "b.c") && !is_within("xb.c", "b.c"));
    }

    #[test]
    fn a_wildcard_covers_one_label_and_not_the_apex() {
        assert!(covers("*.example.com", "a.example.com") && covers("*.example.com", "*.example.com"));
        assert!(!covers("*.example.com", "example.com") && !covers("*.example.com", "a.b.example.com"));
    }

    #[test]
    fn names_are_compared_without_case() {
        assert!(covers("Nas.Example.com", "nas.example.com") && is_within("a.Example.com", "example.COM"));
    }
}
