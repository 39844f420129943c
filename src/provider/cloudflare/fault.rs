//! What Cloudflare's refusals mean, and the next step for each.

use super::envelope::ApiError;
use crate::evidence::{Fault, Permission, ProviderFailure, Transport, any_of};

/// "You cannot use this API for domains with a .cf, .ga, .gq, .ml, or .tk TLD", whatever the token may do.
pub const FREE_DOMAIN: u32 = 1038;
/// "Record quota exceeded."
pub const QUOTA: u32 = 81045;

/// The next step after a fault.
#[must_use]
pub fn hint(fault: &Fault) -> String {
    const TOKENS: &str = "Cloudflare dashboard, My Profile, API Tokens";
    match fault {
        Fault::Malformed { .. } => {
            "write the token alone into its file, without quotes, `Bearer ` or line breaks; \
             a Global API Key is not a token"
                .into()
        }
        Fault::InvalidToken => format!(
            "roll the token (the three dots behind it), or create a new one ({TOKENS}) with Zone → Zone → Read and Zone → DNS → Edit; it is shown only then"
        ),
        Fault::Disabled => format!("enable it again: {TOKENS}, the three dots behind the token"),
        Fault::Expired { .. } => format!("create or roll the token, with a later end or none: {TOKENS}"),
        Fault::NotYetValid { .. } => format!("change its start date ({TOKENS}), or check this machine's clock"),
        Fault::Location { .. } => {
            format!("edit the token's Client IP Address Filtering ({TOKENS}); remember IPv6")
        }
        Fault::MissingPermission { permission } => {
            format!("edit the token ({TOKENS}) and add {permission} for your zone")
        }
        Fault::NoZone { tried, .. } => format!(
            "edit the token ({TOKENS}): Zone Resources, Include, Specific zone, {}; the token itself stays the same. Or correct `domain`",
            any_of(tried.get(tried.len().saturating_sub(1)..).unwrap_or_default())
        ),
        Fault::ZoneNotActive { servers, .. } if !servers.is_empty() => {
            format!("set the name servers at your registrar to {}", any_of(servers).replace(" or ", " and "))
        }
        Fault::ZoneNotActive { .. } => "finish the setup of the zone in the Cloudflare dashboard".into(),
        Fault::RateLimited { .. } => {
            "wait five minutes; another program with the same account makes too many calls".into()
        }
        Fault::Server { .. } => "look at https://www.cloudflarestatus.com and run it again later".into(),
        Fault::Transport { cause: Transport::Name(_), .. } => {
            "check this machine's resolver: `getent hosts api.cloudflare.com`".into()
        }
        Fault::Transport { cause: Transport::Tls(_), .. } => {
            "check this machine's clock and whether a proxy replaces certificates; `SSL_CERT_FILE` names the trusted roots"
                .into()
        }
        Fault::Transport { .. } => "check that this machine reaches the internet: port 443, proxy settings".into(),
        Fault::NotJson { .. } => "a proxy or a login page stands in between: log in or go around it".into(),
        Fault::Refused { .. } | Fault::Unexpected { .. } => {
            "look the code up at https://developers.cloudflare.com/api/".into()
        }
        Fault::Leftover { name, .. } => format!("remove the TXT record `{name}` in the Cloudflare dashboard"),
    }
}

impl From<Fault> for ProviderFailure {
    fn from(error: Fault) -> Self {
        Self { message: error.to_string(), hint: hint(&error), error }
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
