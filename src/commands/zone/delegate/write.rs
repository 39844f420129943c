//! `homelab zone delegate --write` and `--remove`: the records in the provider's own zone.
//!
//! Whose a record is can be told by its content alone. external-dns' TXT records cannot stand beside a delegation: in the zone above,
//! what lies at or below it is no part of the zone any more (RFC 1034, section 4.2.1). So an equal record is taken as it is, a different
//! one is never changed, and only what is there exactly as homelab would enter it is removed.

use crate::commands::planned::refused;
use crate::commands::zone::delegate::Wanted;
use crate::config::{Config, ParentRecord};
use crate::error::{Error, Result};
use crate::evidence::{Record, Zone};
use crate::facts::names::is_within;
use crate::machine::token;
use crate::provider::{self, Client};

/// What became of each record.
#[derive(Debug)]
pub(super) struct Done {
    zone: String,
    states: Vec<(ParentRecord, State)>,
}

/// What is so of a record, or has been done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Written,
    There,
    Removed,
    Gone,
    Elsewhere,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::There => "there",
            Self::Removed => "removed",
            Self::Gone => "gone",
            Self::Elsewhere => "elsewhere",
        }
    }

    fn told(self, zone: &str) -> String {
        match self {
            Self::Written => format!("entered in the zone {zone}"),
            Self::There => "is there already".to_owned(),
            Self::Removed => format!("deleted in the zone {zone}"),
            Self::Gone => "is not there".to_owned(),
            Self::Elsewhere => format!("not in the zone {zone}: enter it by hand where its zone is"),
        }
    }
}

impl Done {
    /// Its word for machines.
    pub(super) fn state(&self, record: &ParentRecord) -> Option<&'static str> {
        self.states.iter().find(|(known, _)| known == record).map(|(_, state)| state.word())
    }

    /// A line for each.
    pub(super) fn told(&self) -> String {
        let line = |(record, state): &(ParentRecord, State)| {
            format!("{} {} {}: {}\n", record.name, record.kind, record.content, state.told(&self.zone))
        };
        self.states.iter().map(line).collect()
    }
}

/// Asks the provider, and changes what has to be changed.
///
/// # Errors
/// When somebody else's record is in the way: nothing is changed then. And what the provider refuses.
pub(super) async fn write(config: &Config, wanted: &[Wanted], removes: bool) -> Result<Done> {
    let provider = config.dns.provider;
    if provider.is_on_nodes() || config.dns.elsewhere().is_some() {
        let why = match provider.is_on_nodes() {
            true => format!("`dns.provider: {}` has no zone in public DNS", provider.facts().key),
            false => {
                "the provider's zone is that of the challenges, and the records belong in that of the names"
                    .to_owned()
            }
        };
        return Err(Error::usage("homelab cannot write these records")
            .because(why)
            .hint("enter them by hand where that zone is: `homelab zone delegate` prints them"));
    }
    let client = Client::new(config, &token::read(config)?).map_err(|fault| refused(provider, fault))?;
    let zone =
        client.check(config.zone_or_domain().as_str()).await.map_err(|fault| refused(provider, fault))?;
    let records = client.records(&zone, None).await.map_err(|fault| refused(provider, fault))?;
    let wanted: Vec<&ParentRecord> = wanted.iter().map(|one| &one.record).collect();
    let states = match removes {
        true => removed(&client, &zone, &wanted, &records).await?,
        false => written(&client, &zone, &wanted, &records).await?,
    };
    Ok(Done { zone: zone.name, states })
}

async fn written(
    client: &Client,
    zone: &Zone,
    wanted: &[&ParentRecord],
    records: &[Record],
) -> Result<Vec<(ParentRecord, State)>> {
    let words = provider::words(client.provider());
    let strangers: Vec<String> = wanted
        .iter()
        .flat_map(|wanted| in_the_way(wanted, records).map(|record| (*wanted, record)))
        .map(|(wanted, record)| {
            format!(
                "`{} {} {}` is there, and not `{} {}`",
                record.name, record.kind, record.content, wanted.kind, wanted.content
            )
        })
        .collect();
    if !strangers.is_empty() {
        let mut error = Error::wrong("records of somebody else are in the way, so nothing was changed");
        for stranger in strangers {
            error = error.because(stranger);
        }
        return Err(error.hint(format!(
            "if nobody needs them, delete them in {}, then run `homelab zone delegate --write` again; or choose another name for `dns.challengeZone`",
            words.records_page
        )));
    }
    let mut states = Vec::new();
    for record in wanted {
        let state = match () {
            () if !is_within(&record.name, &zone.name) => State::Elsewhere,
            () if records.iter().any(|there| is_same(record, there)) => State::There,
            () => {
                client.enter(zone, record).await.map_err(|fault| refused(client.provider(), fault))?;
                State::Written
            }
        };
        states.push(((*record).clone(), state));
    }
    Ok(states)
}

async fn removed(
    client: &Client,
    zone: &Zone,
    wanted: &[&ParentRecord],
    records: &[Record],
) -> Result<Vec<(ParentRecord, State)>> {
    let mut states = Vec::new();
    for record in wanted {
        let there = records.iter().find(|there| is_same(record, there));
        let state = match there {
            _ if !is_within(&record.name, &zone.name) => State::Elsewhere,
            None => State::Gone,
            Some(there) => {
                client.take_out(zone, there).await.map_err(|fault| refused(client.provider(), fault))?;
                State::Removed
            }
        };
        states.push(((*record).clone(), state));
    }
    Ok(states)
}

