//! The one record that answers for the names of the lab (`records: wildcard`), and what keeps it from that.

use std::collections::BTreeSet;

use serde::Serialize;

use super::ownership::owners_of;
use super::{Evidence, ProviderFailure, ProviderSeen, Record};
use crate::facts::names::is_within;
use crate::facts::ownership::{KINDS, Owner, Ownership};

/// A record that the configuration asks for in place of one for each name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WildcardRecord {
    /// Its name, `*.` included.
    pub name: String,
    /// The hosts that have no record of their own because of it.
    pub hosts: BTreeSet<String>,
}

impl WildcardRecord {
    /// Whether a host has no record of its own because of it.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        self.hosts.contains(host)
    }

    /// The name of the record by which a host is found, as far as the provider's records are known: one of the host's own, should
    /// there be one, comes before every wildcard.
    #[must_use]
    pub fn record_of<'a>(
        &'a self,
        provider: Option<&Result<ProviderSeen, ProviderFailure>>,
        host: &'a str,
    ) -> &'a str {
        let has_own =
            matches!(provider, Some(Ok(seen)) if seen.records.iter().any(|record| record.is_of_host(host)));
        if self.is_for(host) && !has_own { &self.name } else { host }
    }
}

impl Evidence {
    /// The name of the record by which a host is found.
    #[must_use]
    pub fn record_of<'a>(&'a self, host: &'a str) -> &'a str {
        self.wildcard.as_ref().map_or(host, |wildcard| wildcard.record_of(self.provider.as_ref(), host))
    }

    /// The wildcard record, where the host has no other.
    #[must_use]
    pub fn wildcard_of(&self, host: &str) -> Option<&WildcardRecord> {
        self.wildcard.as_ref().filter(|wildcard| self.record_of(host) == wildcard.name)
    }
}

/// What stands at a host or below it, other than a record of the lab's own of that host, which external-dns deletes. A wildcard
/// answers for names that do not exist, and a name exists as soon as it, or one below it, has a record of whatever kind
/// (RFC 4592, section 2.2.2).
#[must_use]
pub fn hiding<'r>(records: &'r [Record], ours: &Ownership, host: &str) -> Vec<&'r Record> {
    let is_mine = |owner: Owner| owner.id == ours.id;
    let is_registry =
        |name: &str| KINDS.iter().any(|kind| ours.txt_name(kind, host).eq_ignore_ascii_case(name));
    let is_of_host = |record: &Record| match record.kind.as_str() {
        "TXT" => is_registry(&record.name) && Owner::parse(&record.text()).is_some_and(is_mine),
        _ => record.is_of_host(host) && owners_of(records, ours, record).any(is_mine),
    };
    records.iter().filter(|record| is_within(&record.name, host) && !is_of_host(record)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Zone;

    fn record(kind: &str, name: &str, content: &str) -> Record {
        serde_json::from_value(
            serde_json::json!({ "id": name, "type": kind, "name": name, "content": content }),
        )
        .unwrap()
    }

    fn claim(owner: &str, host: &str) -> Record {
        let text = format!("\"heritage=external-dns,external-dns/owner={owner}\"");
        record("TXT", &format!("a-homelab.{host}"), &text)
    }

    fn ours() -> Ownership {
        Ownership {
            id: "lab".into(),
            txt_prefix: "%{record_type}-homelab.".into(),
            wildcard_replacement: "wildcard".into(),
        }
    }

    #[test]
    fn a_record_of_the_hosts_own_comes_before_the_wildcard() {
        let wildcard = WildcardRecord { name: "*.a.test".into(), hosts: ["nas.a.test".to_owned()].into() };
        let seen = |records: Vec<Record>| Some(Ok(ProviderSeen { zone: Zone::default(), records }));
        let found = |records| wildcard.record_of(seen(records).as_ref(), "nas.a.test").to_owned();
        assert_eq!(found(vec![record("TXT", "nas.a.test", "x")]), "*.a.test");
        assert_eq!(found(vec![record("A", "NAS.a.test", "10.0.0.2")]), "nas.a.test");
        assert_eq!(wildcard.record_of(None, "nas.a.test"), "*.a.test");
        assert_eq!(wildcard.record_of(None, "a.test"), "a.test");
    }

    #[test]
    fn what_is_at_a_name_or_below_it_hides_it_and_the_labs_own_record_of_it_does_not() {
        let records = [
            record("TXT", "_acme-challenge.nas.a.test", "\"token\""),
            record("A", "tv.a.test", "10.0.0.9"),
            record("A", "photos.a.test", "10.0.0.2"),
            claim("lab", "photos.a.test"),
            record("A", "mail.a.test", "10.0.0.7"),
            claim("other", "mail.a.test"),
            record("A", "bananas.a.test", "10.0.0.2"),
            record("A", "in.books.a.test", "10.0.0.2"),
            claim("lab", "in.books.a.test"),
        ];
        let names = |host: &str| -> Vec<String> {
            hiding(&records, &ours(), host).into_iter().map(|one| one.name.clone()).collect()
        };
        assert_eq!(names("nas.a.test"), ["_acme-challenge.nas.a.test"]);
        assert_eq!(names("tv.a.test"), ["tv.a.test"]);
        assert_eq!(names("photos.a.test"), [""; 0]);
        assert_eq!(names("mail.a.test"), ["mail.a.test", "a-homelab.mail.a.test"]);
        assert_eq!(names("books.a.test"), ["in.books.a.test", "a-homelab.in.books.a.test"]);
    }
}
