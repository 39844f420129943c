//! `dns.publish: false`: public DNS is to have no record of the lab. external-dns reads no Ingress then, and deletes what it owns.

use crate::checks::edns::service::LOG;
use crate::checks::edns::{owner, sync};
use crate::checks::engine::words::{list, quoted};
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::reading::zone::{addresses, named};
use crate::evidence::ownership::owned;
use crate::evidence::{Evidence, ProviderSeen, Record};
use crate::provider::words;

/// Why nothing is said of whose a record is.
pub(super) const NOTHING: &str = "nothing is published (`dns.publish: false`)";

/// How many names are told.
const TOLD: usize = 5;

/// Whether the provider has no record of a host.
pub(super) fn is_nothing(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let records: Vec<&Record> = named(seen, host).collect();
    if records.is_empty() {
        return Outcome::pass(format!("public DNS has no record: {NOTHING}"));
    }
    let what = match addresses(evidence, host) {
        found if found.is_empty() => String::new(),
        found => format!(" ({})", list(&found)),
    };
    if owner::is_owned(evidence, seen, host) {
        return still_there(evidence, format!("public DNS still has the record `{host}`{what}"));
    }
    Finding::new(
        format!("public DNS has a record `{host}`{what}, which homelab did not write"),
        "somebody made it by hand, or another program did: external-dns deletes the records alone that it owns",
        format!("delete it in {} if nobody outside the house needs it", words(evidence.dns).records_page),
    )
    .only(Severity::Warning)
    .into()
}

/// The records of this lab that are there all the same.
pub(super) fn left(evidence: &Evidence, seen: &ProviderSeen) -> Outcome {
    let Some(ours) = &evidence.owner else {
        return Outcome::skip("homelab does not run external-dns here");
    };
    let mut left: Vec<String> =
        owned(&seen.records, ours).into_iter().map(|(host, _)| host.to_owned()).collect();
    left.sort_unstable();
    left.dedup();
    if left.is_empty() {
        return Outcome::pass(format!("public DNS has no record of homelab: {NOTHING}"));
    }
    let shown = quoted(left.get(..TOLD).unwrap_or(&left));
    let more = match left.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    still_there(evidence, format!("public DNS still has records of homelab: {shown}{more}"))
}

fn still_there(evidence: &Evidence, summary: String) -> Outcome {
    Finding::new(
        summary,
        "`dns.publish` is `false` since a moment ago: external-dns deletes the records that it owns within a minute",
        "wait a minute; if it stays, run `homelab up`, and search for the name in its log: an error says why it cannot delete it",
    )
    .look(LOG)
    .heals()
    .retry_at(sync::next_look(evidence))
    .into()
}
