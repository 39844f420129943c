//! What the nodes hide: in the house they answer for the whole domain, and what only public DNS has does not exist there.

use std::collections::BTreeSet;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::unseen;
use crate::evidence::ownership::owned;
use crate::evidence::{Evidence, OwnServersSeen, Record};
use crate::facts::challenge_server::LABEL;
use crate::facts::names::{CHALLENGE, is_within};

/// What people look names up for; external-dns' TXT records and those of challenges are none of it.
const LOOKED_UP: [&str; 4] = ["A", "AAAA", "CNAME", "MX"];
/// How many names are told.
const TOLD: usize = 5;

pub(super) fn judge(evidence: &Evidence, own: &OwnServersSeen) -> Outcome {
    let seen = match &evidence.provider {
        _ if evidence.dns.is_on_nodes() => return Outcome::skip("only the nodes know these names"),
        Some(Ok(seen)) => seen,
        _ => return unseen(evidence),
    };
    // Each node's external-dns reads what that of the provider reads.
    let ours = evidence.owner.as_ref().map(|ours| owned(&seen.records, ours)).unwrap_or_default();
    let in_house = |record: &&Record| {
        let is = |name: &str| name.eq_ignore_ascii_case(&record.name);
        // Mail has no place in the house at all.
        record.kind != "MX"
            && (evidence.wildcard.as_ref().is_some_and(|wildcard| is(&wildcard.name))
                || ours.iter().any(|(host, _)| is(host))
                || evidence.hosts.keys().any(|host| is(host))
                || own.hosts.iter().any(|host| is(&host.name)))
    };
    let public = seen
        .records
        .iter()
        .filter(|record| LOOKED_UP.contains(&record.kind.as_str()) && is_within(&record.name, &own.zone))
        .filter(|record| !is_for_challenges(evidence, &record.name));
    let hidden: BTreeSet<String> =
        public.filter(|record| !in_house(record)).map(|record| record.name.clone()).collect();
    let hidden: Vec<String> = hidden.into_iter().collect();
    if hidden.is_empty() {
        return Outcome::pass("the nodes have every name of the domain that public DNS has");
    }
    let more = match hidden.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Finding::new(
        format!("the nodes do not have {}{more}, which public DNS has", quoted(hidden.get(..TOLD).unwrap_or(&hidden))),
        format!("in the house the nodes answer for the whole domain `{}`: what they do not have does not exist there", own.zone),
        "add the addresses that the house needs to `dns.hosts`, or set `domain` to a part of your zone that is the lab's alone, such as `home.example.com`",
    )
    .into()
}

/// Whether a name is there for an ACME server, which asks public DNS: where a challenge leads, or the lab's own server for them.
fn is_for_challenges(evidence: &Evidence, name: &str) -> bool {
    let label = name.split('.').next().unwrap_or(name);
    let own = evidence.has_own_challenge_server();
    label.eq_ignore_ascii_case(CHALLENGE) || own && label.eq_ignore_ascii_case(LABEL)
}
