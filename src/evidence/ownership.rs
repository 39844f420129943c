//! Whose the records are that the provider lists.

use std::collections::BTreeSet;

use super::Record;
use crate::facts::organisations;
use crate::facts::ownership::{KINDS, Owner, Ownership};

/// The names of the TXT records of the owner `id`.
#[must_use]
pub fn claims<'r>(records: &'r [Record], id: &str) -> Vec<&'r str> {
    texts(records).filter(|(_, owner)| owner.id == id).map(|(name, _)| name).collect()
}

/// The names of the TXT records that a namespace of the organisation wrote, in the zone that the records are of.
#[must_use]
pub fn claims_of_organisation<'r>(records: &'r [Record], lab: &str, organisation: &str) -> Vec<&'r str> {
    let is_its = |owner: &Owner| organisations::of(lab, &owner.id) == Some(organisation);
    texts(records).filter(|(_, owner)| is_its(owner)).map(|(name, _)| name).collect()
}

/// What is published on purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What lives, as TXT records name it: `ingress/namespace/name`.
    pub resources: BTreeSet<String>,
    /// The hosts that something that lives asks for: external-dns keeps their records, for whatever it wrote them first.
    pub hosts: BTreeSet<String>,
}

/// What is at the provider of a lab, and is wanted no more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unwanted {
    /// The names with a record that was written for something that is gone: external-dns deletes these, and their TXT records.
    pub hosts: BTreeSet<String>,
    /// TXT records that stand for no record any more. external-dns reads each as a note about another record (its TXT
    /// registry), so it deletes none of these by itself.
    pub alone: BTreeSet<String>,
}

/// What of the lab's records is unwanted, as their TXT records say. Records of others are never among it.
#[must_use]
pub fn unwanted(records: &[Record], ours: &Ownership, wanted: &Wanted) -> Unwanted {
    let is_wanted = |host: &str, owner: &Owner| {
        owner.resource.as_ref().is_some_and(|resource| wanted.resources.contains(resource))
            || wanted.hosts.iter().any(|one| one.eq_ignore_ascii_case(host))
    };
    let there = owned(records, ours);
    let names_of = |host: &str| KINDS.map(|kind| ours.txt_name(kind, &host.to_lowercase()));
    let of_records: BTreeSet<String> = there.iter().flat_map(|(host, _)| names_of(host)).collect();
    let of_hosts: BTreeSet<String> = wanted.hosts.iter().flat_map(|host| names_of(host)).collect();
    let alone = texts(records).filter(|(_, owner)| ours.is_own(&owner.id)).filter(|(txt, owner)| {
        let txt = txt.to_lowercase();
        !of_records.contains(&txt) && !of_hosts.contains(&txt) && !is_wanted("", owner)
    });
    Unwanted {
        alone: alone.map(|(txt, _)| txt.to_owned()).collect(),
        hosts: there
            .iter()
            .filter(|(host, owner)| !is_wanted(host, owner))
            .map(|(host, _)| (*host).to_owned())
            .collect(),
    }
}

impl Unwanted {
    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.alone.is_empty()
    }

    /// Everything, each as people know it.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.hosts.iter().cloned().chain(self.alone.iter().map(|txt| format!("TXT {txt}"))).collect()
    }
}

/// The hosts whose TXT record names this lab, each with that record's content.
#[must_use]
pub fn owned<'r>(records: &'r [Record], ours: &Ownership) -> Vec<(&'r str, Owner)> {
    let hosts = records.iter().filter(|record| KINDS.contains(&record.kind.as_str()));
    let found = hosts.filter_map(|record| {
        let owner = owners_of(records, ours, record).find(|owner| ours.is_own(&owner.id))?;
        Some((record.name.as_str(), owner))
    });
    found.collect()
}

/// Whose a record is, by the TXT records that stand for it: nobody's, one lab's, or that of each which wrote one.
pub fn owners_of(records: &[Record], ours: &Ownership, record: &Record) -> impl Iterator<Item = Owner> {
    let name = ours.txt_name(&record.kind, &record.name);
    let texts = records.iter().filter(|text| text.kind == "TXT");
    texts
        .filter(move |text| text.name.eq_ignore_ascii_case(&name))
        .filter_map(|text| Owner::parse(&text.text()))
}

/// The TXT records that say whose something is.
fn texts(records: &[Record]) -> impl Iterator<Item = (&str, Owner)> {
    let texts = records.iter().filter(|record| record.kind == "TXT");
    texts.filter_map(|txt| Some((txt.name.as_str(), Owner::parse(&txt.text())?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str, name: &str, content: &str) -> Record {
        serde_json::from_value(serde_json::json!({ "id": name, "type": kind, "name": name, "content": content, "ttl": 60, "proxied": false }))
            .unwrap()
    }

    fn claim(owner: &str, host: &str, resource: &str) -> Record {
        let text =
            format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}\"");
        record("TXT", &format!("a-homelab.{host}"), &text)
    }

    fn ours() -> Ownership {
        Ownership {
            id: "lab".into(),
            txt_prefix: "%{record_type}-homelab.".into(),
            wildcard_replacement: "wildcard".into(),
        }
    }

    fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
        names.map(str::to_owned).into()
    }

    #[test]
    fn the_records_of_another_cluster_in_the_zone_and_of_people_are_nobodys_to_wait_for() {
        let records = [
            record("A", "other.example.com", "10.0.0.2"),
            claim("other", "other.example.com", "ingress/homelab/nas"),
            claim("other", "alone.example.com", "ingress/homelab/alone"),
            record("A", "by-hand.example.com", "10.0.0.2"),
            record("TXT", "by-hand.example.com", "\"v=spf1 -all\""),
        ];
        assert_eq!(unwanted(&records, &ours(), &Wanted::default()), Unwanted::default());
    }

    #[test]
    fn what_was_written_for_something_that_is_gone_goes_and_nothing_else() {
        let records = [
            record("A", "nas.example.com", "10.0.0.2"),
            record("AAAA", "nas.example.com", "fd00::2"),
            claim("lab", "nas.example.com", "ingress/homelab/nas"),
            record("A", "*.example.com", "10.0.0.2"),
            claim("lab", "wildcard.example.com", "ingress/homelab/all"),
            record("A", "blog.example.com", "10.0.0.2"),
            claim("lab", "blog.example.com", "ingress/blog/blog"),
            claim("lab", "half.example.com", "ingress/homelab/half"),
            claim("lab", "comes.example.com", "ingress/blog/blog"),
        ];
        let wanted = Wanted { resources: set(["ingress/blog/blog"]), ..Wanted::default() };
        let found = unwanted(&records, &ours(), &wanted);
        assert_eq!(found.hosts, set(["*.example.com", "nas.example.com"]));
        assert_eq!(found.alone, set(["a-homelab.half.example.com"]));
        assert_eq!(found.names().len(), 3);
    }

    #[test]
    fn a_host_that_a_strangers_ingress_has_too_keeps_its_records_and_is_not_waited_for() {
        let records = [
            record("A", "nas.example.com", "10.0.0.2"),
            claim("lab", "nas.example.com", "ingress/homelab/nas"),
            claim("lab", "new.example.com", "ingress/homelab/nas"),
        ];
        let wanted = Wanted { hosts: set(["NAS.example.com", "new.example.com"]), ..Wanted::default() };
        assert!(unwanted(&records, &ours(), &wanted).is_empty());
    }
}
