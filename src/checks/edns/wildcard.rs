//! Wildcard records: the lab's own (`records: wildcard`), what it does not answer for, and those of others.

use std::collections::BTreeSet;

use crate::checks::edns::{UNREACHED, content, is_unreached, owner};
use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::id;
use crate::checks::reading::zone;
use crate::evidence::wildcard::{WildcardRecord, hiding};
use crate::evidence::{Evidence, ProviderSeen, Record};
use crate::facts::names::is_within;
use crate::facts::ownership::KINDS;
use crate::provider::words;

/// How many records are told.
const TOLD: usize = 5;

/// Whether the lab's own record is this lab's, and says where the nodes are; `None` where each name has a record.
pub(super) fn own(evidence: &Evidence) -> Option<Outcome> {
    let wildcard = evidence.wildcard.as_ref()?;
    Some(match &evidence.provider {
        Some(Ok(seen)) => match owner::is_this_lab(evidence, seen, &wildcard.name) {
            Outcome::Fail(finding) => finding.into(),
            _ => content::is_right(evidence, seen, &wildcard.name),
        },
        Some(Err(failure)) if is_unreached(&failure.error) && evidence.has_house() => {
            Outcome::skip(UNREACHED)
        }
        _ => zone::unseen(evidence),
    })
}

/// What is said of a host that has no record of its own.
pub(super) fn of_host(
    evidence: &Evidence,
    seen: &ProviderSeen,
    host: &str,
    wildcard: &WildcardRecord,
) -> (Outcome, Outcome) {
    let owner = Outcome::skip(format!("it has no record of its own: `{}` answers for it", wildcard.name));
    let Some(ours) = &evidence.owner else {
        return (owner, Outcome::unknown("this cluster's owner id is not known"));
    };
    let by = hiding(&seen.records, ours, host);
    let records = match own(evidence) {
        _ if !by.is_empty() => hidden(evidence, host, wildcard, &by).into(),
        Some(Outcome::Fail(_)) => Outcome::Blocked { by: id::WILDCARD_RECORD },
        _ => Outcome::pass(format!("{} by `{}`", list(&zone::addresses(evidence, host)), wildcard.name)),
    };
    (owner, records)
}

fn hidden(evidence: &Evidence, host: &str, wildcard: &WildcardRecord, by: &[&Record]) -> Finding {
    let all: BTreeSet<String> =
        by.iter().map(|record| format!("{} `{}`", record.kind, record.name)).collect();
    let shown: Vec<&str> = all.iter().take(TOLD).map(String::as_str).collect();
    let more = match all.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Finding::new(
        format!(
            "the wildcard record `{}` does not answer for `{host}`, because the zone has {}{more}",
            wildcard.name,
            shown.join(", ")
        ),
        "a wildcard answers for names that do not exist, and a name exists as soon as it, or one below it, has a record of any kind (RFC 4592). \
         Somebody made that record by hand, another program did, for a challenge for example, or an Ingress has a name below this one",
        format!(
            "if nobody needs it, delete it in {}; otherwise give the service another name, or set `records: per-host`",
            words(evidence.dns).records_page
        ),
    )
}

/// A record of others that answers for every name without one of its own.
pub(super) fn of_others(evidence: &Evidence, seen: &ProviderSeen) -> Outcome {
    let own = evidence.wildcard.as_ref().map(|wildcard| wildcard.name.as_str());
    let catches = |record: &&Record| {
        let rest = record.name.strip_prefix("*.").filter(|_| KINDS.contains(&record.kind.as_str()));
        rest.is_some_and(|rest| evidence.hosts.keys().any(|host| host != rest && is_within(host, rest)))
            && !evidence.hosts.contains_key(&record.name)
            && own != Some(&record.name)
    };
    match (seen.records.iter().find(catches), own) {
        (None, None) => Outcome::pass("no wildcard record covers homelab's names"),
        (None, Some(own)) => Outcome::pass(format!("no wildcard record but `{own}`, as `records` says")),
        (Some(record), _) => Finding::new(
            format!("the record `{}` ({}) answers for every name that has no record of its own", record.name, record.content),
            "a mistyped name, or one that does not exist yet, resolves, too. If that domain is a search domain \
             of the nodes, pods reach this address in place of the internet",
            format!("keep it if you want it; otherwise delete it in {}", words(evidence.dns).records_page),
        )
        .into(),
    }
}
