//! The last lines that external-dns wrote, as data.

use serde_json::Value;

use crate::config::Provider;
use crate::desired::external_dns::{NAME, NAMESPACE};
use crate::evidence::Evidence;
use crate::facts::organisations::external_dns;
use crate::provider::traits_of;

/// As much of a message as is shown.
const SHOWN: usize = 240;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Whose API it may quote.
    provider: Provider,
    /// `info`, `warning`, `error`, `fatal`.
    pub(super) level: String,
    /// The message.
    pub(super) message: String,
    /// The record that it is about; empty when it is about none.
    pub(super) record: String,
    /// What is done to it, with its kind: `UPDATE A`; empty when nothing is.
    pub(super) change: String,
    /// When it was written; `None` where that is not said.
    pub(super) at: Option<jiff::Timestamp>,
}

/// All lines of its pods that were read, those of the run before the last restart first.
pub(super) fn lines(evidence: &Evidence) -> Vec<Line> {
    let others: Vec<String> = evidence.organisations.iter().map(|one| place_of(&one.name)).collect();
    let is_others = |place: &str| others.iter().any(|other| place.starts_with(other));
    read(evidence, |place| !is_others(place)).into_iter().flat_map(|(_, lines)| lines).collect()
}

/// The lines of each container of an organisation's, by its name, which is that of the namespace.
pub(super) fn of_organisation(evidence: &Evidence, organisation: &str) -> Vec<(String, Vec<Line>)> {
    let its = place_of(organisation);
    read(evidence, |place| place.starts_with(&its))
}

/// How the places of an organisation's logs begin.
fn place_of(organisation: &str) -> String {
    format!("{NAMESPACE}/{}-", external_dns(organisation))
}

fn read(evidence: &Evidence, is_meant: impl Fn(&str) -> bool) -> Vec<(String, Vec<Line>)> {
    let Some(cluster) = &evidence.cluster else {
        return Vec::new();
    };
    let own = format!("{NAMESPACE}/{NAME}");
    let texts = cluster.logs.iter().filter(|(place, _)| place.starts_with(&own) && is_meant(place));
    let parsed = |text: &str| text.lines().filter_map(|line| Line::parse(evidence.dns, line)).collect();
    texts
        .map(|(place, text)| (place.rsplit('/').next().unwrap_or_default().to_owned(), parsed(text)))
        .collect()
}

impl Line {
    /// JSON as homelab asks for it; logfmt as it is before the flags are read.
    fn parse(provider: Provider, line: &str) -> Option<Self> {
        if let Ok(json) = serde_json::from_str::<Value>(line) {
            let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
            let fields =
                || (format!("{} {}", text("action"), text("type")).trim().to_owned(), text("record"));
            let message = text("msg");
            let (change, record) = (traits_of(provider).desired)(&message).unwrap_or_else(fields);
            return Some(Self {
                provider,
                level: text("level"),
                message,
                record,
                change,
                at: text("time").parse().ok(),
            });
        }
        let field = |key: &str| line.split_once(&format!("{key}=")).map(|(_, rest)| rest);
        let level = field("level")?.split_whitespace().next()?.to_owned();
        let message = field("msg")?;
        let message =
            message.strip_prefix('"').map_or(message, |quoted| quoted.trim_end().trim_end_matches('"'));
        Some(Self {
            provider,
            level,
            message: message.replace("\\\"", "\""),
            record: String::new(),
            change: String::new(),
            at: None,
        })
    }

    /// The message in a few words: what the provider said where it said something, else the first line.
    pub(super) fn short(&self) -> String {
        let said = (traits_of(self.provider).quoted)(&self.message);
        let text = said.unwrap_or_else(|| self.message.lines().next().unwrap_or_default().to_owned());
        let text = text.trim_end_matches(['.', ' ', ':']);
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        }
    }

    /// The same with the record that it is about.
    pub(super) fn told(&self) -> String {
        match self.record.as_str() {
            "" => self.short(),
            record => format!("`{record}`: {}", self.short()),
        }
    }
}

/// Why the last run failed: the last error that says more than that there was one.
pub(super) fn last_error(lines: &[Line]) -> Option<&Line> {
    let error = |line: &&Line| matches!(line.level.as_str(), "error" | "fatal");
    let telling = |line: &&Line| error(line) && !line.message.contains("failed to submit all changes");
    lines.iter().rev().find(telling).or_else(|| lines.iter().rev().find(error))
}

/// How far back its lines tell of what goes on now.
const RECENT: i64 = 900;

/// How many of its runs of the last quarter of an hour set the record of a host: the address, not the TXT record beside it. A run
/// that writes a record for each node counts once.
pub(super) fn times_set(evidence: &Evidence, host: &str) -> usize {
    times(evidence, host, &["UPDATE A", "CREATE A"])
}

/// How many of them deleted that record.
pub(super) fn times_deleted(evidence: &Evidence, host: &str) -> usize {
    times(evidence, host, &["DELETE A"])
}

/// Between two runs there are five seconds at least (`--min-event-sync-interval`, 5 s by default in 0.22); the lines of one have
/// the second in which each was written.
const BETWEEN_RUNS: i64 = 4;

fn times(evidence: &Evidence, host: &str, changes: &[&str]) -> usize {
    let is_recent = |at: &jiff::Timestamp| evidence.now.duration_since(*at).as_secs() < RECENT;
    let counts =
        |line: &Line| line.record.eq_ignore_ascii_case(host) && changes.contains(&line.change.as_str());
    let lines: Vec<Line> = read(evidence, |_| true).into_iter().flat_map(|(_, lines)| lines).collect();
    let mut written: Vec<_> =
        lines.iter().filter(|line| counts(line)).filter_map(|line| line.at).filter(is_recent).collect();
    written.sort_unstable();
    let pauses = written.iter().zip(written.iter().skip(1));
    let runs = pauses.filter(|(last, at)| at.duration_since(**last).as_secs() >= BETWEEN_RUNS).count();
    runs + usize::from(!written.is_empty())
}

/// The last word of a process that ended by itself.
pub(super) fn fatal(lines: &[Line]) -> Option<&Line> {
    lines.iter().rev().find(|line| line.level == "fatal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let json = r#"{"level":"error","msg":"oops","record":"a.example.com","time":"2026-01-01T00:00:00Z"}"#;
        let line = Line::parse(Provider::Cloudflare, json).unwrap();
        assert_eq!((line.level.as_str(), line.told().as_str()), ("error", "`a.example.com`: oops"));
        let text =
            r#"time="2026-01-01T00:00:00Z" level=fatal msg="flag parsing error: unknown long flag '--x'""#;
        let line = Line::parse(Provider::Cloudflare, text).unwrap();
        assert_eq!(
            (line.level.as_str(), line.short().as_str()),
            ("fatal", "flag parsing error: unknown long flag '--x'")
        );
        assert_eq!(Line::parse(Provider::Cloudflare, "panic: oh"), None);
    }
}
