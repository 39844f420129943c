//! What the record of a host says.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::checks::edns::{owners, service, sync};
use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::{addresses, named};
use crate::evidence::{Evidence, ProviderSeen, Record, View, at, entries};
use crate::facts::address::is_private;
use crate::ingress::traits_of;
use crate::outside::command::Command;
use crate::provider::words;

/// What the annotation `controller` has to say, should it be there (external-dns, source/source.go).
const CONTROLLER: &str = "dns-controller";
/// The prefix of external-dns' annotations that is in use for most (external-dns, docs/annotations/annotations.md).
const PREFIX: &str = "external-dns.alpha.kubernetes.io/";

pub(super) fn is_right(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let zone = &seen.zone.name;
    if host != zone && !host.ends_with(&format!(".{zone}")) {
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
            "a CNAME leaves no room for an address; external-dns makes one where the Ingress has the annotation `target` with a name",
            format!("delete the CNAME `{host}` in {}, or drop the annotation `target`", words.records_page),
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
            "let the node report its private address (`services.homelab.nodeIP`, or k3s' `--node-ip`), and drop the annotation `target`",
        )
        .into();
    }
    if status.is_empty() {
        return Outcome::unknown(format!(
            "the record holds {}, the Ingress has no address to compare",
            list(&found)
        ));
    }
    let six: Vec<IpAddr> =
        found.iter().filter(|address| address.is_ipv6() && !status.contains(address)).copied().collect();
    if !six.is_empty() {
        return Finding::new(
            format!("`{host}` has the AAAA record {}, which no Ingress has", list(&six)),
            "it was made by hand or by an earlier installation: external-dns keeps only A records here; clients try IPv6 first and fail",
            format!("delete the AAAA record `{host}` in {}", words(evidence.dns).records_page),
        )
        .into();
    }
    if found != status {
        let changed = records.iter().filter_map(|record| record.modified_on).max();
        let by_hand = changed.is_some_and(|at| evidence.now.duration_since(at).as_secs() < 90);
        let cause = match by_hand && owned(evidence, seen, host) {
            true => {
                "somebody changed the record in the last minute, or the Ingress has changed; external-dns sets it right at its next look"
            }
            false => "the Ingress changed a moment ago, or external-dns does not run",
        };
        return Finding::new(
            format!("the record `{host}` holds {}, the Ingress has {}", list(&found), list(&status)),
            cause,
            "wait a minute; then look at the log of external-dns",
        )
        .look("kubectl -n external-dns logs deployment/external-dns --tail=20")
        .heals()
        .retry_at(sync::next_look(evidence))
        .into();
    }
    Outcome::pass(format!("{}, not proxied", list(&found)))
}

fn owned(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> bool {
    evidence
        .owner
        .as_ref()
        .is_some_and(|ours| owners(seen, ours, host).iter().any(|owner| owner.id == ours.id))
}

fn missing(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let summary = format!("the zone `{}` has no record `{host}`", seen.zone.name);
    if let Some((ingress, annotation)) = ignored(evidence, host) {
        return Finding::new(
            summary,
            format!(
                "the Ingress `{ingress}` has the annotation `{annotation}`: external-dns leaves it alone"
            ),
            "take the annotation away",
        )
        .into();
    }
    if let Some(finding) = passed_over(evidence, host, &summary) {
        return finding.into();
    }
    if owned(evidence, seen, host) {
        return Finding::new(
            format!("{summary}, though its TXT record is there"),
            "somebody deleted the record; external-dns makes it again at its next look",
            "wait a minute; then look at the log of external-dns",
        )
        .look("kubectl -n external-dns logs deployment/external-dns --tail=20")
        .heals()
        .retry_at(sync::next_look(evidence))
        .into();
    }
    Finding::new(
        summary,
        "external-dns has not written it yet: it looks every minute, and only at Ingresses with an address",
        "wait a minute; then look at the log of external-dns",
    )
    .look("kubectl -n external-dns get pods")
    .heals()
    .into()
}

/// The Ingresses of the host are served, but external-dns reads those of another class only, and says nothing of it
/// (external-dns, source/ingress.go, `filterByIngressClass`).
fn passed_over(evidence: &Evidence, host: &str, summary: &str) -> Option<Finding> {
    let read = service::values(evidence, "--ingress-class");
    let own = read.first()?;
    let has = |ingress: &&Value| entries(ingress, "/spec/rules").iter().any(|rule| at(rule, "/host") == host);
    let of_host = evidence.objects("ingresses.networking.k8s.io")?.iter().filter(has);
    let ingresses: Vec<(&Value, &str)> = of_host.map(|ingress| (ingress, class(ingress))).collect();
    let (ingress, class) =
        ingresses.first().filter(|_| !ingresses.iter().any(|(_, class)| read.contains(class)))?;
    let name = format!("{}/{}", ingress.namespace(), ingress.name());
    let (of, how, is_served) = match *class {
        "" => {
            ("of no class".to_owned(), "one that was made before there was a default class keeps none", true)
        }
        class if is_foreign(evidence, class) => {
            (format!("of class `{class}`"), "another controller serves that class", false)
        }
        class => (format!("of class `{class}`"), "the controller serves every class that names it", true),
    };
    let finding = Finding::new(
        summary,
        format!(
            "the Ingress `{name}` is {of}, and external-dns reads `{own}` only: it makes no record, however long one waits; {how}"
        ),
        format!("give it the class `{own}`"),
    );
    Some(if is_served { finding.command(give_class(ingress, own)) } else { finding })
}

/// Whether the class is known to be another controller's.
fn is_foreign(evidence: &Evidence, class: &str) -> bool {
    let found = evidence
        .cluster
        .as_ref()
        .and_then(|cluster| cluster.objects.find("ingressclasses.networking.k8s.io", "", class));
    found
        .is_some_and(|class| at(class, "/spec/controller") != traits_of(evidence.controller).class_controller)
}

/// The class that an Ingress names; empty when it names none.
fn class(ingress: &Value) -> &str {
    match at(ingress, "/spec/ingressClassName") {
        "" => ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"].as_str().unwrap_or_default(),
        class => class,
    }
}

/// Sets the class, and takes the old way of naming one off.
fn give_class(ingress: &Value, class: &str) -> Option<Command> {
    let patch = json!({
        "metadata": { "annotations": { "kubernetes.io/ingress.class": null } },
        "spec": { "ingressClassName": class },
    });
    let (namespace, name) = (ingress.namespace(), ingress.name());
    command!("kubectl -n {} patch ingress {} --type=merge -p {}", namespace, name, patch.to_string())
}

/// The Ingress of the host that external-dns is told to pass over, with the annotation.
fn ignored(evidence: &Evidence, host: &str) -> Option<(String, String)> {
    let prefix = service::flag(evidence, "--annotation-prefix").unwrap_or(PREFIX);
    let has = |ingress: &&Value| entries(ingress, "/spec/rules").iter().any(|rule| at(rule, "/host") == host);
    evidence.objects("ingresses.networking.k8s.io")?.iter().filter(has).find_map(|ingress| {
        let key = format!("{prefix}controller");
        let value = ingress.pointer("/metadata/annotations")?.get(&key)?.as_str()?;
        let name = format!("{}/{}", ingress.namespace(), ingress.name());
        (value != CONTROLLER).then(|| (name, format!("{key}: {value}")))
    })
}
