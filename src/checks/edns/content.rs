//! What the record of a host says.

use std::net::IpAddr;

use serde_json::Value;

use crate::checks::edns::{filter, flags, log, owner, service, sync, wait};
use crate::checks::engine::words::{list, span};
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::{addresses, named};
use crate::evidence::{Evidence, ProviderSeen, Record, View};
use crate::facts::address::is_private;
use crate::facts::names::is_within;
use crate::provider::words;

pub(super) fn is_right(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let zone = &seen.zone.name;
    if !is_within(host, zone) {
        return Outcome::skip(format!("it is outside the zone `{zone}`"));
    }
    let words = words(evidence.dns);
    let records: Vec<&Record> = named(seen, host).collect();
    if records.is_empty() {
        return missing(evidence, seen, host);
    }
    if let Some(alias) = records.iter().find(|record| record.kind == "CNAME") {
        return Finding::new(
            format!("`{host}` is a CNAME to `{}`", alias.content),
            "a name with a CNAME cannot have an address record. external-dns creates a CNAME if the Ingress has the annotation `target` with a name",
            format!("delete the CNAME `{host}` in {}, or remove the annotation `target`", words.records_page),
        )
        .into();
    }
    if let Some(proxy) = words.proxy.as_ref().filter(|_| records.iter().any(|record| record.proxied)) {
        return Finding::new(format!("the record `{host}` is proxied"), proxy.hides, proxy.switch_off).into();
    }
    compare(evidence, seen, host, &records)
}

fn compare(evidence: &Evidence, seen: &ProviderSeen, host: &str, records: &[&Record]) -> Outcome {
    let found = addresses(evidence, host);
    let status = evidence.status_of(host);
    if let Some(public) = found.iter().find(|address| !is_private(address)) {
        return Finding::new(
            format!("the record `{host}` holds the public address {public}"),
            "a node reports that address, or an Ingress names it as its target",
            "let the node report its private address (`services.homelab.nodeIP`, or k3s' `--node-ip`), and remove the annotation `target`",
        )
        .into();
    }
    if status.is_empty() {
        return Outcome::unknown(format!(
            "the record holds {}; the Ingress has no address to compare with",
            list(&found)
        ));
    }
    let six: Vec<IpAddr> =
        found.iter().filter(|address| address.is_ipv6() && !status.contains(address)).copied().collect();
    if !six.is_empty() {
        return Finding::new(
            format!("`{host}` has the AAAA record {}, which no Ingress has", list(&six)),
            "somebody created it by hand, or an earlier installation did: external-dns writes only A records here; clients try IPv6 first and fail",
            format!("delete the AAAA record `{host}` in {}", words(evidence.dns).records_page),
        )
        .into();
    }
    if found != status {
        return differs(evidence, seen, host, records, (&found, &status));
    }
    Outcome::pass(format!("{}, not proxied", list(&found)))
}

/// The record holds other addresses than the Ingress has.
fn differs(
    evidence: &Evidence,
    seen: &ProviderSeen,
    host: &str,
    records: &[&Record],
    (found, status): (&[IpAddr], &[IpAddr]),
) -> Outcome {
    let summary =
        format!("the record `{host}` contains {}, but the Ingress has {}", list(found), list(status));
    if let Some(kept) = filter::kept_out(evidence, host) {
        return kept.finding(evidence, &summary).into();
    }
    if let Some(finding) = turns(evidence, host, &summary).or_else(|| never_updates(evidence, &summary)) {
        return finding.into();
    }
    let changed = records.iter().filter_map(|record| record.modified_on).max();
    let by_hand = changed.is_some_and(|at| evidence.now.duration_since(at).as_secs() < 90);
    if by_hand && owner::is_owned(evidence, seen, host) {
        let cause = match stranger(evidence, seen, host) {
            Some(object) => format!(
                "the record changed in the last minute, and its TXT record says that it is for `{object}`, which this cluster does \
                 not have: another cluster has the same `dns.owner`, and each overwrites the other's record; or that object was \
                 removed here a moment ago"
            ),
            None => "somebody changed the record in the last minute, or the Ingress has changed; external-dns corrects it within a minute".to_owned(),
        };
        return wait::for_next_look(evidence, summary, &cause).into();
    }
    match wait::lasts(evidence, host) {
        Some(since) => Finding::new(
            format!("{summary}, for {}", span(since)),
            match stranger(evidence, seen, host) {
                Some(object) => format!(
                    "its TXT record says that it is for `{object}`, which this cluster does not have: most likely another cluster has the \
                     same `dns.owner` and writes it, too"
                ),
                None => format!(
                    "external-dns should have corrected it: either it uses a cached copy of the record (`--txt-cache-interval`, \
                     `--provider-cache-time`), or an error in its log gives the reason{}",
                    wait::not_applied(evidence)
                ),
            },
            "search for the name in its log: `Changing record` says what it did, an error says why it could not. If another \
             cluster writes the name, give each cluster its own `dns.owner`, and give the service another name in one of them",
        )
        .look("kubectl -n external-dns logs deployment/external-dns --tail=200")
        .into(),
        None => {
            wait::for_next_look(evidence, summary, "the Ingress changed a moment ago, or external-dns does not run").into()
        }
    }
}

