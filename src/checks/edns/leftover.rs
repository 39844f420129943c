//! Records that nobody asks for any more.

use serde_json::Value;

use crate::checks::edns::filter::in_tls;
use crate::checks::edns::service::LOG;
use crate::checks::edns::{content, flags, log, sync};
use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Outcome};
use crate::desired::wildcard_record::is_left_out;
use crate::evidence::ownership::owned;
use crate::evidence::{Evidence, ProviderSeen, View, has_rule};
use crate::provider::words;

/// How many names are told.
const TOLD: usize = 5;
/// So often a record is deleted by chance no more.
const MANY: usize = 2;

/// The records of this lab that no Ingress and no Service has.
pub(super) fn stale(evidence: &Evidence, seen: &ProviderSeen) -> Outcome {
    let Some(ours) = &evidence.owner else {
        return Outcome::skip("homelab does not run external-dns here");
    };
    let (Some(ingresses), Some(services)) =
        (evidence.objects("ingresses.networking.k8s.io"), evidence.objects("services"))
    else {
        return Outcome::unknown("the Ingresses and Services of the cluster were not read");
    };
    let wanted = |host: &str, resource: Option<&str>| {
        let mut parts = resource.unwrap_or_default().split('/');
        let objects = match parts.next() {
            Some("ingress") => ingresses,
            Some("service") => services,
            _ => return true,
        };
        let (namespace, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let has_that_name = |object: &&Value| object.namespace() == namespace && object.name() == name;
        // What the house alone is to see, or what a wildcard answers for, has no record at the provider.
        objects.iter().filter(has_that_name).any(|object| names(object, host) && !is_left_out(object))
    };
    let mut stale: Vec<String> = owned(&seen.records, ours)
        .into_iter()
        .filter(|(host, owner)| !wanted(host, owner.resource.as_deref()))
        .map(|(host, _)| host.to_owned())
        .collect();
    stale.sort_unstable();
    stale.dedup();
    if stale.is_empty() {
        return Outcome::pass("every record of homelab has its Ingress");
    }
    told(evidence, &stale)
}

fn told(evidence: &Evidence, stale: &[String]) -> Outcome {
    let shown = quoted(stale.get(..TOLD).unwrap_or(stale));
    let more = match stale.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let by_wildcard =
        |host: &String| evidence.wildcard.as_ref().is_some_and(|wildcard| wildcard.is_for(host));
    let summary = match stale.len() {
        1 if stale.iter().all(by_wildcard) => {
            format!(
                "the record {shown} of homelab is left over: it hides the wildcard record, and follows no node any more"
            )
        }
        1 => format!("the record {shown} of homelab belongs to nothing in the cluster"),
        count => format!("{count} records of homelab belong to nothing in the cluster: {shown}{more}"),
    };
    if flags::value(evidence, "--policy") == Some("upsert-only") {
        return Finding::new(
            summary,
            "`dns.policy` is `upsert-only`: external-dns creates records and never deletes them",
            format!("delete them and their TXT records in {}, or set `dns.policy: sync`, with which external-dns deletes the records that it owns", words(evidence.dns).records_page),
        )
        .nixos("services.homelab.settings.dns.policy = \"sync\";")
        .into();
    }
    if let Some(finding) = content::never_updates(evidence, &summary) {
        return finding.into();
    }
    let page = words(evidence.dns).records_page;
    let (host, times) = stale
        .iter()
        .map(|host| (host, log::times_deleted(evidence, host)))
        .max_by_key(|(_, times)| *times)
        .unzip();
    if let (Some(host), Some(times @ MANY..)) = (host, times) {
        return Finding::new(
            summary,
            format!("the log of external-dns shows that it deleted `{host}` {times} times, and the record comes back: another cluster with the same `dns.owner` creates it"),
            "give each cluster its own `dns.owner`; then delete the record and its TXT record once more",
        )
        .look(LOG)
        .into();
    }
    // When the service was removed, nobody knows: what follows is right at any time.
    Finding::new(
        summary,
        "external-dns deletes the record of a removed service within a minute. If a record stays longer, external-dns does not own it \
         or may not see it: another cluster with the same `dns.owner` has that service, or a filter of external-dns leaves the name out",
        format!("if you did not remove the service just now: give each cluster its own `dns.owner`, or, if no other cluster has the service, delete the record and its TXT record in {page}"),
    )
    .look(LOG)
    .heals()
    .retry_at(sync::next_look(evidence))
    .into()
}

/// Whether external-dns would make the name for the object: from rules, certificates or annotations.
fn names(object: &Value, host: &str) -> bool {
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let mut texts = annotations.into_iter().flat_map(|all| all.values()).filter_map(Value::as_str);
    let annotated = texts.any(|text| text.split(',').any(|part| part.trim() == host));
    has_rule(object, host) || in_tls(object, host) || annotated
}
