//! An answer over HTTP.

use serde::Serialize;

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// 80 or 443.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HttpAnswer {
    /// The HTTP status code.
    pub status: u16,
    /// The `Server` header; `None` when there is none.
    pub server: Option<String>,
    /// The `Content-Type` header; `None` when there is none.
    pub content_type: Option<String>,
    /// The `Location` header, where a redirect leads; `None` when there is none.
    pub location: Option<String>,
    /// Of a redirect, the pages of the circle that it leads into, without their queries; none when it leads out. `None` when it
    /// was not followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<Vec<String>>,
    /// The first 4 KiB, as text.
    pub body: String,
}
