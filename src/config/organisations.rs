//! Reads `organisations`: groups that share the cluster, each with a zone and with namespaces of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::config::dns::{self, Dns};
use crate::config::extra::ExtraCertificate;
use crate::config::fields::{Fields, nearest};
use crate::config::model::{Config, Issuer, Service};
use crate::config::records::Records;
use crate::config::yaml::Position;
use crate::facts::cluster_domain::is_inside_some;
use crate::facts::names::{Host, is_label, is_within, without_wildcard};
use crate::facts::namespaces::{is_home, is_of_kubernetes};
use crate::facts::organisations::LONGEST;
use crate::facts::providers::Provider;

/// The key.
pub(super) const KEY: &str = "organisations";
/// That of a service.
pub(super) const OF_SERVICE: &str = "organisation";

/// A group that shares the cluster with others, and cannot touch what is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its name, which is the first label of its zone.
    pub name: String,
    /// The zone of its names, `<name>.<domain>`.
    pub zone: Host,
    /// The namespaces of its programs, never none; each is of one organisation.
    pub namespaces: BTreeSet<String>,
    /// Where the credential lies that may write into its zone, and into no other.
    pub token_file: Option<PathBuf>,
}

/// Reads every entry, in the order of their names; cert-manager runs in `manager`.
pub(super) fn read(
    fields: &mut Fields<'_>,
    (domain, provider): (Option<&Host>, Provider),
    manager: &str,
) -> Vec<Organisation> {
    let mut found: Vec<Organisation> = Vec::new();
    for (key, node) in fields.entries(KEY) {
        let path = format!("{KEY}.{}", key.name);
        if let Some((message, help)) = not_a_name(&key.name) {
            fields.problem(Some(key.place), format!("`{path}`: {message}"), Some(help));
            continue;
        }
        let (given, token_file) = fields.entry(&path, node, |fields| {
            let token_file = dns::token_file(fields, provider.facts().credential.as_ref());
            (namespaces(fields, node.place, manager), token_file)
        });
        let mut namespaces = BTreeSet::new();
        for (place, name) in given {
            if let Some(other) = found.iter().find(|other| other.namespaces.contains(&name)) {
                let message =
                    format!("`{path}.namespaces`: `{name}` belongs to the organisation `{}`", other.name);
                let help = "name it at one of the two: each namespace belongs to one organisation".to_owned();
                fields.problem(Some(place), message, Some(help));
            }
            namespaces.insert(name);
        }
        let Some(domain) = domain else { continue };
        let zone = domain.child(&key.name);
        found.push(Organisation { name: key.name.clone(), zone, namespaces, token_file });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn not_a_name(name: &str) -> Option<(String, String)> {
    match () {
        () if !is_label(name) => Some((
            "the name is not a DNS label".to_owned(),
            "use lower-case letters, digits and hyphens: it is the first label of the zone".to_owned(),
        )),
        () if name.len() > LONGEST => Some((
            format!("the name is longer than {LONGEST} characters"),
            "take a shorter one: names of objects in the cluster are made of it".to_owned(),
        )),
        () => None,
    }
}

fn namespaces(fields: &mut Fields<'_>, at: Position, manager: &str) -> Vec<(Position, String)> {
    let given = fields.texts("namespaces");
    let path = fields.path_of("namespaces");
    if given.is_empty() {
        let message = format!("`{path}` is missing: where the organisation's programs run");
        fields.problem(Some(at), message, Some("add `namespaces: [shop]`".to_owned()));
    }
    let mut found: Vec<(Position, String)> = Vec::new();
    for (place, text) in given {
        let wrong = match () {
            () if !is_label(&text) => Some((
                format!("`{text}` is not a namespace's name"),
                "use lower-case letters, digits and hyphens".to_owned(),
            )),
            () if is_home(&text) || text == manager => Some((
                format!("`{text}` is a namespace of homelab's own programs"),
                "name the namespaces of the organisation's programs".to_owned(),
            )),
            () if is_of_kubernetes(&text) => Some((
                format!("`{text}` is in every cluster and belongs to nobody alone"),
                "give the organisation a namespace of its own".to_owned(),
            )),
            () => None,
        };
        match wrong {
            Some((why, help)) => fields.problem(Some(place), format!("`{path}`: {why}"), Some(help)),
            None if found.iter().any(|(_, other)| *other == text) => {}
            None => found.push((place, text)),
        }
    }
    found
}

/// Which organisation may be meant by a name that none has; `None` where there is none at all.
#[must_use]
pub fn meant(name: &str, all: &[Organisation]) -> Option<String> {
    let known: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    let near = nearest(name, &known).map(|near| format!("did you mean `{near}`?"));
    near.or_else(|| (!known.is_empty()).then(|| format!("known organisations: {}", known.join(", "))))
}

/// The organisation that a service names.
pub(super) fn of_service<'o>(fields: &mut Fields<'_>, all: &'o [Organisation]) -> Option<&'o Organisation> {
    let (place, name) = fields.text(OF_SERVICE)?;
    let found = all.iter().find(|one| one.name == name);
    if found.is_none() {
        let help = meant(&name, all).unwrap_or_else(|| {
            format!("add it: `{KEY}: {{ {name}: {{ namespaces: [...] }} }}`; or leave `{OF_SERVICE}` out")
        });
        let message = format!("`{}`: there is no organisation `{name}`", fields.path_of(OF_SERVICE));
        fields.problem(Some(place), message, Some(help));
    }
    found
}

/// Refuses a service that reaches beyond its organisation, or into one.
pub(super) fn check_service(
    fields: &mut Fields<'_>,
    place: Position,
    service: &Service,
    all: &[Organisation],
) {
    let (path, namespace) = (fields.path().to_owned(), service.namespace());
    let own = service.organisation.as_ref().and_then(|name| all.iter().find(|one| one.name == *name));
    let owner = all.iter().find(|one| one.namespaces.contains(namespace));
    match (own, owner) {
        (Some(own), owner) if owner != Some(own) => {
            let message = format!(
                "`{path}`: the organisation `{}` has no right to the namespace `{namespace}`",
                own.name
            );
            let help =
                format!("its namespaces: {}", Vec::from_iter(own.namespaces.iter().cloned()).join(", "));
            fields.problem(Some(place), message, Some(help));
        }
        (None, Some(owner)) if service.organisation.is_none() => {
            let message =
                format!("`{path}`: the namespace `{namespace}` belongs to the organisation `{}`", owner.name);
            let help = format!("add `{OF_SERVICE}: {}`", owner.name);
            fields.problem(Some(place), message, Some(help));
        }
        _ => {}
    }
    for host in &service.hosts {
        let wrong = match (own, all.iter().find(|one| host.is_within(&one.zone))) {
            (Some(own), of) if of != Some(own) => Some((
                format!("`{host}` is not in the zone `{}` of its organisation", own.zone),
                format!("take a name in `{}`, or leave `host` out", own.zone),
            )),
            (None, Some(of)) if service.organisation.is_none() => Some((
                format!("`{host}` lies in the zone of the organisation `{}`", of.name),
                format!("add `{OF_SERVICE}: {}` if it is one of its services, or take another name", of.name),
            )),
            _ => None,
        };
        if let Some((why, help)) = wrong {
            fields.problem(Some(place), format!("`{path}`: {why}"), Some(help));
        }
    }
    if own.is_some() && service.public.is_some() {
        let message = format!("`{path}`: `public` is not there for services of an organisation");
        let help = "leave `public` out: its record would lie in the zone of the whole lab".to_owned();
        fields.problem(Some(place), message, Some(help));
    }
}

/// What else of the configuration organisations are held against.
pub(super) struct Others<'a> {
    pub(super) dns: &'a Dns,
    pub(super) records: Records,
    pub(super) external_dns: Option<bool>,
    /// Names that are nobody's but the lab's, each with what has it.
    pub(super) names: Vec<(Host, String)>,
}

/// Refuses organisations where they cannot be kept apart.
pub(super) fn check(fields: &mut Fields<'_>, all: &[Organisation], others: &Others<'_>) {
    if all.is_empty() {
        return;
    }
    for (key, _) in fields.entries(KEY) {
        let zone = all.iter().find(|one| one.name == key.name).map(|one| &one.zone);
        let Some(zone) = zone else { continue };
        for (host, whose) in others.names.iter().filter(|(host, _)| host.is_within(zone)) {
            let message = format!("`{KEY}.{}`: `{host}` of `{whose}` lies in its zone `{zone}`", key.name);
            let help = "give the organisation another name, or take that name outside of its zone".to_owned();
            fields.problem(Some(key.place), message, Some(help));
        }
    }
    let place = fields.node(KEY).map(|node| node.place);
    let word = others.dns.provider.facts().key;
    let leave_out = "leave one of the two out".to_owned();
    let mut refuse = |why: String, help: String| {
        fields.problem(place, format!("`{KEY}` {why}"), Some(help));
    };
    if !others.dns.provider.facts().zones {
        let able = Provider::ALL.iter().map(|one| one.facts()).filter(|facts| facts.zones);
        let able: Vec<String> = able.map(|facts| format!("`{}`", facts.key)).collect();
        let help = match able.is_empty() {
            true => "leave it out".to_owned(),
            false => format!("a provider at which homelab makes zones: {}", able.join(", ")),
        };
        refuse(
            format!(
                "cannot work with `dns.provider: {word}`: each has a zone of its own, and homelab makes none there"
            ),
            help,
        );
        return;
    }
    if others.dns.challenge_zone.is_some() {
        refuse(
            "cannot work with `dns.challengeZone`: an organisation meets its challenges in its own zone, by its own credential".to_owned(),
            leave_out.clone(),
        );
    } else if !others.dns.publish {
        refuse(
            "contradicts `dns.publish: false`: the names of an organisation are in its zone, which public DNS answers for".to_owned(),
            leave_out.clone(),
        );
    }
    if others.dns.house_resolver {
        refuse(
            "cannot work with `dns.houseResolver`: the nodes would answer for the whole domain in the house, the organisations' zones included, from one list of names for all".to_owned(),
            leave_out.clone(),
        );
    }
    if others.external_dns == Some(false) {
        refuse(
            "and `externalDns.manage: false` do not go together: an external-dns that reads the whole cluster writes for everybody".to_owned(),
            leave_out.clone(),
        );
    }
    if others.records == Records::Wildcard {
        refuse(
            "cannot work with `records: wildcard`: while an organisation's zone is not delegated, the wildcard of the domain would answer for its names".to_owned(),
            leave_out,
        );
    }
}

/// Why a certificate of no service may not be: its names and its namespace must be of the same organisation, or both of none.
pub(super) fn refused_extra(one: &ExtraCertificate, all: &[Organisation]) -> Option<(String, String)> {
    let owner = all.iter().find(|of| of.namespaces.contains(&one.namespace));
    let of_namespace = format!(".{}.svc", one.namespace);
    let is_own = |name: &str| {
        owner.is_none() || name.ends_with(&of_namespace) || name.contains(&format!("{of_namespace}."))
    };
    let is_inside = |name: &str| one.issuer == Issuer::Ca && is_inside_some(name) && is_own(name);
    let wrong = one.names.iter().filter(|name| !is_inside(name)).find_map(|name| {
        let of = all.iter().find(|of| is_within(without_wildcard(name), of.zone.as_str()));
        (of != owner).then_some((name, of))
    })?;
    Some(match (wrong, owner) {
        ((name, _), Some(owner)) => (
            format!(
                "`{name}` is not in the zone `{}` of the organisation `{}`, whose namespace `{}` is",
                owner.zone, owner.name, one.namespace
            ),
            format!("take names in `{}`, or another namespace", owner.zone),
        ),
        ((name, of), None) => {
            let of = of.map_or("", |of| of.name.as_str());
            (
                format!(
                    "`{name}` lies in the zone of the organisation `{of}`, and the namespace `{}` is not its",
                    one.namespace
                ),
                format!("name one of the namespaces of `{of}`, or take another name"),
            )
        }
    })
}

impl Config {
    /// The organisation in whose zone a name lies.
    #[must_use]
    pub fn organisation_of(&self, name: &str) -> Option<&Organisation> {
        self.organisations.iter().find(|one| is_within(name, one.zone.as_str()))
    }

    /// The organisation that a namespace belongs to.
    #[must_use]
    pub fn organisation_in(&self, namespace: &str) -> Option<&Organisation> {
        self.organisations.iter().find(|one| one.namespaces.contains(namespace))
    }
}

#[cfg(test)]
mod tests;
