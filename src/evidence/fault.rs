//! Why a DNS provider could not be asked, or said no.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::Transport;

/// A permission of a token, whatever it is called there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Whatever token it is.
    Any,
    /// Finding a zone by its name.
    ZoneRead,
    /// Reading records; the right to change includes it.
    DnsRead,
    /// Making and removing records.
    DnsEdit,
    /// Making, looking at and removing tunnels.
    Tunnels,
}

/// Why a provider could not be asked, or said no. What is said of it: `provider::message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// By its form the text is no token.
    Malformed {
        /// the provider's code for it.
        code: u32,
    },
    /// The token is wrong, revoked or rolled.
    InvalidToken,
    /// Somebody switched the token off.
    Disabled,
    /// The token's end is past.
    Expired {
        /// The token's end; `None` when it does not say.
        on: Option<Timestamp>,
    },
    /// The token's start is still to come.
    NotYetValid {
        /// The token's start.
        from: Timestamp,
    },
    /// The token may not be used from this address.
    Location {
        /// the provider's sentence, with the address in it, secrets taken out.
        said: String,
    },
    /// The token is good, but not for this call.
    MissingPermission {
        /// What the call needs.
        permission: Permission,
    },
    /// No ending of the domain is a zone that the token sees.
    NoZone {
        /// The names looked for, longest first.
        tried: Vec<String>,
        /// The zones that it does see; empty when there are none, or they could not be listed.
        sees: Vec<String>,
    },
    /// The token sees the zone, but its status is not `active`.
    ZoneNotActive {
        /// The domain of the zone.
        name: String,
        /// the provider's word for its state, for example `pending`.
        status: String,
        /// The name servers that the registrar should name; empty when it does not say.
        servers: Vec<String>,
    },
    /// There is more than one zone of the name, each with name servers of its own.
    SeveralZones {
        /// The domain of both.
        name: String,
        /// The provider's ids of them.
        ids: Vec<String>,
    },
    /// The zone is a copy of another server's, so that no change lasts.
    ReadOnly {
        /// The domain of the zone.
        name: String,
        /// the provider's word for such a zone, for example `Slave`.
        kind: String,
    },
    /// The server could do what is needed, and is not set up for it; or it is set up for another key.
    Unprepared {
        /// What is missing, as a statement.
        what: String,
        /// The step that sets it up; in the provider's own words.
        cure: String,
    },
    /// The server knows the key, and has another secret for it: what was signed does not fit.
    Signature,
    /// The clocks of both are too far apart for a signature.
    Clock {
        /// How many seconds the server is ahead of this machine; `None` when it did not say.
        ahead: Option<i64>,
    },
    /// Too many calls: HTTP 429.
    RateLimited {
        /// From the `Retry-After` header; `None` when it gives no seconds.
        retry_after: Option<Duration>,
    },
    /// The provider's own failure: HTTP 500 to 599.
    Server {
        /// The HTTP status code.
        status: u16,
    },
    /// No answer came, or not to its end.
    Transport {
        /// The host asked, or words for it before any was.
        host: String,
        /// What happened to the connection.
        cause: Transport,
    },
    /// Something else answered, such as a proxy or a login page.
    NotJson {
        /// The host asked.
        host: String,
        /// The HTTP status code.
        status: u16,
        /// The `Content-Type` of the answer, or `no content type`.
        kind: String,
    },
    /// Any other no, in the provider's words.
    Refused {
        /// The HTTP status code.
        status: u16,
        /// The provider's code, 0 when it gives none.
        code: u32,
        /// The provider's text, secrets taken out.
        message: String,
    },
    /// It said yes, but in another form than documented.
    Unexpected {
        /// What differs, in words.
        what: String,
    },
    /// The scratch record was made, and may still be in the zone.
    Leftover {
        /// The full name of the TXT record.
        name: String,
        /// Why it was not removed.
        cause: Box<Fault>,
    },
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
