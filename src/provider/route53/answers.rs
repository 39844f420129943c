//! What the API answers, in neutral words.

use aws_sdk_route53::types::{HostedZone, ResourceRecordSet};

use crate::evidence::{Record, Zone};

/// What stands before the id of a zone in answers of the API.
const BEFORE_ID: &str = "/hostedzone/";

/// Without the final dot, in lower case, each character for itself: the API writes those that a host name does not have as `\` and
/// three octal digits, the star of a wildcard too (Route 53 developer guide, "DNS domain name format").
pub(super) fn plain(name: &str) -> String {
    let mut found = String::new();
    let mut rest = name.trim_end_matches('.');
    while let Some((before, after)) = rest.split_once('\\') {
        found.push_str(before);
        let octal = after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal.filter(u8::is_ascii) {
            Some(byte) => {
                found.push(char::from(byte));
                rest = &after[3..];
            }
            None => {
                found.push('\\');
                rest = after;
            }
        }
    }
    found.push_str(rest);
    found.to_ascii_lowercase()
}

/// The id of a zone, without the path before it.
pub(super) fn id(zone: &HostedZone) -> &str {
    zone.id().trim_start_matches(BEFORE_ID)
}

/// Whether only networks in Amazon's cloud can ask for it.
pub(super) fn is_private(zone: &HostedZone) -> bool {
    zone.config().is_some_and(|config| config.private_zone())
}

/// A public zone; it answers from when it is made.
pub(super) fn zone(zone: &HostedZone) -> Zone {
    Zone { id: id(zone).to_owned(), name: plain(zone.name()), status: "active".to_owned(), ..Zone::default() }
}

/// Each record of a set; of an alias, the name that it stands for.
pub(super) fn records(set: &ResourceRecordSet) -> Vec<Record> {
    let kind = set.r#type().as_str();
    let content = |value: &str| match kind {
        "CNAME" | "NS" | "PTR" => plain(value),
        _ => value.to_owned(),
    };
    let record = |content| Record {
        id: String::new(),
        name: plain(set.name()),
        kind: kind.to_owned(),
        content,
        proxied: false,
        ttl: set.ttl().and_then(|ttl| u32::try_from(ttl).ok()).unwrap_or_default(),
        created_on: None,
        modified_on: None,
    };
    let alias = set.alias_target().map(|target| record(plain(target.dns_name())));
    set.resource_records().iter().map(|one| record(content(one.value()))).chain(alias).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_with_its_escapes() {
        assert_eq!(plain("\\052.Example.com."), "*.example.com");
        assert_eq!(plain("_acme-challenge.example.com."), "_acme-challenge.example.com");
        assert_eq!(plain("a\\x.example.com."), "a\\x.example.com");
        assert_eq!(plain("\\"), "\\");
    }
}
