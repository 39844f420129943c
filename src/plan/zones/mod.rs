//! Which zones of organisations go. Pure: the time is given.
//!
//! A zone that nobody uses costs nothing if it goes within its free hours. Later its month is paid, so it stays until the last day
//! before the next bill: whoever comes back finds it, and its delegation, as they were. Whatever homelab did not make, whose age it
//! does not know, that anybody uses or in which others have a record stays for ever.

mod billing;
mod left;
mod marks;

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::evidence::{AccountZone, Record};
use crate::provider::Price;
use billing::date_of;

pub use left::left_by;
pub use marks::{Claim, Origin};

/// How long nobody touches a new zone: whoever made it is about to claim it.
const SETTLES: SignedDuration = SignedDuration::from_hours(1);
/// How long before a bill a zone goes: a run each day comes in time.
const LAST: SignedDuration = SignedDuration::from_hours(24);
/// A cluster that has not renewed its claim for more than so many days may be gone.
const CLAIM_DAYS: i32 = 30;

/// What is asked, by whom and when.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The time.
    pub now: Timestamp,
    /// The domain below which organisations have their zones.
    pub domain: &'a str,
    /// This cluster's owner id: for words, since its claim counts as that of any other.
    pub owner: &'a str,
    /// The organisations of this configuration.
    pub organisations: BTreeSet<&'a str>,
    /// Whether a cluster whose claim is old counts as gone.
    pub with_orphans: bool,
}

/// What becomes of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays, whatever time it is.
    Stays(Why),
    /// Nobody uses it, and it goes from then on.
    Waits(Timestamp),
    /// It goes, before it is billed.
    Goes {
        /// When it would be billed.
        bill: Timestamp,
    },
}

/// Why a zone stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// homelab did not make it, so nobody knows how old it is.
    NotOurs,
    /// It is none of an organisation below this domain.
    Elsewhere,
    /// It is a private one.
    Private,
    /// This configuration has its organisation.
    Configured,
    /// A cluster uses it.
    Claimed {
        /// The cluster's owner id.
        owner: String,
        /// When it last said so; `None` where the tag holds no date.
        renewed: Option<Date>,
        /// Whether that is so long ago that the cluster may be gone.
        is_old: bool,
        /// Whether it has the owner id of this configuration, which does not have the organisation: another copy of the file may.
        is_own: bool,
    },
    /// Its records could not be read.
    Unread,
    /// Others have these records in it.
    Records(Vec<String>),
    /// It was made after now: a clock is wrong.
    Clock(Timestamp),
}

/// What a zone has cost, and what it will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// How many months of it have been billed.
    pub months: u32,
    /// When it is billed next.
    pub next: Timestamp,
    /// For how many months then: two where it was made in the last hours of one.
    pub next_months: u32,
}

/// What becomes of a zone.
#[must_use]
pub fn verdict(zone: &AccountZone, asked: &Asked<'_>, price: &Price) -> Verdict {
    match stays(zone, asked) {
        Err(why) => Verdict::Stays(why),
        Ok(born) => at_its_time(born, asked.now, price).unwrap_or(Verdict::Stays(Why::Clock(born))),
    }
}

/// What the zone has cost; `None` where its age is not known.
#[must_use]
pub fn cost(zone: &AccountZone, now: Timestamp, price: &Price) -> Option<Cost> {
    let born = Origin::read(&zone.reference)?.born;
    (born <= now).then_some(())?;
    let months = billing::months_billed(born, now, price)?;
    let next = billing::next_bill(born, now, price)?;
    let next_months = billing::months_billed(born, next, price)?.saturating_sub(months);
    Some(Cost { months, next, next_months })
}

/// When it was made, for a zone that may go at all.
fn stays(zone: &AccountZone, asked: &Asked<'_>) -> Result<Timestamp, Why> {
    let origin = Origin::read(&zone.reference).ok_or(Why::NotOurs)?;
    if !zone.zone.name.eq_ignore_ascii_case(&format!("{}.{}", origin.organisation, asked.domain)) {
        return Err(Why::Elsewhere);
    }
    if zone.is_private {
        return Err(Why::Private);
    }
    if asked.organisations.contains(origin.organisation.as_str()) {
        return Err(Why::Configured);
    }
    let claims = Claim::among(&zone.tags);
    let is_gone = |claim: &Claim| asked.with_orphans && is_old(claim, asked.now);
    if let Some(claim) = claims.iter().find(|claim| !is_gone(claim)) {
        let (is_old, is_own) = (is_old(claim, asked.now), claim.owner == asked.owner);
        return Err(Why::Claimed { owner: claim.owner.clone(), renewed: claim.renewed, is_old, is_own });
    }
    let gone: Vec<&str> = claims.iter().map(|claim| claim.owner.as_str()).collect();
    let records = zone.records.as_ref().ok_or(Why::Unread)?;
    let left = left_by(&gone, &origin.organisation, records);
    let foreign = foreign(&zone.zone.name, records, &left);
    if !foreign.is_empty() {
        return Err(Why::Records(foreign));
    }
    if origin.born > asked.now {
        return Err(Why::Clock(origin.born));
    }
    Ok(origin.born)
}

fn at_its_time(born: Timestamp, now: Timestamp, price: &Price) -> Option<Verdict> {
    let settled = born.checked_add(SETTLES).ok()?;
    if now < settled {
        return Some(Verdict::Waits(settled));
    }
    let bill = billing::next_bill(born, now, price)?;
    let last = bill.checked_sub(LAST).ok()?;
    let is_free = now < billing::free_until(born, price)?;
    Some(if is_free || now >= last { Verdict::Goes { bill } } else { Verdict::Waits(last) })
}

/// A claim without a date, or of a day to come, is none that is old.
fn is_old(claim: &Claim, now: Timestamp) -> bool {
    let days = |renewed: Date| date_of(now).since(renewed).map(|span| span.get_days()).unwrap_or_default();
    claim.renewed.is_some_and(|renewed| days(renewed) > CLAIM_DAYS)
}

/// Everything in a zone but its own NS and SOA records and what clusters that are gone have left.
fn foreign(zone: &str, records: &[Record], left: &[&Record]) -> Vec<String> {
    let is_own = |record: &Record| {
        ["NS", "SOA"].contains(&record.kind.as_str())
            && record.name.trim_end_matches('.').eq_ignore_ascii_case(zone)
    };
    let told = |record: &Record| format!("{} {}", record.name, record.kind);
    let others = records.iter().filter(|record| !is_own(record) && !left.contains(record));
    others.map(told).collect::<BTreeSet<String>>().into_iter().collect()
}

#[cfg(test)]
mod tests;
