//! What the lab's own pods said lately: an error of an hour ago says nothing of now.

use jiff::Timestamp;

use crate::evidence::pod::{has_ended, is_ready};
use crate::evidence::{Evidence, View};

/// external-dns tries once a minute: what still fails was said again within that time.
const LATELY: i64 = 90;
/// By this external-dns says that a whole round went well: what it said before is history.
const WELL: &str = "All records are already up to date";

/// A line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::checks) struct Said<'a> {
    /// `namespace/pod`.
    pub(in crate::checks) pod: &'a str,
    /// The line, as it was written.
    pub(in crate::checks) line: &'a str,
    /// Whether the pod takes requests now.
    pub(in crate::checks) ready: bool,
}

impl Said<'_> {
    /// Whether the line has one of the words.
    pub(in crate::checks) fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.line.contains(word))
    }
}

/// The lines that still count, the newest of each log first: of a pod that is not ready all of them, of others the
/// last minute and a half.
pub(in crate::checks) fn lately(evidence: &Evidence) -> Vec<Said<'_>> {
    let Some(cluster) = &evidence.cluster else { return Vec::new() };
    let pods = evidence.objects("pods").unwrap_or_default();
    let mut found = Vec::new();
    for (place, text) in &cluster.logs {
        let name = place.rsplit_once('/').map_or(place.as_str(), |(pod, _)| pod);
        // Without its pod, nothing says whether the log is of something that still runs.
        let Some(pod) = pods.iter().find(|pod| pod.full_name() == name) else { continue };
        // One that was evicted has another in its place, and its words are history.
        if has_ended(pod) {
            continue;
        }
        let ready = is_ready(pod);
        let lines = text.lines().rev().take_while(|line| !line.contains(WELL));
        let counts =
            |line: &&str| !ready || written(line, evidence.now).is_some_and(|at| is_late(at, evidence.now));
        found.extend(lines.filter(counts).map(|line| Said { pod: name, line, ready }));
    }
    found
}

fn is_late(at: Timestamp, now: Timestamp) -> bool {
    now.as_second() - at.as_second() <= LATELY
}

/// When a line was written: `E0601 11:59:30.123456` (klog, which leaves the year out) or `time=`, as JSON or as logfmt.
pub(in crate::checks) fn written(line: &str, now: Timestamp) -> Option<Timestamp> {
    for key in ["\"time\":\"", "time=\""] {
        if let Some((_, rest)) = line.split_once(key) {
            return rest.split('"').next()?.parse().ok();
        }
    }
    let head = line.strip_prefix(['I', 'W', 'E', 'F'])?;
    let (day, rest) = head.split_once(' ')?;
    let (month, day) = day.split_at_checked(2)?;
    let time = rest.trim_start().get(..8)?;
    let year = |year: i16| format!("{year:04}-{month}-{day}T{time}Z").parse::<Timestamp>().ok();
    let this = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    // In the first days of January, lines of December are of the year before.
    year(this).filter(|at| at.as_second() < now.as_second() + 86_400).or_else(|| year(this - 1))
}

/// The part of a line that says what failed, short enough for a cause.
pub(in crate::checks) fn excerpt(line: &str, from: &str) -> String {
    let start = line.find(from).unwrap_or(0);
    let rest = line.get(start..).unwrap_or(line);
    let end = rest.find("\\\"").or_else(|| rest.find('"')).unwrap_or(rest.len());
    let text: String = rest.chars().take(end.min(200)).collect();
    text.trim().trim_end_matches(['.', ',', ';', '}']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_line_is_read_in_each_form() {
        let now: Timestamp = "2026-01-01T00:00:30Z".parse().unwrap();
        let lines = [
            ("{\"level\":\"error\",\"msg\":\"x\",\"time\":\"2026-01-01T00:00:00Z\"}", "2026-01-01T00:00:00Z"),
            ("time=\"2026-01-01T00:00:00Z\" level=error msg=x", "2026-01-01T00:00:00Z"),
            ("E0101 00:00:10.123456       1 controller.go:1] x", "2026-01-01T00:00:10Z"),
            ("E1231 23:59:50.123456       1 controller.go:1] x", "2025-12-31T23:59:50Z"),
        ];
        for (line, time) in lines {
            assert_eq!(written(line, now).map(|at| at.to_string()).as_deref(), Some(time), "{line}");
        }
        for line in ["[ERROR] plugin/errors: 2 a. A", "", "Everything is fine", "E01"] {
            assert_eq!(written(line, now), None, "{line}");
        }
    }

    #[test]
    fn an_excerpt_ends_where_the_quotation_does() {
        let line = "{\"msg\":\"Get \\\"https://a/\\\": dial tcp 1.2.3.4:443: i/o timeout\",\"time\":\"x\"}";
        assert_eq!(excerpt(line, "dial tcp"), "dial tcp 1.2.3.4:443: i/o timeout");
    }
}