/// What of others at the name does not go together with the record: another answer of its type, and an alias beside anything (RFC
/// 1034, section 3.6.2). At a delegation, nothing but NS records may be: everything else would not be found any more.
fn in_the_way<'r>(wanted: &'r ParentRecord, records: &'r [Record]) -> impl Iterator<Item = &'r Record> {
    let of_name = records.iter().filter(|record| record.name.eq_ignore_ascii_case(&wanted.name));
    of_name.filter(move |record| !is_same(wanted, record) && clashes(wanted.kind, &record.kind))
}

fn clashes(wanted: &str, there: &str) -> bool {
    match wanted {
        "NS" | "CNAME" => true,
        // The other family of addresses is another way to the same machine, which is not the server's.
        "A" | "AAAA" => ["A", "AAAA", "CNAME"].contains(&there),
        _ => there == wanted || there == "CNAME",
    }
}

fn is_same(wanted: &ParentRecord, there: &Record) -> bool {
    let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
    plain(&there.name) == plain(&wanted.name)
        && there.kind == wanted.kind
        && plain(&there.content) == plain(&wanted.content)
        && !there.proxied
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::config;
    use crate::provider::Keyring;
    use crate::provider::paper::{Drawer, lay_in, record};

    const DNS: &str = "provider: slate, server: wall.test, zone: example.com, challengeZone: acme.example.com, challengeServer: 203.0.113.7";

    /// What came of it, and what is in the zone then.
    async fn ran(there: &[(&str, &str, &str)], removes: bool) -> (Result<Done>, Vec<String>) {
        let records = there.iter().map(|(kind, name, content)| record(kind, name, content)).collect();
        let drawer: Drawer = Arc::new(Mutex::new(Some(records)));
        lay_in(&drawer);
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ncertificates: wildcard\ndns: {{ {DNS} }}\n"
        );
        let config = config::parse(&text).unwrap();
        assert!(Client::new(&config, &Keyring::default()).is_ok());
        let done = write(&config, &super::super::wanted(&config), removes).await;
        let left = drawer.lock().unwrap().clone().unwrap();
        (done, left.iter().map(|one| format!("{} {} {}", one.name, one.kind, one.content)).collect())
    }

    const NS: (&str, &str, &str) = ("NS", "acme.example.com", "homelab-ns.acme.example.com");
    const GLUE: (&str, &str, &str) = ("A", "homelab-ns.acme.example.com", "203.0.113.7");
    const ALIAS: (&str, &str, &str) =
        ("CNAME", "_acme-challenge.home.example.com", "_acme-challenge.home.example.com.acme.example.com");

    #[tokio::test]
    async fn a_strangers_record_is_never_changed_and_nothing_else_is_written_beside_it() {
        for (kind, name, content) in [
            ("NS", "acme.example.com", "ns.stranger.example"),
            ("CNAME", "acme.example.com", "stranger.example"),
            ("A", "acme.example.com", "198.51.100.9"),
            ("A", "homelab-ns.acme.example.com", "198.51.100.9"),
            ("AAAA", "homelab-ns.acme.example.com", "2001:db8::9"),
            ("CNAME", "_acme-challenge.home.example.com", "stranger.example"),
            ("TXT", "_acme-challenge.home.example.com", "\"a proof of somebody else's\""),
        ] {
            let (done, left) = ran(&[(kind, name, content)], false).await;
            let error = done.unwrap_err().to_string();
            assert!(error.contains(content) && error.contains("nothing was changed"), "{error}");
            assert_eq!(left, [format!("{name} {kind} {content}")]);
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_written_and_what_is_there_is_left() {
        let (done, left) = ran(&[NS], false).await;
        let done = done.unwrap();
        let words: Vec<&str> = done.states.iter().map(|(_, state)| state.word()).collect();
        assert_eq!(words, ["there", "written", "written"], "{}", done.told());
        assert_eq!(left.len(), 3, "{left:?}");
        let (again, left) = ran(&[NS, GLUE, ALIAS], false).await;
        assert!(again.unwrap().states.iter().all(|(_, state)| *state == State::There));
        assert_eq!(left.len(), 3);
    }

    #[tokio::test]
    async fn a_removal_takes_what_is_exactly_ours_and_nothing_beside_it() {
        let other = ("NS", "acme.example.com", "ns.stranger.example");
        let (done, left) = ran(&[NS, other, ALIAS, ("A", "home.example.com", "192.168.1.2")], true).await;
        let words: Vec<&str> = done.unwrap().states.iter().map(|(_, state)| state.word()).collect();
        assert_eq!(words, ["removed", "gone", "removed"]);
        assert_eq!(left, ["acme.example.com NS ns.stranger.example", "home.example.com A 192.168.1.2"]);
    }

    #[tokio::test]
    async fn where_the_provider_has_none_of_these_zones_nothing_is_asked() {
        let local = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: local, challengeZone: acme.example.com, challengeServer: 203.0.113.7 }\n";
        let config = config::parse(local).unwrap();
        let error = write(&config, &super::super::wanted(&config), false).await.unwrap_err().to_string();
        assert!(error.contains("no zone in public DNS") && error.contains("by hand"), "{error}");
    }
}
