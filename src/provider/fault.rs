//! What a fault is told as.

use std::time::Duration;

use jiff::Timestamp;

use super::words::Words;
use crate::evidence::Fault;

/// What went wrong, in one line. The token is in none of the messages.
#[must_use]
pub fn message(fault: &Fault, words: &Words) -> String {
    let (name, called) = (words.name, words.token.called);
    match fault {
        Fault::Malformed { code } => {
            format!("{name} cannot read the {called}: it is malformed (code {code})")
        }
        Fault::InvalidToken => {
            format!("{name} does not know the {called}: it is wrong, or was revoked or rolled")
        }
        Fault::Disabled => format!("the {called} is disabled"),
        Fault::Expired { on } => format!("the {called} has expired{}", since(*on)),
        Fault::NotYetValid { from } => format!("the {called} is valid only from {from}"),
        Fault::Location { said } => format!("the {called} may not be used from this address: {said}"),
        Fault::MissingPermission { permission } => {
            format!("the {called} lacks the permission {}", (words.permission)(*permission))
        }
        Fault::NoZone { tried, sees } => {
            format!("the {called} sees no zone named {}{}", any_of(tried), seen_instead(sees))
        }
        Fault::ZoneNotActive { name: zone, status, .. } => {
            format!("the zone `{zone}` is not active at {name}: its status is {status}")
        }
        Fault::SeveralZones { name: zone, ids } => {
            format!("{name} has {} zones named `{zone}`: {}", ids.len(), any_of(ids).replace(" or ", " and "))
        }
        Fault::ReadOnly { name: zone, kind } => {
            format!(
                "the zone `{zone}` takes no changes at {name}: it is a copy of another server's (kind `{kind}`)"
            )
        }
        Fault::Unprepared { what, .. } => what.clone(),
        Fault::Signature => format!("{name} has another secret for the {called}"),
        Fault::Clock { ahead: None } => {
            format!("the clocks of {name} and of this machine are too far apart")
        }
        Fault::Clock { ahead: Some(ahead) } => format!(
            "the clock of {name} is {} s {} this machine's",
            ahead.unsigned_abs(),
            if *ahead < 0 { "behind" } else { "ahead of" }
        ),
        Fault::RateLimited { retry_after } => {
            format!("{name}'s rate limit is reached{}", again(*retry_after))
        }
        Fault::Server { status } => format!("{name}'s API answers HTTP {status}"),
        Fault::Transport { host, cause } => format!("cannot reach `{host}`: {cause}"),
        Fault::NotJson { host, status, kind } => {
            format!("`{host}` answers HTTP {status} with something that is not {name}'s API ({kind})")
        }
        Fault::Refused { status, code, message } => {
            format!("{name} refuses: {message}{}", numbered(*status, *code))
        }
        Fault::Unexpected { what } => format!("{name} gave an answer that homelab cannot read: {what}"),
        Fault::Leftover { name, cause } => {
            format!("the temporary record `{name}` could not be removed: {}", message(cause, words))
        }
    }
}

/// The numbers of a refusal, as far as there are any.
fn numbered(status: u16, code: u32) -> String {
    match (status, code) {
        (0, 0) => String::new(),
        (0, code) => format!(" (code {code})"),
        (status, 0) => format!(" (HTTP {status})"),
        (status, code) => format!(" (HTTP {status}, code {code})"),
    }
}

fn since(date: Option<Timestamp>) -> String {
    date.map(|date| format!(" on {}", date.strftime("%F"))).unwrap_or_default()
}

fn again(after: Option<Duration>) -> String {
    after.map(|after| format!(", next try in {} s", after.as_secs())).unwrap_or_default()
}

pub(super) fn any_of(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

fn seen_instead(zones: &[String]) -> String {
    match zones {
        [] => String::new(),
        some => format!("; it sees {}", any_of(some).replace(" or ", ", ")),
    }
}
