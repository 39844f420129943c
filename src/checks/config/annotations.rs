//! Annotations for external-dns, in the configuration and on objects of others.

use std::net::IpAddr;

use serde_json::Value;

use crate::checks::engine::{Finding, Outcome};
use crate::config::Provider;
use crate::evidence::{ConfigSeen, Evidence, View, at, entries};
use crate::facts::address::is_private;
use crate::outside::command::Command;
use crate::plan::is_of_lab;
use crate::provider::{Words, words};

/// The prefixes that external-dns has had as its default: up to 0.21, and from 0.22.
const PREFIXES: [&str; 2] = ["external-dns.alpha.kubernetes.io/", "external-dns.kubernetes.io/"];

/// An annotation for external-dns, and where it stands.
struct Annotation {
    carrier: Carrier,
    prefix: String,
    /// What follows the prefix.
    name: String,
    value: String,
}

enum Carrier {
    /// A service of the configuration.
    Service(String),
    /// An object of others: as people are told it, as `kubectl` takes it, and its addresses.
    Object { name: String, argument: Option<Command>, addresses: Vec<IpAddr> },
}

impl Annotation {
    fn of(carrier: Carrier, key: &str, value: &str, read: &str) -> Option<Self> {
        let known = PREFIXES.iter().copied().chain([read]);
        let prefix = known.filter(|prefix| key.starts_with(prefix)).max_by_key(|prefix| prefix.len())?;
        let name = key.strip_prefix(prefix)?.to_owned();
        Some(Self { carrier, prefix: prefix.to_owned(), name, value: value.to_owned() })
    }

    /// Whether it asks the provider to stand in front of the address.
    fn is_proxied(&self, provider: Provider) -> bool {
        let proxy = words(provider).proxy.as_ref();
        proxy.is_some_and(|proxy| self.name == proxy.annotation) && self.value == "true"
    }

    fn shown(&self) -> String {
        let at = match &self.carrier {
            Carrier::Service(name) => format!("the service `{name}` of the configuration"),
            Carrier::Object { name, .. } => name.clone(),
        };
        format!("`{}{}` on {at}", self.prefix, self.name)
    }
}

/// Those of the configuration, and those of objects that homelab did not make.
fn annotations(evidence: &Evidence, config: &ConfigSeen) -> Vec<Annotation> {
    let read = config.annotation_prefix.as_str();
    let mut found = Vec::new();
    for service in &config.services {
        let carrier = || Carrier::Service(service.name.clone());
        let own = service.annotations.iter();
        found.extend(own.filter_map(|(key, value)| Annotation::of(carrier(), key, value, read)));
    }
    for (resource, kind) in [("ingresses.networking.k8s.io", "ingress"), ("services", "service")] {
        let objects = evidence.objects(resource).unwrap_or_default();
        for object in objects.iter().filter(|object| !is_of_lab(object)) {
            let (namespace, name) = (object.namespace(), object.name());
            let carrier = || Carrier::Object {
                name: format!("{kind} `{namespace}/{name}`"),
                argument: command!("-n {} {}/{}", namespace, kind, name),
                addresses: addresses(object),
            };
            let own = object.pointer("/metadata/annotations").and_then(Value::as_object);
            let texts = own.into_iter().flatten().filter_map(|(key, value)| Some((key, value.as_str()?)));
            found.extend(texts.filter_map(|(key, value)| Annotation::of(carrier(), key, value, read)));
        }
    }
    found
}

fn addresses(object: &Value) -> Vec<IpAddr> {
    let status = entries(object, "/status/loadBalancer/ingress");
    status.iter().filter_map(|entry| at(entry, "/ip").parse().ok()).collect()
}

/// No record of a private address is to be proxied.
pub(super) fn unproxied(evidence: &Evidence, config: &ConfigSeen) -> Outcome {
    let nodes = || -> Vec<IpAddr> {
        let nodes = evidence.nodes.iter().flatten().flat_map(|node| node.addresses.clone());
        let here = evidence.machine.as_ref().and_then(|machine| machine.outward);
        match nodes.collect::<Vec<_>>() {
            none if none.is_empty() => here.into_iter().collect(),
            some => some,
        }
    };
    let mut bad = Vec::new();
    for annotation in annotations(evidence, config).into_iter().filter(|one| one.is_proxied(evidence.dns)) {
        let addresses = match &annotation.carrier {
            Carrier::Object { addresses, .. } if !addresses.is_empty() => addresses.clone(),
            _ => nodes(),
        };
        if addresses.iter().any(is_private) {
            bad.push((annotation, addresses));
        }
    }
    let Some((first, addresses)) = bad.first() else {
        return Outcome::pass("no record of a private address is to be proxied");
    };
    let address =
        addresses.iter().find(|address| is_private(address)).map_or_else(String::new, IpAddr::to_string);
    let fix = match &first.carrier {
        Carrier::Service(_) => "remove the annotation from the configuration and run `homelab up`",
        Carrier::Object { .. } => "remove the annotation",
    };
    let Words { name, proxy, .. } = words(evidence.dns);
    let mut finding = Finding::new(
        format!("{} asks {name} to proxy the private address {address}", first.shown()),
        proxy.as_ref().map_or("", |proxy| proxy.no_private),
        fix,
    );
    for (annotation, _) in &bad {
        if let Carrier::Object { argument, .. } = &annotation.carrier {
            finding = finding.command(command!(
                "kubectl annotate {} {}-",
                argument,
                format!("{}{}", annotation.prefix, annotation.name)
            ));
        }
    }
    finding.into()
}

/// Every annotation for external-dns has the prefix that it reads.
pub(super) fn prefix(evidence: &Evidence, config: &ConfigSeen) -> Outcome {
    let read = &config.annotation_prefix;
    let all = annotations(evidence, config);
    // What is to be proxied is another check's: it must not come into effect by a new name.
    let unread: Vec<&Annotation> = all
        .iter()
        .filter(|annotation| annotation.prefix != *read && !annotation.is_proxied(evidence.dns))
        .collect();
    let Some(first) = unread.first() else {
        return Outcome::pass(format!("all have the prefix `{read}`"));
    };
    let more = match unread.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let mut finding = Finding::new(
        format!("{}{more} has no effect", first.shown()),
        format!(
            "this external-dns reads annotations with the prefix `{read}` only, and silently ignores others"
        ),
        format!("give it the prefix `{read}`, or set `dns.annotationPrefix` if all of yours have the other"),
    );
    for annotation in unread {
        let Annotation { carrier, prefix, name, value } = annotation;
        if let Carrier::Object { argument, .. } = carrier {
            finding = finding.command(command!(
                "kubectl annotate {} --overwrite {} {}-",
                argument,
                format!("{read}{name}={value}"),
                format!("{prefix}{name}")
            ));
        }
    }
    finding.into()
}
