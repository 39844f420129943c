//! A secret that cannot be printed by accident, and the shape that a token must have to be sent at all.

use std::fmt;

use serde::Serialize;

/// An API token. `Debug` and `Display` show `***`; only [`Secret::expose`] gives the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the content of a file or variable: white space around it is dropped, anything else that cannot be
    /// sent as a token is refused before it travels.
    pub fn new(raw: &str) -> Result<Self, SecretError> {
        let token = raw.trim().trim_start_matches('\u{feff}');
        if token.is_empty() {
            return Err(SecretError::Empty);
        }
        if token.len() >= 7 && token.is_char_boundary(7) && token[..7].eq_ignore_ascii_case("bearer ") {
            return Err(SecretError::BearerPrefix);
        }
        if token.contains(['"', '\'', '`']) {
            return Err(SecretError::Quotes);
        }
        if token.lines().count() > 1 {
            return Err(SecretError::SeveralLines);
        }
        if token.contains(char::is_whitespace) {
            return Err(SecretError::WhiteSpace);
        }
        if !token.chars().all(|c| c.is_ascii_graphic()) {
            return Err(SecretError::Characters);
        }
        if token.contains('=') {
            return Err(SecretError::Assignment);
        }
        Ok(Self(token.to_owned()))
    }

    /// Takes a text that need not have the shape of a token: printable ASCII without white space and quotes. White space around
    /// it is dropped.
    ///
    /// # Errors
    /// What it has in it that it must not.
    pub fn word(raw: &str) -> Result<Self, SecretError> {
        let word = raw.trim();
        match word {
            "" => Err(SecretError::Empty),
            word if word.contains(['"', '\'', '`']) => Err(SecretError::Quotes),
            word if word.contains(char::is_whitespace) => Err(SecretError::WhiteSpace),
            word if !word.chars().all(|c| c.is_ascii_graphic()) => Err(SecretError::Characters),
            word => Ok(Self(word.to_owned())),
        }
    }

    /// Takes an address that may be a secret itself, such as that of a hook. White space around it is dropped.
    ///
    /// # Errors
    /// When it names no host, or neither `http` nor `https`; in words, without the address.
    pub fn url(raw: &str) -> Result<Self, &'static str> {
        let url = raw.trim();
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match rest {
            Some(rest)
                if !rest.is_empty() && !rest.starts_with('/') && !url.contains(char::is_whitespace) =>
            {
                Ok(Self(url.to_owned()))
            }
            _ if url.is_empty() => Err("there is no address"),
            _ => Err("the address must begin with `https://` or `http://`, and name a host"),
        }
    }

    /// The value itself: for what goes over the wire, nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Replaces the secret in a text that came from elsewhere, should it be in there.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why a text cannot be an API token. The text itself is never in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum SecretError {
    /// Nothing but white space.
    #[error("the API token is empty")]
    Empty,
    /// The header's `Bearer ` was copied with it.
    #[error("the API token begins with `Bearer `")]
    BearerPrefix,
    /// A quote or backtick is in it.
    #[error("the API token has quotes in it")]
    Quotes,
    /// There are other lines too, such as comments.
    #[error("the API token has more than one line")]
    SeveralLines,
    /// A space or tab stands in the middle.
    #[error("the API token has white space in it")]
    WhiteSpace,
    /// Something other than printable ASCII is in it.
    #[error("the API token has characters that no token has")]
    Characters,
    /// It is a line `NAME=token`, as files of environment variables have them; no token has a `=`.
    #[error("the API token has a `=` in it, as a line `NAME=token` of an environment file")]
    Assignment,
    /// What else a provider finds wrong with it, in its own words.
    #[error("{0}")]
    Other(&'static str),
}

impl SecretError {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => {
                "put the token into the file or variable that `dns.tokenFile` or the environment names"
            }
            Self::BearerPrefix => "keep only what stands after `Bearer `",
            Self::Quotes => "write the token without quotes, for example with `printf %s TOKEN > FILE`",
            Self::SeveralLines => "keep one line with the token and nothing else, no comments and no `KEY=`",
            Self::WhiteSpace => "copy the token again, without the spaces",
            Self::Assignment => "keep only what stands after the `=`",
            Self::Characters => "copy the token again, in plain text",
            Self::Other(_) => "write it again as the provider gave it out",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let token = Secret::new("abcDEF_123-ghi").unwrap();
        assert_eq!(format!("{token} {token:?} {:?}", Some(&token)), "*** *** Some(***)");
        assert_eq!(token.expose(), "abcDEF_123-ghi");
        assert_eq!(token.redact("bad abcDEF_123-ghi!"), "bad ***!");
    }

    #[test]
    fn an_address_is_taken_whole_or_not_at_all_and_never_printed() {
        let url = Secret::url(" https://ntfy.sh/a?b=c\n").unwrap();
        assert_eq!((url.expose(), url.to_string().as_str()), ("https://ntfy.sh/a?b=c", "***"));
        for raw in ["", "ntfy.sh/s3cret", "https:///s3cret", "https://a/ s3cret", "ftp://s3cret"] {
            assert!(!Secret::url(raw).unwrap_err().contains("s3cret"));
        }
    }

    #[test]
    fn a_word_may_be_base64_and_is_one_word() {
        assert_eq!(Secret::word(" a+b/c==\n").map(|word| word.expose().to_owned()), Ok("a+b/c==".to_owned()));
        for (raw, wanted) in
            [("\n", SecretError::Empty), ("a b", SecretError::WhiteSpace), ("'a'", SecretError::Quotes)]
        {
            assert_eq!(Secret::word(raw), Err(wanted));
        }
    }

    #[test]
    fn white_space_around_a_token_is_dropped() {
        assert_eq!(Secret::new("  tok-1\r\n").unwrap().expose(), "tok-1");
    }

    #[test]
    fn each_bad_shape_has_its_own_error() {
        let cases = [
            ("", SecretError::Empty),
            (" \n", SecretError::Empty),
            ("Bearer abc", SecretError::BearerPrefix),
            ("bearer abc", SecretError::BearerPrefix),
            ("\"abc\"", SecretError::Quotes),
            ("abc\ndef", SecretError::SeveralLines),
            ("abc def", SecretError::WhiteSpace),
            ("abc\u{e9}", SecretError::Characters),
            ("DNS_TOKEN=abc", SecretError::Assignment),
        ];
        for (raw, wanted) in cases {
            assert_eq!(Secret::new(raw).unwrap_err(), wanted, "{raw:?}");
            assert!(!wanted.hint().is_empty());
        }
    }
}
