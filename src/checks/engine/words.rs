//! Times and lists as people say them.

use std::fmt::Display;
use std::net::IpAddr;

/// A span of seconds: its largest unit, and the next one while the largest is small.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    match (days, hours, minutes) {
        (2.., ..) => format!("{days} days"),
        (_, 1.., _) => match minutes % 60 {
            0 => format!("{hours} h"),
            rest => format!("{hours} h {rest} min"),
        },
        (_, _, 5..) => format!("{minutes} min"),
        (_, _, 1..) if seconds % 60 != 0 => format!("{minutes} min {} s", seconds % 60),
        (_, _, 1..) => format!("{minutes} min"),
        _ => format!("{seconds} s"),
    }
}

/// How many addresses are listed.
const MANY: usize = 16;

/// Addresses with commas, the first [`MANY`] of them.
pub fn list(addresses: &[IpAddr]) -> String {
    match addresses {
        [] => "no address".into(),
        some => {
            let shown: Vec<String> = some.iter().take(MANY).map(ToString::to_string).collect();
            let more = some.len() - shown.len();
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            shown.join(", ") + &rest
        }
    }
}

/// Names in backticks, with commas.
pub fn quoted<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_as_exact_as_people_need() {
        let cases = [
            (-5, "0 s"),
            (50, "50 s"),
            (60, "1 min"),
            (95, "1 min 35 s"),
            (1800, "30 min"),
            (3600, "1 h"),
            (12_000, "3 h 20 min"),
            (90_000, "25 h"),
            (7_776_000, "90 days"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(seconds), text);
        }
    }
}
