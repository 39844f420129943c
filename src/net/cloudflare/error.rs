//! What can go wrong with a token and a zone, each with its own message and its own next step.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use super::envelope::ApiError;
use crate::net::Transport;

/// "You cannot use this API for domains with a .cf, .ga, .gq, .ml, or .tk TLD", whatever the token may do.
pub const FREE_DOMAIN: u32 = 1038;
/// "Record quota exceeded."
pub const QUOTA: u32 = 81045;

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
pub enum Error {
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
        cause: Box<Error>,
    },
}

fn since(date: Option<Timestamp>) -> String {
    date.map(|date| format!(" on {}", date.strftime("%F"))).unwrap_or_default()
}

fn again(after: Option<Duration>) -> String {
    after.map(|after| format!(", next try in {} s", after.as_secs())).unwrap_or_default()
}

fn any_of(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

fn seen_instead(zones: &[String]) -> String {
    match zones {
        [] => String::new(),
        some => format!("; it sees {}", any_of(some).replace(" or ", ", ")),
    }
}

impl Error {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> String {
        const TOKENS: &str = "Cloudflare dashboard, My Profile, API Tokens";
        match self {
            Self::Malformed { .. } => {
                "write the token alone into its file, without quotes, `Bearer ` or line breaks; \
                 a Global API Key is not a token"
                    .into()
            }
            Self::InvalidToken => format!(
                "roll the token (the three dots behind it), or create a new one ({TOKENS}) with Zone → Zone → Read and Zone → DNS → Edit; it is shown only then"
            ),
            Self::Disabled => format!("enable it again: {TOKENS}, the three dots behind the token"),
            Self::Expired { .. } => format!("create or roll the token, with a later end or none: {TOKENS}"),
            Self::NotYetValid { .. } => format!("change its start date ({TOKENS}), or check this machine's clock"),
            Self::Location { .. } => {
                format!("edit the token's Client IP Address Filtering ({TOKENS}); remember IPv6")
            }
            Self::MissingPermission { permission } => {
                format!("edit the token ({TOKENS}) and add {permission} for your zone")
            }
            Self::NoZone { tried, .. } => format!(
                "edit the token ({TOKENS}): Zone Resources, Include, Specific zone, {}; the token itself stays the same. Or correct `domain`",
                any_of(tried.get(tried.len().saturating_sub(1)..).unwrap_or_default())
            ),
            Self::ZoneNotActive { servers, .. } if !servers.is_empty() => {
                format!("set the name servers at your registrar to {}", any_of(servers).replace(" or ", " and "))
            }
            Self::ZoneNotActive { .. } => "finish the setup of the zone in the Cloudflare dashboard".into(),
            Self::RateLimited { .. } => {
                "wait five minutes; another program with the same account makes too many calls".into()
            }
            Self::Server { .. } => "look at https://www.cloudflarestatus.com and run it again later".into(),
            Self::Transport { cause: Transport::Name(_), .. } => {
                "check this machine's resolver: `getent hosts api.cloudflare.com`".into()
            }
            Self::Transport { cause: Transport::Tls(_), .. } => {
                "check this machine's clock and whether a proxy replaces certificates; `SSL_CERT_FILE` names the trusted roots"
                    .into()
            }
            Self::Transport { .. } => "check that this machine reaches the internet: port 443, proxy settings".into(),
            Self::NotJson { .. } => "a proxy or a login page stands in between: log in or go around it".into(),
            Self::Refused { .. } | Self::Unexpected { .. } => {
                "look the code up at https://developers.cloudflare.com/api/".into()
            }
            Self::Leftover { name, .. } => format!("remove the TXT record `{name}` in the Cloudflare dashboard"),
        }
    }

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

/// The error behind a refusal. `needs` is what the call needs, `redact` takes secrets out of the server's text.
pub(super) fn classify(
    status: u16,
    errors: &[ApiError],
    needs: Permission,
    redact: impl Fn(&str) -> String,
) -> Error {
    let all: Vec<&ApiError> =
        errors.iter().flat_map(|error| std::iter::once(error).chain(&error.error_chain)).collect();
    let has = |codes: &[u32]| all.iter().find(|error| codes.contains(&error.code));
    let says = |text: &str| all.iter().find(|error| error.message.to_lowercase().contains(text));
    let lacks = || Error::MissingPermission { permission: needs };
    let refused =
        |error: &ApiError| Error::Refused { status, code: error.code, message: redact(&error.message) };
    if let Some(free_domain) = has(&[FREE_DOMAIN]) {
        return refused(free_domain);
    }
    if let Some(location) = says("from location") {
        return Error::Location { said: redact(&location.message) };
    }
    if says("requires permission").is_some() {
        return lacks();
    }
    if let Some(malformed) = has(&[6111, 6103, 6102]).or(has(&[6003])) {
        return Error::Malformed { code: malformed.code };
    }
    if has(&[1000]).is_some() {
        return Error::InvalidToken;
    }
    if has(&[9109]).is_some() {
        return if says("unauthorized to access").is_some() { lacks() } else { Error::InvalidToken };
    }
    match (has(&[10000]), needs, status) {
        (Some(_), Permission::Any, _) => Error::InvalidToken,
        (Some(_), ..) => lacks(),
        (None, Permission::Any, 401 | 403) => Error::InvalidToken,
        (None, _, 401 | 403) => lacks(),
        _ => match all.first() {
            Some(first) => refused(first),
            None => Error::Refused { status, code: 0, message: "no reason given".into() },
        },
    }
}
