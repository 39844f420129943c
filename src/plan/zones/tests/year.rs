//! A year of zones that nobody uses, each looked at as it grows older: `UPDATE_GOLDEN=1 cargo test` writes `golden.txt` anew.

use std::fmt::Write;
use std::path::Path;

use super::*;

/// When zones are made: the ends of months and of the year, a leap day, the day before it in a year without, and the same in local
/// time east and west of UTC.
const BIRTHS: &[(&str, &str)] = &[
    ("2027-01-01T00:00:00Z", "first second of a year"),
    ("2027-01-15T12:00:00Z", "middle of a month"),
    ("2027-01-31T11:59:59Z", "free until one second before the next month"),
    ("2027-01-31T12:00:00Z", "free until the next month begins"),
    ("2027-01-31T20:00:00Z", "free beyond the end of the month"),
    ("2027-02-28T23:59:59Z", "last second of a February"),
    ("2027-03-28T00:30:00Z", "the clocks of Europe go forward"),
    ("2027-04-30T22:30:00Z", "last hours of April"),
    ("2027-05-01T08:00:00+13:00", "May in Auckland, April in UTC"),
    ("2027-06-30T20:00:00-11:00", "June in Samoa, July in UTC"),
    ("2027-07-31T23:00:00Z", "two long months"),
    ("2027-09-30T13:00:00Z", "last day of September"),
    ("2027-10-31T00:30:00Z", "the clocks of Europe go back"),
    ("2027-11-30T23:59:59Z", "last second of November"),
    ("2027-12-31T12:30:00Z", "free beyond the end of the year"),
    ("2028-02-28T18:00:00Z", "the day before a leap day"),
    ("2028-02-29T18:00:00Z", "a leap day"),
];

/// How old it is then, in minutes; below zero after a clock has jumped back.
const AGES: &[(&str, i64)] = &[
    ("-1h", -60),
    ("0m", 0),
    ("59m", 59),
    ("1h", 60),
    ("11h59m", 12 * 60 - 1),
    ("12h", 12 * 60),
    ("1d", 24 * 60),
    ("10d", 10 * 24 * 60),
];

fn money(months: u32) -> String {
    let cents = months * PRICE.first_cents;
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn row(text: &mut String, age: &str, zone: &AccountZone, now: Timestamp) {
    let told = match verdict(zone, &asked(&now.to_string()), &PRICE) {
        Verdict::Goes { bill } => format!("goes, before the bill of {bill}"),
        Verdict::Waits(from) => format!("waits until {from}"),
        Verdict::Stays(why) => format!("stays: {why:?}"),
    };
    let cost = cost(zone, now, &PRICE).map_or("?".to_owned(), |cost| {
        format!("{} USD so far, {} at {}", money(cost.months), money(cost.next_months), cost.next)
    });
    writeln!(text, "  {age:>9} {now}  {told:<48} {cost}").unwrap();
}

/// Whose claim keeps a zone, and until when: on the last day of a month, on which whatever may go goes.
fn claims(text: &mut String) {
    for (owner, note) in [("lab", "this cluster's own"), ("attic", "another cluster's")] {
        for renewed in ["2027-05-31", "2027-05-01", "2027-04-30", "soon"] {
            for with_orphans in [false, true] {
                let asked = Asked { with_orphans, ..asked(NOW) };
                let flag = if with_orphans { "--with-orphans" } else { "" };
                let told = match verdict(&claimed(owner, renewed), &asked, &PRICE) {
                    Verdict::Stays(Why::Claimed { is_old: true, .. }) => "stays: its claim is old",
                    Verdict::Stays(Why::Claimed { .. }) => "stays: claimed",
                    Verdict::Goes { .. } => "goes",
                    other => panic!("{other:?}"),
                };
                writeln!(text, "{NOW} a claim of {note}, renewed {renewed:<10} {flag:<14}  {told}").unwrap();
            }
        }
    }
}

#[test]
fn through_a_year_each_zone_goes_when_it_costs_least() {
    let mut text = String::new();
    for (born, note) in BIRTHS {
        let zone = unused(born);
        writeln!(text, "{born} {note}").unwrap();
        for (age, minutes) in AGES {
            row(&mut text, age, &zone, at(born).checked_add(SignedDuration::from_mins(*minutes)).unwrap());
        }
        let next = cost(&zone, at(born), &PRICE).unwrap().next;
        let bill = billing::next_bill(at(born), next, &PRICE).unwrap();
        for (age, minutes) in
            [("bill-1441m", -24 * 60 - 1), ("bill-24h", -24 * 60), ("bill-1m", -1), ("bill", 0)]
        {
            row(&mut text, age, &zone, bill.checked_add(SignedDuration::from_mins(minutes)).unwrap());
        }
    }
    claims(&mut text);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan/zones/tests/golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == wanted, "{} differs; `UPDATE_GOLDEN=1 cargo test` accepts it:\n{text}", path.display());
}
