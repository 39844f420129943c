//! The record of a public name.

use std::net::IpAddr;

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::id;
use crate::checks::reading::zone::{addresses, named};
use crate::evidence::{Evidence, ProviderSeen, PublicSeen, Record};
use crate::facts::address::is_private;
use crate::facts::names::is_within;
use crate::provider::words;

const LOG: &str = "kubectl -n external-dns logs deployment/external-dns --tail=20";

pub(super) fn is_public(
    evidence: &Evidence,
    public: &PublicSeen,
    seen: &ProviderSeen,
    host: &str,
) -> Outcome {
    if !is_within(host, &seen.zone.name) {
        return Outcome::skip(format!("it is outside the zone `{}`", seen.zone.name));
    }
    let records: Vec<&Record> = named(seen, host).collect();
    let found = addresses(evidence, host);
    if let Some(private) = found.iter().find(|address| is_private(address)) {
        return is_left(evidence, host, *private).into();
    }
    let Some(target) = &public.target else {
        return Outcome::unknown("where the record is to lead could not be read");
    };
    if records.is_empty() {
        if target.is_empty() {
            return Outcome::Blocked { by: id::ADDRESS };
        }
        return Finding::new(
            format!("`{host}` is public, but the zone has no record of it"),
            "external-dns has not written it yet",
            "wait a minute; if it stays, the log of external-dns says why",
        )
        .look(LOG)
        .heals()
        .into();
    }
    let leads = records.iter().any(|record| {
        let content = record.content.trim_end_matches('.');
        matches!(record.kind.as_str(), "A" | "AAAA" | "CNAME") && content.eq_ignore_ascii_case(target)
    });
    let is_right = leads && found.iter().all(|address| *target == address.to_string());
    let saw = match found.is_empty() {
        true => records.iter().map(|record| record.content.clone()).collect::<Vec<_>>().join(", "),
        false => list(&found),
    };
    if !target.is_empty() && !is_right {
        return Finding::new(
            format!("the record of the public name `{host}` leads to {saw}, not to {target}"),
            "external-dns has not written the new one yet, or somebody else wrote this one",
            "wait a minute; if it stays, delete the record by hand: external-dns creates its own",
        )
        .look(LOG)
        .heals()
        .into();
    }
    let proxied = records.iter().any(|record| record.proxied);
    match (words(evidence.dns).proxy.is_some(), proxied == public.proxied) {
        (true, false) => Finding::new(
            format!("the record `{host}` is {}proxied", if proxied { "" } else { "not " }),
            format!("`public.proxied` is `{}`, and somebody has switched the record by hand", public.proxied),
            "wait a minute: external-dns switches it back; or change `public.proxied`",
        )
        .look(LOG)
        .heals()
        .into(),
        _ => Outcome::pass(format!("{saw}{}", if proxied { ", proxied" } else { "" })),
    }
}

/// A record of before, or one by hand.
fn is_left(evidence: &Evidence, host: &str, private: IpAddr) -> Finding {
    Finding::new(
        format!("`{host}` is public, but its record leads to the private address {private}"),
        "the name became public a moment ago, and external-dns writes the new record within a minute; or somebody wrote this one by hand, or an annotation \
         of external-dns at another object claims the name",
        format!("wait a minute; if it stays, delete the record in {}: external-dns creates its own", words(evidence.dns).records_page),
    )
    .look(LOG)
    .heals()
}
