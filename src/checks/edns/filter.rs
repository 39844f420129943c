//! external-dns' own filters, applied to each Ingress of a host in the order of its source: what they keep out never gets a
//! record, and external-dns says nothing of it at its usual level (external-dns 0.22: source/ingress.go,
//! source/informers/indexers.go, endpoint/domain_filter.go, provider/zone_id_filter.go, plan/plan.go).

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::checks::edns::{flags, selector, service};
use crate::checks::engine::Finding;
use crate::checks::engine::words::quoted;
use crate::checks::reading::classes::{CLASSES, serves};
use crate::evidence::{Evidence, OrganisationSeen, View, at, entries, has_rule};
use crate::facts::names::is_within;
use crate::outside::command::Command;

/// What the annotation `controller` has to say, should it be there (external-dns, source/annotations).
pub(super) const CONTROLLER: &str = "dns-controller";
/// The prefix of external-dns' annotations that is in use for most (external-dns, docs/annotations/annotations.md).
const PREFIX: &str = "external-dns.alpha.kubernetes.io/";
/// The kinds that external-dns keeps unless it is told otherwise (external-dns, docs/flags.md).
const MANAGED: [&str; 3] = ["A", "AAAA", "CNAME"];
/// Filters that homelab never gives: the Deployment was changed.
const UP: &str =
    "homelab does not set this flag: somebody changed the Deployment; run `homelab up`, which restores it";

/// Why an Ingress gets no record.
pub(super) struct KeptOut<'e> {
    ingress: &'e Value,
    /// What is so, after "external-dns".
    why: String,
    fix: Cure,
}

enum Cure {
    /// Its Deployment is to be as homelab writes it.
    Up,
    /// The Ingress gets the class, where the controller serves it.
    Class(String, bool),
    /// Something at the Ingress that a command can change.
    Annotation(String),
    /// A person decides.
    Words(String),
}

/// The Ingresses that ask for the host, by rule, certificate or annotation.
pub(super) fn asking_for<'e>(evidence: &'e Evidence, host: &str) -> Vec<&'e Value> {
    let key = format!("{}hostname", prefix(evidence));
    let all = evidence.objects("ingresses.networking.k8s.io").unwrap_or_default().iter();
    all.filter(|one| has_rule(one, host) || in_tls(one, host) || in_annotation(one, &key, host)).collect()
}

/// What keeps every Ingress of the host from a record; `None` when one passes, or none was read.
pub(super) fn kept_out<'e>(evidence: &'e Evidence, host: &str) -> Option<KeptOut<'e>> {
    if let Some(of) = evidence.organisation_of(host) {
        return outside_of(evidence, of, host);
    }
    let mut first = None;
    for ingress in asking_for(evidence, host) {
        let (why, fix) = obstacle(evidence, ingress, host)?;
        first = first.or(Some(KeptOut { ingress, why, fix }));
    }
    first
}

/// An Ingress with a name of an organisation, where none is in a namespace that its external-dns reads.
fn outside_of<'e>(evidence: &'e Evidence, of: &OrganisationSeen, host: &str) -> Option<KeptOut<'e>> {
    let asking = asking_for(evidence, host);
    let is_read = |ingress: &&Value| of.namespaces.iter().any(|namespace| namespace == ingress.namespace());
    let ingress = asking.first().copied().filter(|_| !asking.iter().any(is_read))?;
    let namespaces = quoted(of.namespaces.iter());
    let why = format!(
        "is in no namespace of the organisation `{}`, whose external-dns reads {namespaces} alone",
        of.name
    );
    let fix = format!(
        "move it into one of these namespaces ({namespaces}), or give it a name outside of the zone `{}`",
        of.zone
    );
    Some(KeptOut { ingress, why, fix: Cure::Words(fix) })
}

impl KeptOut<'_> {
    pub(super) fn finding(&self, evidence: &Evidence, summary: &str) -> Finding {
        let (namespace, name) = (self.ingress.namespace(), self.ingress.name());
        let cause = format!(
            "the Ingress `{namespace}/{name}` {}: it creates no record, however long you wait",
            self.why
        );
        match &self.fix {
            Cure::Up => service::written_again(evidence, Finding::new(summary, cause, UP))
                .look("kubectl -n external-dns get deployment external-dns -o yaml"),
            Cure::Class(own, is_served) => {
                let finding = Finding::new(summary, cause, format!("give it the class `{own}`"));
                if *is_served { finding.command(give_class(self.ingress, own)) } else { finding }
            }
            Cure::Annotation(key) => {
                let off = format!("{key}-");
                let finding = Finding::new(summary, cause, "remove the annotation");
                // Where homelab or another tool writes it, a command would not last.
                finding.look(command!("kubectl -n {} annotate ingress {} {}", namespace, name, off))
            }
            Cure::Words(fix) => Finding::new(summary, cause, fix),
        }
    }
}

