//! Words about zones, their age and their price.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::checks::words::span;
use crate::evidence::AccountZone;
use crate::plan::zones::{Claim, Cost, Origin, Why};
use crate::provider::Price;

/// US cents, in words.
pub fn money(cents: u32) -> String {
    format!("{}.{:02} USD", cents / 100, cents % 100)
}

/// A time as the provider's bill has it.
pub fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Name and id.
pub fn named(zone: &AccountZone) -> String {
    format!("{} ({})", zone.zone.name, zone.zone.id)
}

/// Several names.
pub fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// What has been billed for a zone at most, in US cents: nobody knows how many zones the account had then.
pub fn billed(cost: &Cost, price: &Price) -> u32 {
    cost.months * price.first_cents.max(price.beyond_cents)
}

/// When it was made and what it costs; `cents` is what a month of it costs now.
pub fn age(zone: &AccountZone, cost: Option<Cost>, (price, cents): (&Price, u32), now: Timestamp) -> String {
    let (Some(origin), Some(cost)) = (Origin::read(&zone.reference), cost) else {
        return "of unknown age".to_owned();
    };
    let so_far = match cost.months {
        0 => "nothing".to_owned(),
        _ => format!("{} at most", money(billed(&cost, price))),
    };
    format!(
        "made {}, {} ago; billed {so_far} so far, and {} on {}",
        time(origin.born),
        span(now.duration_since(origin.born).as_secs()),
        money(cost.next_months * cents),
        time(cost.next)
    )
}

/// The clusters that use it.
pub fn used_by(zone: &AccountZone) -> String {
    let of_cluster = |claim: Claim| match claim.renewed {
        Some(renewed) => format!("{} ({renewed})", claim.owner),
        None => format!("{} (no date)", claim.owner),
    };
    let clusters: Vec<String> = Claim::among(&zone.tags).into_iter().map(of_cluster).collect();
    if clusters.is_empty() {
        "no cluster uses it".to_owned()
    } else {
        format!("used by {}", clusters.join(", "))
    }
}

/// Why a zone stays, for programs and for people.
pub fn why(why: &Why) -> (&'static str, String) {
    match why {
        Why::NotOurs => ("not-homelabs", "homelab did not make it".to_owned()),
        Why::Elsewhere => ("elsewhere", "it is not the zone of an organisation below this domain".to_owned()),
        Why::Private => ("private", "it is a private zone".to_owned()),
        Why::Configured => ("configured", "the configuration has its organisation".to_owned()),
        Why::Claimed { owner, is_own: true, .. } => (
            "claimed",
            format!(
                "the cluster `{owner}` uses it, and that is the owner id of this configuration, which does not have the organisation. \
                 The cluster that had it gives the zone up at its next `homelab up`; if it never had one, remove the tag `{}` of the zone",
                Claim::key(owner)
            ),
        ),
        Why::Claimed { owner, renewed: None, .. } => {
            ("claimed", format!("the cluster `{owner}` uses it; its tag has no date"))
        }
        Why::Claimed { owner, renewed: Some(day), is_old: false, .. } => {
            ("claimed", format!("the cluster `{owner}` uses it, as it said on {day}"))
        }
        Why::Claimed { owner, renewed: Some(day), is_old: true, .. } => (
            "claimed-long-ago",
            format!(
                "the cluster `{owner}` last said on {day} that it uses it. If that cluster is gone, add `--with-orphans`"
            ),
        ),
        Why::Unread => ("unread", "its records could not be read".to_owned()),
        Why::Records(records) => ("records", format!("others have records in it: {}", records.join(", "))),
        Why::Clock(born) => (
            "clock",
            format!(
                "it was made at {}, and this machine's clock is not there yet: set the clock",
                time(*born)
            ),
        ),
    }
}
