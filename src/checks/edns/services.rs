//! Services that ask for a name by annotation: why one has no record.
//!
//! external-dns says nothing of a Service that it makes no record of (external-dns 0.22, source/service.go).

use serde_json::Value;

use crate::checks::edns::{filter, owner, sync};
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::named;
use crate::evidence::{
    Evidence, ProviderSeen, View, at, entries, ready_endpoints, slices_of, waits_for_balancer,
};
use crate::facts::names::is_within;

/// What a Service asks a record for.
struct Asked<'e> {
    service: &'e Value,
    host: &'e str,
    /// Whether it is to have the address inside the cluster.
    internal: bool,
}

/// What external-dns makes of a Service.
enum Gives {
    Record,
    /// No load balancer has given it an address: that has a check of its own.
    Waits,
    /// Nothing: why, and what to do.
    Nothing(&'static str, &'static str),
}

pub(super) fn judge(evidence: &Evidence) -> Vec<Judged> {
    let lab_wide = |outcome| vec![judged(id::SERVICE_NAMES, Subject::default(), Vantage::Provider, outcome)];
    let Some(services) = evidence.objects("services") else {
        return lab_wide(Outcome::unknown("the Services of the cluster were not read"));
    };
    let seen = match &evidence.provider {
        Some(Ok(seen)) if evidence.owner.is_some() && !evidence.unpublished => seen,
        Some(Ok(_)) => return lab_wide(Outcome::skip("homelab publishes no records of Services here")),
        _ => return lab_wide(crate::checks::reading::zone::unseen(evidence)),
    };
    let asked: Vec<Asked<'_>> = services.iter().flat_map(|service| names(evidence, service)).collect();
    if asked.is_empty() {
        return lab_wide(Outcome::pass("no Service asks for a name"));
    }
    let one = |asked: &Asked<'_>| {
        judged(
            id::SERVICE_NAMES,
            Subject::host(asked.host),
            Vantage::Provider,
            outcome(evidence, seen, asked),
        )
    };
    asked.iter().map(one).collect()
}

/// Whether the annotation `controller` leaves the Service to this external-dns.
fn is_controlled(evidence: &Evidence, service: &Value) -> bool {
    let key = format!("{}controller", filter::prefix(evidence));
    filter::annotation(service, &key).is_none_or(|value| value == filter::CONTROLLER)
}

fn names<'e>(evidence: &'e Evidence, service: &'e Value) -> Vec<Asked<'e>> {
    let prefix = filter::prefix(evidence);
    let of = |end: &str, internal| {
        let text = filter::annotation(service, &format!("{prefix}{end}")).unwrap_or_default();
        let hosts = text.split(',').map(|host| host.trim().trim_end_matches('.'));
        hosts.filter(|host| !host.is_empty()).map(move |host| Asked { service, host, internal })
    };
    let is_going = !at(service, "/metadata/deletionTimestamp").is_empty();
    let is_read = is_controlled(evidence, service) && !is_going;
    of("hostname", false).chain(of("internal-hostname", true)).filter(|_| is_read).collect()
}

fn outcome(evidence: &Evidence, seen: &ProviderSeen, asked: &Asked<'_>) -> Outcome {
    let summary =
        || format!("the name `{}` of the Service `{}` has no record", asked.host, asked.service.full_name());
    if let Some(unread) = super::unread(evidence, asked.host) {
        return unread;
    }
    if let Some((why, fix)) = outside(evidence, seen, asked) {
        return Finding::new(summary(), why, fix).into();
    }
    match gives(evidence, asked) {
        Gives::Waits => Outcome::Blocked { by: id::LOAD_BALANCERS },
        Gives::Nothing(why, fix) => Finding::new(summary(), why, fix)
            .look(command!(
                "kubectl --namespace {} get service {} --output yaml",
                asked.service.namespace(),
                asked.service.name()
            ))
            .into(),
        Gives::Record if named(seen, asked.host).next().is_none() => Finding::new(
            summary(),
            "external-dns has not written it yet: it looks every minute, and after each change",
            "wait a minute; if it is still missing then, the log of external-dns says why",
        )
        .look(super::service::LOG)
        .heals()
        .retry_at(sync::next_look(evidence))
        .into(),
        Gives::Record => owner::is_this_lab(evidence, seen, asked.host),
    }
}

/// A name in no zone that is written here, or in one that another external-dns writes.
fn outside(evidence: &Evidence, seen: &ProviderSeen, asked: &Asked<'_>) -> Option<(String, String)> {
    let (host, zone, namespace) = (asked.host, &seen.zone.name, asked.service.namespace());
    if let Some(of) =
        evidence.organisation_of(host).filter(|of| !of.namespaces.iter().any(|one| one == namespace))
    {
        let why = format!(
            "the name lies in the zone of the organisation `{}`, whose external-dns does not read the namespace `{namespace}`",
            of.name
        );
        return Some((why, format!("give the Service a name outside of `{}`", of.zone)));
    }
    (!is_within(host, zone)).then(|| {
        let why = format!("external-dns writes into the zone `{zone}` alone, and the name lies outside");
        (why, format!("give it a name that ends in `{zone}`, or write the record by hand where its zone is"))
    })
}

fn gives(evidence: &Evidence, asked: &Asked<'_>) -> Gives {
    let service = asked.service;
    let target = format!("{}target", filter::prefix(evidence));
    if filter::annotation(service, &target).is_some_and(|target| !target.trim().is_empty()) {
        return Gives::Record;
    }
    let is_headless = at(service, "/spec/clusterIP") == "None";
    match at(service, "/spec/type") {
        "LoadBalancer" if asked.internal || !entries(service, "/spec/externalIPs").is_empty() => {
            Gives::Record
        }
        "LoadBalancer" if waits_for_balancer(service) => Gives::Waits,
        "ClusterIP" | "" if is_headless && has_no_ready_pod(evidence, service) => Gives::Nothing(
            "a headless Service has the addresses of its ready pods, and none of its pods is ready",
            "look why its pods do not run, or why its selector fits none",
        ),
        "ClusterIP" | "" if !is_headless && !asked.internal => Gives::Nothing(
            "it is of type ClusterIP, whose address only pods reach, and external-dns writes none of it",
            "use the type NodePort, whose record has the nodes' addresses (people add the node port), or say the address with the annotation `target`. If only pods need the name, write `internal-hostname` in the place of `hostname`",
        ),
        _ => Gives::Record,
    }
}

/// Whether its EndpointSlices have no endpoint that is ready; not where it takes those that are not, or nobody has read them.
fn has_no_ready_pod(evidence: &Evidence, service: &Value) -> bool {
    let Some(slices) = evidence.objects("endpointslices.discovery.k8s.io") else { return false };
    let mut ready = slices_of(slices, service.namespace(), service.name()).flat_map(ready_endpoints);
    service["spec"]["publishNotReadyAddresses"] != true && ready.next().is_none()
}
