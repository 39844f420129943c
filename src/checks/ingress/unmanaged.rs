//! A controller that is there already (`ingress.manage: false`): what can be seen of it from outside is judged, and of the rest
//! one reason is given.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checks::engine::words::{list, quoted};
use crate::checks::engine::{CheckId, Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::objects;
use crate::checks::ingress::{classes, foreign, lab_wide, scratch, secrets, unread, webhooks};
use crate::checks::reading::classes::{CLASSES, controller, own};
use crate::evidence::pod::has_ended;
use crate::evidence::{Evidence, IngressSeen, NodeProbe, Transport, View, at, entries, waits_for_balancer};
use crate::facts::address::is_public;
use crate::facts::image;
use crate::ingress::{Class, NOT_OURS, OTHERS, Retired, class_in, known, traits_of};

/// What nobody sees from outside.
const INSIDE: [CheckId; 5] = [id::PORT_OWNER, id::PODS, id::HOSTPORT, id::ANNOTATIONS, id::DUPLICATES];

pub(super) fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let left_out = |id| lab_wide(id, Outcome::skip(NOT_OURS));
    let mut found = vec![left_out(id::CLUSTER_404), left_out(id::RELOAD)];
    found.extend(answers(evidence));
    if evidence.ingress.is_none() {
        return found;
    }
    found.extend(INSIDE.map(left_out));
    found.extend(classes_of_ingresses(evidence));
    found.extend(webhooks::leftover_webhooks(evidence));
    found.extend(secrets::secrets_of_ingresses(evidence));
    found.push(lab_wide(id::EOL, end_of_life(evidence)));
    found.extend(scratch::scratch_ingress(evidence));
    found
}

/// What answers where the Ingresses lead: any answer by HTTP counts, for each make has its own page for unknown names.
fn answers(evidence: &Evidence) -> Vec<Judged> {
    if evidence.ingresses.is_none() {
        return unread(id::NODE_404, "Ingresses");
    }
    let mut places: BTreeMap<&str, Vec<&NodeProbe>> = BTreeMap::new();
    for probe in &evidence.node_answers {
        places.entry(&probe.node).or_default().push(probe);
    }
    if places.is_empty() {
        let why = format!("no Ingress of the class `{}` has an address", class_in(evidence));
        return vec![lab_wide(id::NODE_404, Outcome::skip(why))];
    }
    let each = places.into_iter().map(|(place, probes)| {
        let mut failures = probes.iter().filter_map(|probe| silent(probe, &probes));
        let outcome = failures.next().map_or_else(|| heard(place, &probes), Outcome::from);
        judged(id::NODE_404, Subject::node(place), Vantage::Node(place.to_owned()), outcome)
    });
    each.collect()
}

fn heard(place: &str, probes: &[&NodeProbe]) -> Outcome {
    let mut statuses: Vec<u16> =
        probes.iter().filter_map(|probe| Some(probe.answer.as_ref().ok()?.status)).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
    Outcome::pass(format!("{} at {place} to a name that no Ingress has", statuses.join(" and ")))
}

/// Why a port does not answer. Who shows a certificate to none but the names that it knows ends the handshake: that is an
/// answer, too.
fn silent(probe: &NodeProbe, all: &[&NodeProbe]) -> Option<Finding> {
    let place = format!("{} ({})", probe.address, probe.scheme.as_str());
    let finding = match probe.answer.as_ref().err()? {
        Transport::Tls(_) => return None,
        Transport::Refused => Finding::new(
            format!("{place} refuses the connection"),
            "the Ingress has this address, and nothing listens there: your ingress controller does not run, or its load balancer no longer leads to it",
            "look at the pods of your ingress controller and at the endpoints of its Service",
        ),
        Transport::Timeout | Transport::Unreachable(_) => Finding::new(
            format!("{place} does not answer"),
            "no machine of this network has the address, a firewall drops the port, or this machine is in another network than the load balancer's addresses",
            "look which machine has the address; it must be of the network of the house, and not used by anybody else",
        )
        .look(command!("ip neigh show {}", probe.address.ip())),
        other => Finding::new(
            format!("{place} does not answer: {other}"),
            "a program accepts the connection and drops it",
            "read the log of your ingress controller",
        ),
    };
    let finding = finding.look("kubectl get services -A | grep LoadBalancer").heals_soon();
    // Some have no port for plain HTTP, on purpose.
    let has_another =
        all.iter().any(|other| other.address.port() != probe.address.port() && other.answer.is_ok());
    Some(if has_another { finding.only(Severity::Warning) } else { finding })
}