fn obstacle(evidence: &Evidence, ingress: &Value, host: &str) -> Option<(String, Cure)> {
    of_informer(evidence, ingress)
        .or_else(|| of_class(evidence, ingress))
        .or_else(|| of_hosts(evidence, ingress, host))
        .or_else(|| of_domain(evidence, host))
        .or_else(|| of_kinds(evidence, ingress))
}

/// What the informer lets in: sources, namespace, annotations, labels, and the annotation `controller`.
fn of_informer(evidence: &Evidence, ingress: &Value) -> Option<(String, Cure)> {
    let sources = flags::values(evidence, "--source");
    if !sources.is_empty() && !sources.contains(&"ingress") {
        return Some((
            format!("is not read: external-dns has only {}", flags::shown("--source", &sources)),
            Cure::Up,
        ));
    }
    if let Some(namespace) = flags::value(evidence, "--namespace").filter(|namespace| !namespace.is_empty())
        && namespace != ingress.namespace()
    {
        return Some((
            format!("is outside the one namespace that external-dns reads (`--namespace={namespace}`)"),
            Cure::Up,
        ));
    }
    for (flag, field, what) in
        [("--annotation-filter", "annotations", "annotations"), ("--label-filter", "labels", "labels")]
    {
        let Some(filter) = flags::value(evidence, flag) else { continue };
        if selector::fits(filter, ingress.pointer(&format!("/metadata/{field}"))) == Some(false) {
            return Some((
                format!("does not have the {what} that external-dns asks for (`{flag}={filter}`)"),
                Cure::Up,
            ));
        }
    }
    let key = format!("{}controller", prefix(evidence));
    let value = annotation(ingress, &key).filter(|value| *value != CONTROLLER)?;
    Some((
        format!("has the annotation `{key}: {value}`, with which external-dns ignores it"),
        Cure::Annotation(key),
    ))
}

/// By class, exactly as external-dns reads it: the old annotation counts only where the field is empty, and an Ingress
/// of no class is none of any.
fn of_class(evidence: &Evidence, ingress: &Value) -> Option<(String, Cure)> {
    let read = flags::values(evidence, "--ingress-class");
    let own = read.first().filter(|_| !read.contains(&class(ingress)))?;
    let (has, how, is_served) = match class(ingress) {
        "" => (
            "has no class".to_owned(),
            "it was created before there was a default class, and Kubernetes adds none later",
            true,
        ),
        class if is_foreign(evidence, class) => {
            (format!("has the class `{class}`"), "another controller serves that class", false)
        }
        class => {
            (format!("has the class `{class}`"), "the controller serves every class that names it", true)
        }
    };
    let filter = flags::shown("--ingress-class", &read);
    Some((
        format!("{has}, but external-dns reads only Ingresses of class `{own}` ({filter}); {how}"),
        Cure::Class((*own).to_owned(), is_served),
    ))
}

/// Which of its names count.
fn of_hosts(evidence: &Evidence, ingress: &Value, host: &str) -> Option<(String, Cure)> {
    let prefix = prefix(evidence);
    let (hostname, source) = (format!("{prefix}hostname"), format!("{prefix}ingress-hostname-source"));
    let rules = has_rule(ingress, host) && !flags::is_on(evidence, "--ignore-ingress-rules-spec");
    let tls = in_tls(ingress, host) && !flags::is_on(evidence, "--ignore-ingress-tls-spec");
    let annotated =
        in_annotation(ingress, &hostname, host) && !flags::is_on(evidence, "--ignore-hostname-annotation");
    let wanted = annotation(ingress, &source);
    let counts = match wanted.map(str::to_lowercase).as_deref() {
        None => return (!rules && !tls && !annotated).then(|| ignored(evidence)),
        Some("defined-hosts-only") => rules || tls,
        Some("annotation-only") => annotated,
        Some(_) => false,
    };
    let value = wanted.unwrap_or_default();
    (!counts).then(|| {
        (format!("has the annotation `{source}: {value}`, which leaves this name out (external-dns knows `defined-hosts-only` and `annotation-only`)"), Cure::Annotation(source))
    })
}

fn ignored(evidence: &Evidence) -> (String, Cure) {
    let all = ["--ignore-ingress-rules-spec", "--ignore-ingress-tls-spec", "--ignore-hostname-annotation"];
    let on = quoted(all.into_iter().filter(|flag| flags::is_on(evidence, flag)));
    (format!("has this name only in a place that external-dns is told to ignore ({on})"), Cure::Up)
}

