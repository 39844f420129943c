//! When a zone is billed. Everything is in UTC, as the provider counts.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::provider::Price;

/// Until when the zone costs nothing.
pub(super) fn free_until(born: Timestamp, price: &Price) -> Option<Timestamp> {
    born.checked_add(price.free_for).ok()
}

/// When the zone is billed next: at the end of its free hours, and then on the first of each month.
pub(super) fn next_bill(born: Timestamp, now: Timestamp, price: &Price) -> Option<Timestamp> {
    let free = free_until(born, price)?;
    if now < free { Some(free) } else { start_of(first_of_next_month(now)?) }
}

/// How many months of the zone have been billed so far. At the end of its free hours it is billed for the month in which it was
/// made and, where another one has begun by then, for that as well.
pub(super) fn months_billed(born: Timestamp, now: Timestamp, price: &Price) -> Option<u32> {
    if now < free_until(born, price)? {
        return Some(0);
    }
    let (from, to) = (date_of(born), date_of(now));
    let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
    u32::try_from(months(to) - months(from) + 1).ok()
}

/// The day in UTC.
pub(super) fn date_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

fn first_of_next_month(at: Timestamp) -> Option<Date> {
    date_of(at).first_of_month().checked_add(1.month()).ok()
}

fn start_of(date: Date) -> Option<Timestamp> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