/// What the status of the host's Ingress has: external-dns publishes it.
pub(super) fn addresses(evidence: &Evidence, host: &str, ingress: &IngressSeen) -> Outcome {
    let name = format!("{}/{}", ingress.namespace, ingress.name);
    let found = evidence.status_of(host);
    if let Some(public) = found.iter().find(|address| is_public(address)) {
        return Finding::new(
            format!("Ingress `{name}` has the public address {public} in its status"),
            "your ingress controller, or its load balancer, publishes it: requests from home would go out to the internet and back, and nothing of homelab is meant to be reached from there",
            "let the load balancer give the controller's Service an address of your own network",
        )
        .look("kubectl get services -A | grep LoadBalancer")
        .into();
    }
    if !found.is_empty() {
        return Outcome::pass(list(&found));
    }
    match evidence.ingresses_of(host).find_map(|ingress| ingress.balancer.as_deref()) {
        Some(balancer) => Finding::new(
            format!("Ingress `{name}` has the name `{balancer}` in its status, and no address"),
            "your ingress controller, or its load balancer, publishes a name: external-dns makes a CNAME of it, and homelab checks address records only",
            "let the load balancer give the controller's Service an address of your own network, or publish that address",
        )
        .look("kubectl get services -A | grep LoadBalancer")
        .into(),
        None => empty(evidence, &name).into(),
    }
}

fn empty(evidence: &Evidence, name: &str) -> Finding {
    let summary = format!("Ingress `{name}` has no address in its status");
    let services = evidence.objects("services").unwrap_or_default();
    let waiting: Vec<String> =
        services.iter().filter(|service| waits_for_balancer(service)).map(View::full_name).collect();
    let (cause, fix) = traits_of(evidence.controller).status.empty;
    let finding = match waiting.as_slice() {
        [] => Finding::new(summary, cause, fix),
        some => Finding::new(
            summary,
            format!(
                "no load balancer has given an address to {}, of type LoadBalancer; {cause}",
                quoted(some)
            ),
            "install or enable a load balancer with addresses of your own network",
        ),
    };
    finding.look("kubectl get services -A | grep LoadBalancer").look(classes::LIST_WITH_INGRESSES).heals()
}

/// The class of the configuration, and those that Ingresses name. Who serves an Ingress without one is the controller's matter.
fn classes_of_ingresses(evidence: &Evidence) -> Vec<Judged> {
    let Some(all) = evidence.objects(CLASSES) else {
        return unread(id::CLASS, "IngressClasses");
    };
    let Some(ingresses) = evidence.objects("ingresses.networking.k8s.io") else {
        return unread(id::CLASS, "Ingresses");
    };
    let ours = class_in(evidence);
    if own(evidence).is_none() {
        return vec![lab_wide(id::CLASS, absent(ours, all))];
    }
    let told = ingresses.iter().filter_map(|ingress| {
        let finding = match objects::class(evidence, ingress)? {
            Class::Missing(class) => classes::missing(ours, ingress, class),
            Class::Foreign(class) => foreign::unserved(evidence, ours, ingress, class)?,
            // Some run outside of the cluster; whether anything answers is another check's.
            Class::Served | Class::Without => return None,
        };
        Some((ingress, finding))
    });
    let failures = told.flat_map(|(ingress, finding)| {
        let hosts = objects::hosts(ingress).into_iter();
        let each =
            hosts.map(move |host| judged(id::CLASS, Subject::host(host), Vantage::Api, finding.clone()));
        each.collect::<Vec<_>>()
    });
    let saw = format!("`{ours}` exists, and every Ingress has a class that exists");
    super::or_pass(failures.collect(), id::CLASS, saw)
}

fn absent(ours: &str, all: &[Value]) -> Finding {
    let names: Vec<&str> = all.iter().map(View::name).collect();
    let (cause, fix) = match names.as_slice() {
        [] => (
            "the cluster has no IngressClass at all: your ingress controller was removed, or brings none".to_owned(),
            "install your ingress controller with its class; or remove `manage` and `class` from `ingress`, and homelab installs one".to_owned(),
        ),
        some => (
            format!("your ingress controller was removed, or its class has another name; the cluster has {}", quoted(some)),
            "set `ingress.class` to the class of your controller, and run `homelab up`".to_owned(),
        ),
    };
    Finding::new(format!("there is no IngressClass `{ours}`"), cause, fix).look(classes::LIST)
}

/// One whose project is retired is told of, whoever installed it.
fn end_of_life(evidence: &Evidence) -> Outcome {
    let (Some(pods), Some(serves)) = (evidence.objects("pods"), controller(evidence)) else {
        return Outcome::unknown("the pods or the class were not read");
    };
    if OTHERS.iter().any(|(begins, _)| serves.starts_with(begins)) {
        return Outcome::skip(NOT_OURS);
    }
    let images = pods.iter().filter(|pod| !has_ended(pod)).flat_map(|pod| entries(pod, "/spec/containers"));
    let mut images = images.map(|container| at(container, "/image"));
    let retired = images.find_map(|image| {
        let is_its = |retired: &&Retired| retired.images.contains(&image::repository(image));
        known().find_map(|make| Some((make.name, image, make.retired.as_ref().filter(is_its)?)))
    });
    match retired {
        None => Outcome::skip(NOT_OURS),
        Some((name, image, retired)) => Finding::new(
            format!(
                "the controller of the class `{}` is {name} (`{image}`), whose project is retired",
                class_in(evidence)
            ),
            retired.cause,
            "keep ports 80 and 443 closed towards the internet; move to a controller that is maintained",
        )
        .only(Severity::Info)
        .into(),
    }
}