/// Domains. A regular expression takes the place of both lists and is not applied here.
fn of_domain(evidence: &Evidence, host: &str) -> Option<(String, Cure)> {
    if regular_expressions(evidence).is_some() {
        return None;
    }
    let fits = |filter: &&str| {
        let filter = filter.trim().trim_end_matches('.');
        let inside = filter.strip_prefix('.').map(|rest| host != rest && is_within(host, rest));
        !filter.is_empty() && inside.unwrap_or_else(|| is_within(host, filter))
    };
    let excluded = flags::values(evidence, "--exclude-domains");
    if let Some(filter) = excluded.iter().find(|filter| fits(filter)) {
        return Some((
            format!("asks for a name that external-dns ignores (`--exclude-domains={filter}`)"),
            Cure::Up,
        ));
    }
    let wanted: Vec<&str> =
        flags::values(evidence, "--domain-filter").into_iter().filter(|one| !one.trim().is_empty()).collect();
    if !wanted.is_empty() && !wanted.iter().any(fits) {
        return Some((
            format!(
                "asks for a name outside the domains of external-dns ({})",
                flags::shown("--domain-filter", &wanted)
            ),
            Cure::Up,
        ));
    }
    let zones: Vec<&str> =
        flags::values(evidence, "--zone-id-filter").into_iter().filter(|one| !one.is_empty()).collect();
    let zone = evidence.provider.as_ref()?.as_ref().ok()?;
    let other =
        !zones.is_empty() && !zone.zone.id.is_empty() && !zones.iter().any(|id| zone.zone.id.ends_with(id));
    other.then(|| {
        let filter = flags::shown("--zone-id-filter", &zones);
        (
            format!(
                "asks for a name in the zone `{}`, but external-dns reads another zone ({filter})",
                zone.zone.name
            ),
            Cure::Up,
        )
    })
}

/// The filter by regular expression, where there is one.
pub(super) fn regular_expressions(evidence: &Evidence) -> Option<String> {
    let names = ["--regex-domain-filter", "--regex-domain-exclusion"];
    let found: Vec<String> = names
        .into_iter()
        .map(|name| (name, flags::values(evidence, name)))
        .filter(|(_, values)| values.iter().any(|value| !value.is_empty()))
        .map(|(name, values)| flags::shown(name, &values))
        .collect();
    (!found.is_empty()).then(|| found.join(", "))
}

/// The kinds of record that external-dns keeps here.
pub(super) fn managed(evidence: &Evidence) -> Vec<&str> {
    let mut kinds = flags::values(evidence, "--managed-record-types");
    if kinds.is_empty() {
        kinds = MANAGED.to_vec();
    }
    let not = flags::values(evidence, "--exclude-record-types");
    kinds.retain(|kind| !not.contains(kind));
    kinds
}

/// Whether any address of it makes a record of a kind that is kept.
fn of_kinds(evidence: &Evidence, ingress: &Value) -> Option<(String, Cure)> {
    let targets = targets(evidence, ingress);
    let kinds = managed(evidence);
    let kind = |target: &String| match target.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => "A",
        Ok(IpAddr::V6(_)) => "AAAA",
        Err(_) => "CNAME",
    };
    let none = !targets.is_empty() && !targets.iter().any(|target| kinds.contains(&kind(target)));
    none.then(|| {
        let why = format!(
            "points to {}, but external-dns writes only records of the kinds {}",
            targets.join(", "),
            kinds.join(", ")
        );
        let fix = "give the nodes an IPv4 address (k3s: `--node-ip`), or correct the annotation `target`";
        (why, Cure::Words(fix.to_owned()))
    })
}

/// What its records hold: the annotation `target`, else its status.
fn targets(evidence: &Evidence, ingress: &Value) -> Vec<String> {
    if let Some(text) =
        annotation(ingress, &format!("{}target", prefix(evidence))).filter(|text| !text.is_empty())
    {
        return text.split(',').map(|one| one.trim().trim_end_matches('.').to_owned()).collect();
    }
    let points = entries(ingress, "/status/loadBalancer/ingress").iter();
    points
        .flat_map(|point| [at(point, "/ip"), at(point, "/hostname")])
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn prefix(evidence: &Evidence) -> &str {
    flags::value(evidence, "--annotation-prefix").unwrap_or(PREFIX)
}

pub(super) fn annotation<'e>(object: &'e Value, key: &str) -> Option<&'e str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

/// Whether it asks for a certificate for the host, by name.
pub(super) fn in_tls(ingress: &Value, host: &str) -> bool {
    entries(ingress, "/spec/tls").iter().flat_map(|tls| entries(tls, "/hosts")).any(|name| name == host)
}

fn in_annotation(ingress: &Value, key: &str, host: &str) -> bool {
    annotation(ingress, key).is_some_and(|text| text.split(',').any(|name| name.trim() == host))
}

/// Whether the class is known to be another controller's.
fn is_foreign(evidence: &Evidence, class: &str) -> bool {
    let cluster = evidence.cluster.as_ref();
    let found = cluster.and_then(|cluster| cluster.objects.find(CLASSES, "", class));
    found.is_some_and(|class| !serves(evidence, class))
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
