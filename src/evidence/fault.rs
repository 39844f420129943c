//! Why a DNS provider could not be asked, or said no.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::Transport;

/// A permission of a token, in the dashboard's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Whatever token it is.
    Any,
    /// Finding a zone by its name.
    ZoneRead,
    /// Reading records; `DNS → Edit` includes it.
    DnsRead,
    /// Making and removing records.
    DnsEdit,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any | Self::ZoneRead => "Zone → Zone → Read",
            Self::DnsRead | Self::DnsEdit => "Zone → DNS → Edit",
        })
    }
}

/// Why Cloudflare could not be asked or said no. The token is in none of the messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// By its form the text is no token.
    #[error("Cloudflare cannot read the API token: it is malformed (code {code})")]
    Malformed {
        /// Cloudflare's error code for it.
        code: u32,
    },
    /// The token is wrong, revoked or rolled; `user/tokens/verify` says so of an account's token too.
    #[error("Cloudflare does not know the API token: it is wrong, or was revoked or rolled")]
    InvalidToken,
    /// Somebody switched the token off in the dashboard.
    #[error("the API token is disabled")]
    Disabled,
    /// The token's end is past.
    #[error("the API token has expired{}", since(*.on))]
    Expired {
        /// The token's end; `None` when Cloudflare does not say.
        on: Option<Timestamp>,
    },
    /// The token's start is still to come.
    #[error("the API token is valid only from {from}")]
    NotYetValid {
        /// The token's start.
        from: Timestamp,
    },
    /// The token's Client IP Address Filtering shuts this address out.
    #[error("the API token may not be used from this address: {said}")]
    Location {
        /// Cloudflare's sentence, with the address in it, secrets taken out.
        said: String,
    },
    /// The token is good, but not for this call.
    #[error("the API token lacks the permission {permission}")]
    MissingPermission {
        /// What the call needs.
        permission: Permission,
    },
    /// No ending of the domain is a zone that the token sees.
    #[error("the API token sees no zone named {}{}", any_of(.tried), seen_instead(.sees))]
    NoZone {
        /// The names looked for, longest first.
        tried: Vec<String>,
        /// The zones that it does see; empty when there are none, or they could not be listed.
        sees: Vec<String>,
    },
    /// The token sees the zone, but its status is not `active`.
    #[error("the zone `{name}` is not active at Cloudflare but {status}")]
    ZoneNotActive {
        /// The domain of the zone.
        name: String,
        /// Cloudflare's word for its state, for example `pending`.
        status: String,
        /// The name servers that the registrar should name; empty when Cloudflare does not say.
        servers: Vec<String>,
    },
    /// Too many calls: HTTP 429.
    #[error("Cloudflare's rate limit is reached{}", again(*.retry_after))]
    RateLimited {
        /// From the `Retry-After` header; `None` when it gives no seconds.
        retry_after: Option<Duration>,
    },
    /// Cloudflare's own failure: HTTP 500 to 599.
    #[error("Cloudflare's API answers HTTP {status}")]
    Server {
        /// The HTTP status code.
        status: u16,
    },
    /// No answer came, or not to its end.
    #[error("cannot reach `{host}`: {cause}")]
    Transport {
        /// The host asked, or `the Cloudflare API` before any was.
        host: String,
        /// What happened to the connection.
        cause: Transport,
    },
    /// Something else answered, such as a proxy or a login page.
    #[error("`{host}` answers HTTP {status} with something that is not Cloudflare's API ({kind})")]
    NotJson {
        /// The host asked.
        host: String,
        /// The HTTP status code.
        status: u16,
        /// The `Content-Type` of the answer, or `no content type`.
        kind: String,
    },
    /// Any other no, in Cloudflare's words.
    #[error("Cloudflare refuses: {message} (HTTP {status}, code {code})")]
    Refused {
        /// The HTTP status code.
        status: u16,
        /// Cloudflare's error code, 0 when it gives none.
        code: u32,
        /// Cloudflare's text, secrets taken out.
        message: String,
    },
    /// Cloudflare said yes, but in another form than documented.
    #[error("Cloudflare's answer is not as documented: {what}")]
    Unexpected {
        /// What differs, in words.
        what: String,
    },
    /// The scratch record was made, and may still be in the zone.
    #[error("the scratch record `{name}` could not be removed again: {cause}")]
    Leftover {
        /// The full name of the TXT record.
        name: String,
        /// Why it was not removed.
        cause: Box<Fault>,
    },
}

fn since(date: Option<Timestamp>) -> String {
    date.map(|date| format!(" on {}", date.strftime("%F"))).unwrap_or_default()
}

fn again(after: Option<Duration>) -> String {
    after.map(|after| format!(", next try in {} s", after.as_secs())).unwrap_or_default()
}

pub(crate) fn any_of(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

fn seen_instead(zones: &[String]) -> String {
    match zones {
        [] => String::new(),
        some => format!("; it sees {}", any_of(some).replace(" or ", ", ")),
    }
}

impl Fault {
    /// Whether the same call may succeed later with nothing changed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Server { .. }
            | Self::Transport { .. }
            | Self::NotJson { .. } => true,
            Self::Leftover { cause, .. } => cause.is_transient(),
            _ => false,
        }
    }
}