/// external-dns has set the record right again and again: somebody else sets it otherwise.
fn turns(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    const MANY: usize = 3;
    let times = log::times_set(evidence, host);
    (times >= MANY).then(|| {
        Finding::new(
            summary,
            format!(
                "the log of external-dns shows that it wrote the record {times} times in the last quarter of an hour. Something else keeps changing it back, \
                 most likely a second cluster with the same `dns.owner`, or a program for dynamic DNS"
            ),
            "give each cluster its own `dns.owner`, and the service another name in one of them; or remove the name from the other \
             program that updates it (for example a DynDNS client). The audit log of the provider's account says who wrote it last",
        )
        .look("kubectl -n external-dns logs deployment/external-dns --tail=200")
    })
}

/// Policies and switches with which it changes no record (external-dns 0.22, plan/policy.go and docs/flags.md).
pub(super) fn never_updates(evidence: &Evidence, summary: &str) -> Option<Finding> {
    let why = match flags::value(evidence, "--policy") {
        _ if flags::is_on(evidence, "--dry-run") => {
            "external-dns has the flag `--dry-run`: it writes no record"
        }
        Some("create-only") => {
            "external-dns has the flag `--policy=create-only`: it creates records, and never changes or deletes one"
        }
        _ => return None,
    };
    let finding = Finding::new(summary, why, "run `homelab up`, which restores its Deployment");
    Some(service::written_again(evidence, finding))
}

/// The object that this lab's TXT record is for, where the cluster was read and has none of that name.
fn stranger(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Option<String> {
    let made_for = owner::made_for(evidence, seen, host)?;
    let mut parts = made_for.split('/');
    let list = match parts.next()? {
        "ingress" => "ingresses.networking.k8s.io",
        "service" => "services",
        _ => return None,
    };
    let (namespace, name) = (parts.next()?, parts.next()?);
    let is_here = |object: &Value| object.namespace() == namespace && object.name() == name;
    (!evidence.objects(list)?.iter().any(is_here)).then_some(made_for)
}

fn missing(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let summary = format!("the zone `{}` has no record `{host}`", seen.zone.name);
    if let Some(kept) = filter::kept_out(evidence, host) {
        return kept.finding(evidence, &summary).into();
    }
    if flags::is_on(evidence, "--dry-run")
        && let Some(finding) = never_updates(evidence, &summary)
    {
        return finding.into();
    }
    if owner::is_owned(evidence, seen, host) {
        let summary = format!("{summary}, although its TXT record exists");
        let cause = "somebody deleted the record a moment ago; external-dns creates it again within a minute";
        return match wait::lasts(evidence, host) {
            None => wait::for_next_look(evidence, summary, cause).into(),
            Some(_) => Finding::new(
                summary,
                cause,
                "if the record is still missing after a minute, search for the name in its log: an error says why it cannot create it",
            )
            .look(service::LOG)
            .heals()
            .retry_at(sync::next_look(evidence))
            .into(),
        };
    }
    match wait::lasts(evidence, host) {
        Some(since) => Finding::new(
            format!("{summary}, and external-dns has looked since its Ingress changed {} ago", span(since)),
            format!(
                "either somebody deleted the record and its TXT record since that look, and they come back at the next one; or \
                 external-dns leaves the name out for a reason that it logs only at `--log-level=debug`{}",
                wait::not_applied(evidence)
            ),
            "check again in a minute. If it is still missing, search for the name in its log, and start external-dns once with \
             `--log-level=debug`: `Discarding ingress`, `Skipping` or `ignoring record` names the reason",
        )
        .look("kubectl -n external-dns logs deployment/external-dns --tail=200")
        .heals()
        .retry_at(sync::next_look(evidence))
        .into(),
        None => Finding::new(
            summary,
            "external-dns has not created it yet: it does so every minute, for Ingresses that have an address",
            "wait a minute; then read the log of external-dns",
        )
        .look("kubectl -n external-dns get pods")
        .heals()
        .into(),
    }
}
