//! Whose the records are that the provider lists.

use super::Record;
use crate::facts::ownership::{KINDS, Owner, Ownership, registry_name};

/// The names of the TXT records of the owner `id`.
#[must_use]
pub fn claims<'r>(records: &'r [Record], id: &str) -> Vec<&'r str> {
    texts(records, id).map(|(name, _)| name).collect()
}

/// The hosts whose TXT record names this lab, each with that record's content.
#[must_use]
pub fn owned<'r>(records: &'r [Record], ours: &Ownership) -> Vec<(&'r str, Owner)> {
    let texts: Vec<(&str, Owner)> = texts(records, &ours.id).collect();
    let hosts = records.iter().filter(|record| KINDS.contains(&record.kind.as_str()));
    let found = hosts.filter_map(|record| {
        let name = registry_name(&ours.txt_prefix, &ours.wildcard_replacement, &record.kind, &record.name);
        let (_, owner) = texts.iter().find(|(txt, _)| txt.eq_ignore_ascii_case(&name))?;
        Some((record.name.as_str(), owner.clone()))
    });
    found.collect()
}

fn texts<'r>(records: &'r [Record], id: &str) -> impl Iterator<Item = (&'r str, Owner)> {
    let texts = records.iter().filter(|record| record.kind == "TXT");
    texts
        .filter_map(|txt| Some((txt.name.as_str(), Owner::parse(&txt.text())?)))
        .filter(move |(_, owner)| owner.id == id)
}
