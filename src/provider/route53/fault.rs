//! What Route 53's refusals mean, and the next step for each.

use super::denial::Denial;
use super::limits::{FULL, SUSPENDED, TOO_MANY_ZONES, UNSUSPEND, WHY_SUSPENDED};
use super::words::WORDS;
use crate::evidence::{Fault, Permission, Transport};

/// The next step after a fault.
#[must_use]
pub(super) fn hint(fault: &Fault) -> String {
    const KEYS: &str = "IAM console, Users, your user, Security credentials";
    match fault {
        Fault::InvalidToken | Fault::Malformed { .. } | Fault::Disabled => format!(
            "look at the key in the console ({KEYS}): activate it there if it is inactive; if it is not in the list, create another one and write its id and secret into the file that `dns.tokenFile` names"
        ),
        Fault::Signature => format!(
            "write the id and the secret of one and the same access key into the file that `dns.tokenFile` names; the console does not show a secret again, so create another key if you do not have it ({KEYS})"
        ),
        Fault::Clock { .. } => "set this machine's clock: `timedatectl`".into(),
        Fault::Expired { .. } | Fault::NotYetValid { .. } | Fault::Location { .. } => {
            format!("create an access key of an IAM user, which stays: {KEYS}")
        }
        Fault::MissingPermission { permission: lacking } => {
            format!("allow {} in the policy of the IAM user; docs/route53.md has the whole policy", permission(*lacking))
        }
        Fault::NoZone { tried, .. } => format!(
            "create the hosted zone `{}` (Route 53 console, Hosted zones, Create, type Public), use an access key of the account that has it, or correct `domain`",
            shortest(tried)
        ),
        Fault::ZoneNotActive { name, .. } => format!(
            "create a public hosted zone `{name}` (Route 53 console, Hosted zones, Create, type Public), and set its four name servers at your registrar; the private one may stay"
        ),
        Fault::SeveralZones { .. } => {
            "compare the name servers of both (Route 53 console, Hosted zones) with those that your registrar has for the domain, and delete the zone that the registrar does not name, once you know that nothing uses it".into()
        }
        Fault::Unprepared { cure, .. } => cure.clone(),
        Fault::RateLimited { .. } => "wait a minute; another program makes too many calls in the same account".into(),
        Fault::Server { .. } => "check https://health.aws.amazon.com and run it again later".into(),
        Fault::Transport { cause: Transport::Name(_), .. } => {
            "check this machine's resolver: `getent hosts route53.amazonaws.com`".into()
        }
        Fault::Transport { cause: Transport::Tls(_), .. } => {
            "check this machine's clock and whether a proxy replaces certificates; `SSL_CERT_FILE` names the trusted roots"
                .into()
        }
        Fault::Transport { .. } => "check that this machine reaches the internet: port 443, proxy settings".into(),
        Fault::NotJson { .. } => "a proxy or a login page is in between: log in or go around it".into(),
        Fault::Refused { message, .. } if message.starts_with(TOO_MANY_ZONES) => {
            "delete a zone that nobody needs: `homelab zone list` shows those below the domain, and `homelab zone prune` which of them no cluster uses; or ask for a higher quota (Service Quotas console, US East (N. Virginia), Amazon Route 53, Hosted zones)".into()
        }
        Fault::Refused { message, .. } if message.contains(FULL) => WORDS.no_more_room.into(),
        Fault::Refused { message, .. } if is_suspended(message) => UNSUSPEND.into(),
        Fault::Refused { .. } | Fault::Unexpected { .. } | Fault::ReadOnly { .. } => {
            "look the code up at https://docs.aws.amazon.com/Route53/latest/APIReference/; one about users or access keys at https://docs.aws.amazon.com/IAM/latest/APIReference/".into()
        }
        Fault::Leftover { name, .. } => {
            format!("remove the TXT record `{name}` in the Route 53 console (Hosted zones)")
        }
    }
}

/// Whether the account itself is refused.
fn is_suspended(message: &str) -> bool {
    SUSPENDED.iter().any(|code| message.starts_with(code))
}

/// The shortest ending that people have as a zone.
fn shortest(tried: &[String]) -> &str {
    let with_dot = tried.iter().rev().find(|name| name.contains('.'));
    with_dot.or(tried.last()).map_or("", String::as_str)
}

/// Why, as far as Route 53's rules tell it; `None` where there is nothing to add to the message.
#[must_use]
pub(super) fn cause(fault: &Fault) -> Option<&'static str> {
    match fault {
        Fault::InvalidToken => Some(
            "the access key was made inactive or deleted in the IAM console, which AWS does not tell apart, or another text was copied in its place",
        ),
        Fault::Signature => {
            Some("the secret is not the one of this access key id, or a part of it is missing")
        }
        Fault::Clock { .. } => Some(
            "AWS refuses a signature that is older or newer than five minutes, and this machine's clock makes it so",
        ),
        Fault::Refused { message, .. } if message.starts_with(TOO_MANY_ZONES) => Some(
            "the account has as many hosted zones as its quota allows: 500, unless a higher one was granted",
        ),
        Fault::Refused { message, .. } if message.contains(FULL) => Some(
            "the hosted zone has as many records as its quota allows: 10,000, unless a higher one was granted",
        ),
        Fault::Refused { message, .. } if is_suspended(message) => Some(WHY_SUSPENDED),
        // Others are not about rights.
        Fault::Unprepared { what, .. } if what.contains(" may not `") => Some(Denial::told_in(what).cause()),
        _ => None,
    }
}

/// A permission, as policies name it.
#[must_use]
pub(super) fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Any | Permission::ZoneRead => "`route53:ListHostedZones` on `*`",
        Permission::DnsRead => "`route53:ListResourceRecordSets` on the zone",
        Permission::DnsEdit | Permission::Tunnels => "`route53:ChangeResourceRecordSets` on the zone",
    }
}
