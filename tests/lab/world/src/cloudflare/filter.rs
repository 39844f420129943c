//! Which records a list request means.

use std::cmp::Ordering;

use crate::state::record::Record;
use crate::state::zone::plain;

/// The query string, decoded, in its order.
pub(crate) type Query = [(String, String)];

/// The first value of this key.
pub(crate) fn value<'q>(query: &'q Query, key: &str) -> Option<&'q str> {
    query.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
}

/// The records that the query asks for, in the order that it asks for.
pub(crate) fn select<'r>(records: &'r [Record], query: &Query) -> Vec<&'r Record> {
    let any = value(query, "match") == Some("any");
    let mut found: Vec<&Record> = records
        .iter()
        .filter(|record| {
            let mut verdicts =
                query.iter().filter_map(|(key, wanted)| verdict(record, key, wanted)).peekable();
            if any && verdicts.peek().is_some() {
                verdicts.any(|good| good)
            } else {
                verdicts.all(|good| good)
            }
        })
        .collect();
    if let Some(order) = value(query, "order") {
        found.sort_by(|a, b| compare(a, b, order));
    }
    if value(query, "direction") == Some("desc") {
        found.reverse();
    }
    found
}

/// Does the record fit this filter? None if the key is no filter.
fn verdict(record: &Record, key: &str, wanted: &str) -> Option<bool> {
    let facts = &record.facts;
    // Clients write nested filters as `name.exact` or `name[exact]`.
    let key = key.trim_end_matches(']').replace('[', ".");
    let (field, how) = key.split_once('.').unwrap_or((&key, "exact"));
    let (have, wanted) = match field {
        "type" => return Some(facts.kind.as_str() == wanted),
        "proxied" => return Some(facts.proxied.to_string() == wanted),
        "search" => return Some(facts.name.contains(wanted) || facts.content.contains(wanted)),
        "name" => (facts.name.as_str(), plain(wanted)),
        "content" => (facts.content.as_str(), wanted.to_owned()),
        "comment" => (facts.comment.as_deref().unwrap_or_default(), wanted.to_owned()),
        _ => return None,
    };
    Some(match how {
        "exact" => have == wanted,
        "contains" => have.contains(&wanted),
        "startswith" => have.starts_with(&wanted),
        "endswith" => have.ends_with(&wanted),
        "present" => !have.is_empty(),
        "absent" => have.is_empty(),
        _ => return None,
    })
}

fn compare(a: &Record, b: &Record, order: &str) -> Ordering {
    let (a, b) = (&a.facts, &b.facts);
    match order {
        "type" => a.kind.as_str().cmp(b.kind.as_str()),
        "name" => a.name.cmp(&b.name),
        "content" => a.content.cmp(&b.content),
        "ttl" => a.ttl.cmp(&b.ttl),
        "proxied" => a.proxied.cmp(&b.proxied),
        _ => Ordering::Equal,
    }
}
