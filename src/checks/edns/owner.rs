//! Whose the record of a host is.

use crate::checks::edns::{owners, registry};
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::named;
use crate::evidence::{Evidence, ProviderSeen, Record};
use crate::facts::ownership::{Owner, Ownership};
use crate::provider::words;

/// What every external-dns is called that was not told otherwise (external-dns, docs/flags.md).
const ANYBODY: &str = "default";

/// The owner that another one's TXT record names for the host.
fn foreign<'a>(owners: &'a [Owner], ours: &str) -> Option<&'a Owner> {
    owners.iter().find(|owner| owner.id != ours)
}

pub(super) fn is_this_lab(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let Some(ours) = &evidence.owner else {
        return Outcome::unknown("this lab's owner id is not known");
    };
    let owners = owners(seen, ours, host);
    let record = named(seen, host).next();
    if owners.iter().any(|owner| owner.id == ours.id) {
        return match record {
            Some(_) => Outcome::pass(format!("owner `{}`", ours.id)),
            None => Outcome::skip("there is no record yet"),
        };
    }
    let Some(record) = record else {
        return match foreign(&owners, &ours.id) {
            // external-dns makes the record and keeps a TXT record that is there, so that the new record is the other's.
            Some(other) => another(
                words(evidence.dns).records_page,
                &format!("the name `{host}`, which has no address,"),
                other,
                &ours.id,
                &of_name(seen, ours, host),
            ),
            None => Outcome::skip("there is no record yet"),
        };
    };
    let what = format!("the {} record `{host}` ({})", record.kind, record.content);
    if let Some(other) = foreign(&owners, &ours.id) {
        return another(words(evidence.dns).records_page, &what, other, &ours.id, &of_name(seen, ours, host));
    }
    let (summary, fix) = (
        format!(
            "external-dns does not own {what}: the TXT record `{}` that marks its owner is missing",
            registry(ours, &record.kind, host)
        ),
        format!(
            "in {}, delete {}; or give the service another name",
            words(evidence.dns).records_page,
            of_name(seen, ours, host)
        ),
    );
    let cause = match record.kind.as_str() {
        "CNAME" => {
            "it was made by hand, or by another program. A name with a CNAME cannot have an address record, and external-dns never changes a record that it does not own"
        }
        _ => {
            "it was made by hand, or its TXT record was deleted. external-dns never changes a record without it; once you delete the record, external-dns creates the right one within a minute"
        }
    };
    Finding::new(summary, cause, fix).into()
}

/// Everything that a name has, as the dashboard lists it: its records, and the TXT records that say whose they are.
fn of_name(seen: &ProviderSeen, ours: &Ownership, host: &str) -> String {
    let mut found: Vec<String> = Vec::new();
    for record in named(seen, host) {
        found.push(format!("{} `{host}` ({})", record.kind, record.content));
        let name = registry(ours, &record.kind, host);
        let text = format!("TXT `{name}`");
        let is_name = |record: &Record| record.kind == "TXT" && record.name.eq_ignore_ascii_case(&name);
        if seen.records.iter().any(is_name) && !found.contains(&text) {
            found.push(text);
        }
    }
    if found.is_empty() { format!("the TXT records of `{host}`") } else { found.join(", ") }
}

fn another(page: &str, what: &str, other: &Owner, ours: &str, gone: &str) -> Outcome {
    let made_for =
        other.resource.as_ref().map(|resource| format!(", made for `{resource}`")).unwrap_or_default();
    Finding::new(
        format!("{what} belongs to `{}`, not to `{ours}`{made_for}", other.id),
        "another lab or an earlier installation made it with another owner id; external-dns leaves it alone",
        format!(
            "if that lab no longer exists, delete {gone} in {page}; external-dns then creates the right record within a minute. \
             If it still exists, give this service another name"
        ),
    )
    .into()
}

/// Whether the owner id tells this lab from any other.
pub(super) fn unique(evidence: &Evidence) -> Outcome {
    match &evidence.owner {
        None => Outcome::skip("external-dns is not part of this lab"),
        Some(ours) if ours.id == ANYBODY => Finding::new(
            "the owner id of this lab is `default`",
            "`default` is the owner id of every external-dns that sets none. A second one on the same zone would treat these records as its own and delete them",
            "set `dns.owner` to a name that only this lab uses, before you start a second one. external-dns does not change records of the old owner id: delete them, and it creates them again",
        )
        .into(),
        Some(ours) => Outcome::pass(format!("`{}`", ours.id)),
    }
}
