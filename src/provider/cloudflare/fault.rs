//! What Cloudflare's refusals mean, and the next step for each.

use super::envelope::ApiError;
use crate::evidence::{Fault, Permission, Transport};
use crate::provider::fault::any_of;

/// "You cannot use this API for domains with a .cf, .ga, .gq, .ml, or .tk TLD", whatever the token may do.
pub(super) const FREE_DOMAIN: u32 = 1038;
/// "Record quota exceeded."
pub(super) const QUOTA: u32 = 81045;

/// The next step after a fault.
#[must_use]
pub(super) fn hint(fault: &Fault) -> String {
    const TOKENS: &str = "Cloudflare dashboard, My Profile, API Tokens";
    match fault {
        Fault::Malformed { .. } => {
            "write only the token into its file, without quotes, `Bearer ` or line breaks; \
             a Global API Key is not a token"
                .into()
        }
        Fault::InvalidToken => format!(
            "roll the token (the three dots next to it), or create a new one ({TOKENS}) with Zone → Zone → Read and Zone → DNS → Edit; the dashboard shows it only once"
        ),
        Fault::Disabled => format!("enable it again: {TOKENS}, the three dots next to the token"),
        Fault::Expired { .. } => format!("create or roll the token, with a later end date or none: {TOKENS}"),
        Fault::NotYetValid { .. } => format!("change its start date ({TOKENS}), or check this machine's clock"),
        Fault::Location { .. } => {
            format!("add this address to the token's Client IP Address Filtering ({TOKENS}), the IPv6 address too")
        }
        Fault::MissingPermission { permission: lacking @ Permission::Tunnels } => {
            format!(
                "edit the token ({TOKENS}): add {}, and choose the account of the zone under Account Resources; the token itself stays the same",
                permission(*lacking)
            )
        }
        Fault::MissingPermission { permission: lacking } => {
            format!("edit the token ({TOKENS}) and add {} for your zone", permission(*lacking))
        }
        Fault::NoZone { tried, .. } => format!(
            "edit the token ({TOKENS}): Zone Resources, Include, Specific zone, {}; the token itself stays the same. Or correct `domain`",
            any_of(tried.get(tried.len().saturating_sub(1)..).unwrap_or_default())
        ),
        Fault::ZoneNotActive { servers, .. } if !servers.is_empty() => {
            format!("set the name servers at your registrar to {}", any_of(servers).replace(" or ", " and "))
        }
        Fault::ZoneNotActive { .. } => "finish the setup of the zone in the Cloudflare dashboard".into(),
        Fault::SeveralZones { .. } | Fault::ReadOnly { .. } | Fault::Unprepared { .. } | Fault::Signature | Fault::Clock { .. } => {
            "check the zone in the Cloudflare dashboard".into()
        }
        Fault::RateLimited { .. } => {
            "wait five minutes; another program makes too many calls with the same account".into()
        }
        Fault::Server { .. } => "check https://www.cloudflarestatus.com and run it again later".into(),
        Fault::Transport { cause: Transport::Name(_), .. } => {
            "check this machine's resolver: `getent hosts api.cloudflare.com`".into()
        }
        Fault::Transport { cause: Transport::Tls(_), .. } => {
            "check this machine's clock and whether a proxy replaces certificates; `SSL_CERT_FILE` names the trusted roots"
                .into()
        }
        Fault::Transport { .. } => "check that this machine reaches the internet: port 443, proxy settings".into(),
        Fault::NotJson { .. } => "a proxy or a login page is in between: log in or go around it".into(),
        Fault::Refused { .. } | Fault::Unexpected { .. } => {
            "look the code up at https://developers.cloudflare.com/api/".into()
        }
        Fault::Leftover { name, .. } => format!("remove the TXT record `{name}` in the Cloudflare dashboard"),
    }
}

/// Why, as far as Cloudflare's rules tell it; `None` where there is nothing to add to the message.
#[must_use]
pub(super) fn cause(fault: &Fault) -> Option<&'static str> {
    match fault {
        Fault::InvalidToken => {
            Some("it was revoked or rolled in the dashboard, or another text was copied in its place")
        }
        Fault::Disabled => Some("somebody switched it off in the dashboard"),
        Fault::Expired { .. } => Some("it was created with an end date (TTL), which has passed"),
        Fault::Location { .. } => Some(
            "the token has Client IP Address Filtering, and this machine's public address is not in it; \
             at home the public IPv4 address and the IPv6 prefix change",
        ),
        _ => None,
    }
}

/// A permission of a token, in the dashboard's words.
#[must_use]
pub(super) fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Any | Permission::ZoneRead => "Zone → Zone → Read",
        Permission::DnsRead | Permission::DnsEdit => "Zone → DNS → Edit",
        Permission::Tunnels => "Account → Cloudflare Tunnel → Edit",
    }
}

/// The error behind a refusal. `needs` is what the call needs, `redact` takes secrets out of the server's text.
pub(super) fn classify(
    status: u16,
    errors: &[ApiError],
    needs: Permission,
    redact: impl Fn(&str) -> String,
) -> Fault {
    let all: Vec<&ApiError> =
        errors.iter().flat_map(|error| std::iter::once(error).chain(&error.error_chain)).collect();
    let has = |codes: &[u32]| all.iter().find(|error| codes.contains(&error.code));
    let says = |text: &str| all.iter().find(|error| error.message.to_lowercase().contains(text));
    let lacks = || Fault::MissingPermission { permission: needs };
    let refused =
        |error: &ApiError| Fault::Refused { status, code: error.code, message: redact(&error.message) };
    if let Some(free_domain) = has(&[FREE_DOMAIN]) {
        return refused(free_domain);
    }
    if let Some(location) = says("from location") {
        return Fault::Location { said: redact(&location.message) };
    }
    if says("requires permission").is_some() {
        return lacks();
    }
    if let Some(malformed) = has(&[6111, 6103, 6102]).or(has(&[6003])) {
        return Fault::Malformed { code: malformed.code };
    }
    if has(&[1000]).is_some() {
        return Fault::InvalidToken;
    }
    if has(&[9109]).is_some() {
        return if says("unauthorized to access").is_some() { lacks() } else { Fault::InvalidToken };
    }
    match (has(&[10000]), needs, status) {
        (Some(_), Permission::Any, _) => Fault::InvalidToken,
        (Some(_), ..) => lacks(),
        (None, Permission::Any, 401 | 403) => Fault::InvalidToken,
        (None, _, 401 | 403) => lacks(),
        _ => match all.first() {
            Some(first) => refused(first),
            None => Fault::Refused { status, code: 0, message: "no reason given".into() },
        },
    }
}
