//! Names that the house itself answers: `dns.houseResolver`, `dns.publish`, `dns.hosts` and `dns.publishHosts`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::config::challenge_server::takes_the_names;
use crate::config::dns::{Dns, HouseHost};
use crate::config::fields::Fields;
use crate::config::inside::InsideZone;
use crate::config::yaml::{Node, Position, Value};
use crate::facts::inside;
use crate::facts::name_server::LABEL;
use crate::facts::names::{Host, endings, is_label, is_within};
use crate::facts::providers::Provider;

/// What is said of the house's names.
pub(super) struct House {
    pub(super) resolver: bool,
    pub(super) publish: bool,
    /// In order of their names, each with its place in the file.
    pub(super) hosts: Vec<(Position, HouseHost)>,
    pub(super) publish_hosts: bool,
    /// Whether the cluster's own DNS gives them to pods.
    pub(super) for_pods: bool,
}

/// Why nobody finds the names in public DNS at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// He does.
    No,
    /// The provider's zone is that of the challenges alone.
    ProvidersZone,
    /// Public DNS asks the lab's own server for all of them, and it has none.
    OwnServer,
}

impl Elsewhere {
    /// By the zone that the provider has in place of that of the names, and that of the challenges, whoever has it.
    pub(super) fn of(domain: Option<&Host>, (elsewhere, zone): (Option<&Host>, Option<&Host>)) -> Self {
        match elsewhere {
            Some(_) => Self::ProvidersZone,
            None if takes_the_names(domain, zone) => Self::OwnServer,
            None => Self::No,
        }
    }

    fn why(self) -> &'static str {
        match self {
            Self::OwnServer => {
                "public DNS asks the lab's own server for the whole domain, since it is in `challengeZone`, and that server has nothing but challenges"
            }
            Self::No | Self::ProvidersZone => {
                "the provider's zone is not that of the names, so they cannot get a record there"
            }
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::OwnServer => {
                "leave it out; or take another `challengeZone`, such as `_acme-challenge.` and the domain, and the names stay at the provider"
            }
            Self::No | Self::ProvidersZone => "leave it out",
        }
    }
}

/// Reads the keys. A key that says what is so at this provider anyway is taken; one that says otherwise is refused. Where the
/// names are [`Elsewhere`] in public DNS (`dns.challengeZone`), nothing of the domain is published.
pub(super) fn read(
    fields: &mut Fields<'_>,
    (domain, zone, zones): (Option<&Host>, Option<&Host>, &[InsideZone]),
    (provider, place): (Provider, Elsewhere),
) -> House {
    let elsewhere = place != Elsewhere::No;
    let (on_nodes, word) = (provider.is_on_nodes(), provider.facts().key);
    let resolver = fields.bool("houseResolver");
    let publish = fields.bool("publish");
    let publish_hosts = fields.bool("publishHosts");
    let for_pods = fields.bool("podHosts").unwrap_or(true);
    let hosts = hosts(fields, (domain, zone), zones);
    let is_in_house = |host: &HouseHost| domain.is_some_and(|domain| host.name.is_within(domain));
    for (place, host) in hosts.iter().filter(|(_, host)| !for_pods && !is_in_house(host)) {
        let message = format!(
            "`dns.hosts`: nobody would answer for `{}`: the nodes answer for the domain alone, and `dns.podHosts: false` keeps it from pods",
            host.name
        );
        fields.problem(Some(*place), message, Some("remove `podHosts: false`, or the name".to_owned()));
    }
    let mut refuse = |key: &'static str, why: &str, help: &str| {
        let place = fields.node(key).map(|node| node.place);
        fields.problem(place, why, Some(help.to_owned()));
    };
    let has_resolver = resolver.unwrap_or(on_nodes);
    match (on_nodes, resolver, publish, publish_hosts) {
        (true, Some(false), ..) => refuse(
            "houseResolver",
            &format!(
                "`dns.houseResolver: false` cannot work with `dns.provider: {word}`: the nodes are the only name servers there"
            ),
            &format!("leave `houseResolver` out: with `provider: {word}` it is always on"),
        ),
        (true, _, Some(true), _) => refuse(
            "publish",
            &format!(
                "`dns.publish: true` cannot work with `dns.provider: {word}`, which has no zone in public DNS"
            ),
            "leave `publish` out, or choose a provider that hosts a zone: docs/configuration.md",
        ),
        (true, _, _, Some(true)) => refuse(
            "publishHosts",
            &format!(
                "`dns.publishHosts: true` cannot work with `dns.provider: {word}`, which has no zone in public DNS"
            ),
            "leave `publishHosts` out: the nodes serve `dns.hosts` in the house",
        ),
        (false, _, Some(true), _) if elsewhere => refuse(
            "publish",
            &format!("`dns.publish: true` cannot work with `dns.challengeZone`: {}", place.why()),
            place.help(),
        ),
        (false, _, _, Some(true)) if elsewhere => refuse(
            "publishHosts",
            &format!("`dns.publishHosts: true` cannot work with `dns.challengeZone`: {}", place.why()),
            place.help(),
        ),
        (false, _, Some(false), _) if !has_resolver && !elsewhere => refuse(
            "publish",
            "`dns.publish: false` cannot work without `dns.houseResolver: true`: nobody would answer for the names",
            "add `houseResolver: true`, and let your router ask the nodes for the domain: docs/house-resolver.md",
        ),
        (false, _, Some(false), Some(true)) => refuse(
            "publishHosts",
            "`dns.publishHosts: true` contradicts `dns.publish: false`, with which nothing is published",
            "leave `publishHosts` out: the nodes serve `dns.hosts` in the house",
        ),
        (false, _, _, published)
            if hosts.iter().any(|(_, host)| is_in_house(host))
                && !has_resolver
                && published != Some(true) =>
        {
            refuse(
                "hosts",
                "nobody would answer in the house for the names in `dns.hosts`",
                "add `houseResolver: true`, and your nodes answer for them in the house; or `publishHosts: true`, and they get records at the provider",
            )
        }
        _ => {}
    }
    House {
        resolver: has_resolver,
        publish: publish.unwrap_or(!on_nodes && !elsewhere),
        hosts,
        publish_hosts: publish_hosts.unwrap_or(false),
        for_pods,
    }
}

fn hosts(
    fields: &mut Fields<'_>,
    (domain, zone): (Option<&Host>, Option<&Host>),
    zones: &[InsideZone],
) -> Vec<(Position, HouseHost)> {
    let mut found: BTreeMap<Host, (Position, Vec<Ipv4Addr>, String)> = BTreeMap::new();
    for (key, node) in fields.entries("hosts") {
        let path = format!("dns.hosts.{}", key.name);
        let addresses = addresses(fields, &path, node);
        let Some(domain) = domain else { continue };
        let name = match name(&key.name, (domain, zone), zones) {
            Ok(name) => name,
            Err((why, help)) => {
                fields.problem(Some(key.place), format!("`{path}`: {why}"), Some(help));
                continue;
            }
        };
        if let Some((_, _, other)) = found.get(&name) {
            let message = format!("`{path}` and `dns.hosts.{other}` are the same name, `{name}`");
            fields.problem(
                Some(key.place),
                message,
                Some("keep one, with all addresses in a list".to_owned()),
            );
            continue;
        }
        if !addresses.is_empty() {
            found.insert(name, (key.place, addresses, key.name.clone()));
        }
    }
    found.into_iter().map(|(name, (place, addresses, _))| (place, HouseHost { name, addresses })).collect()
}

/// The whole name that a key stands for: below the domain, whether the domain is written or not; elsewhere where it ends with a
/// dot, or where no public DNS has such a name, for pods alone.
fn name(
    key: &str,
    (domain, zone): (&Host, Option<&Host>),
    zones: &[InsideZone],
) -> Result<Host, (String, String)> {
    let (plain, below) = (key.trim_end_matches('.').to_ascii_lowercase(), format!("below `{domain}`"));
    if plain.parse::<IpAddr>().is_ok() {
        return Err((
            "the name comes first".to_owned(),
            format!("write it the other way round: `printer: {plain}`"),
        ));
    }
    if plain.contains('*') {
        return Err((
            "a wildcard would answer for names that do not exist".to_owned(),
            "write each name in a line of its own".to_owned(),
        ));
    }
    if plain == domain.as_str() {
        return Err((
            format!("this is the domain itself, and these are names {below}"),
            "give the machine a name of its own, such as `nas`; the domain itself can be the start page (`startPage: true`)".to_owned(),
        ));
    }
    // A part of the domain, or of the zone, and yet not below the domain: meant as a whole name.
    let above = endings(domain.as_str());
    let is_above = |other: &str| other.contains('.') && is_within(&plain, other);
    let is_inside = key.ends_with('.')
        || inside::is_of_a_house(&plain)
        || zones.iter().any(|one| plain != one.zone && is_within(&plain, &one.zone));
    let elsewhere =
        above.iter().any(|other| is_above(other)) || zone.is_some_and(|zone| is_above(zone.as_str()));
    let whole = match is_within(&plain, domain.as_str()) {
        true => plain.clone(),
        false if is_inside => plain.clone(),
        false if elsewhere => {
            return Err((
                format!("the name is not {below}, and the nodes answer for nothing else"),
                format!(
                    "give it a name {below}, such as `nas` for `nas.{domain}`; or write `{plain}.` with a final dot, for pods alone"
                ),
            ));
        }
        false => format!("{plain}.{domain}"),
    };
    let labels = "use letters, digits and hyphens, with dots in between: `printer`, `ssh.nas`".to_owned();
    if let Some(label) = plain.split('.').find(|label| !is_label(label)) {
        return Err((format!("`{label}` is not a DNS label"), labels));
    }
    if whole.split('.').next() == Some(LABEL) {
        return Err((
            format!("`{LABEL}` is the name of the name servers themselves"),
            "choose another name".to_owned(),
        ));
    }
    Host::parse(&whole).map_err(|why| (why, labels))
}

fn addresses(fields: &mut Fields<'_>, path: &str, node: &Node) -> Vec<Ipv4Addr> {
    let items: Vec<&Node> = match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    let example = || Some("write an IPv4 address, such as `192.168.1.9`, or a list of some".to_owned());
    if items.is_empty() {
        fields.problem(Some(node.place), format!("`{path}` has no address"), example());
    }
    let mut found = Vec::new();
    for item in items {
        let read = match &item.value {
            Value::Text(text) => address(text),
            other => Err(format!("an address is needed here, not {}", other.kind())),
        };
        match read {
            Ok(address) => found.push(address),
            Err(why) => fields.problem(Some(item.place), format!("`{path}`: {why}"), example()),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// An address that other machines of the house can reach.
fn address(text: &str) -> Result<Ipv4Addr, String> {
    let address = match text.parse() {
        Ok(IpAddr::V4(address)) => address,
        Ok(IpAddr::V6(_)) => {
            return Err(format!(
                "`{text}` is an IPv6 address, and homelab keeps A records only: such addresses change with the internet provider's prefix"
            ));
        }
        Err(_) => return Err(format!("`{text}` is not an address")),
    };
    let what = match () {
        () if address.is_loopback() => "leads each machine to itself",
        () if address.is_unspecified() || address.is_broadcast() || address.is_multicast() => {
            "is no machine's address"
        }
        () => return Ok(address),
    };
    Err(format!("`{text}` {what}"))
}

/// Reports what does not go together with the rest of the file: names that are in use, and what publishes them. `taken` are the
/// names in use, each with what uses it.
pub(super) fn check(
    fields: &mut Fields<'_>,
    (dns, domain): (&Dns, &Host),
    (taken, places): (&[(Host, String)], &[Position]),
    external_dns: Option<bool>,
) {
    for (host, place) in dns.hosts.iter().zip(places) {
        if let Some((_, user)) = taken.iter().find(|(name, _)| *name == host.name) {
            let message =
                format!("`dns.hosts`: `{}` is the name of `{user}`, which leads to the nodes", host.name);
            let help =
                "choose another name for the machine, such as `ssh.nas` beside the service `nas`".to_owned();
            fields.problem(Some(*place), message, Some(help));
        }
    }
    if dns.provider.is_on_nodes() {
        return;
    }
    // Without the nodes' name servers, the house has its own, and what is in them is nobody's business here.
    if !dns.publish && dns.house_resolver {
        for (host, user) in taken.iter().filter(|(host, _)| !host.is_within(domain)) {
            let message = format!(
                "`{host}` of `{user}` would have no record: with `dns.publish: false` the nodes alone answer, and for names below `{domain}` alone"
            );
            fields.problem(
                None,
                message,
                Some(format!("give it a name below `{domain}`, or remove `publish: false`")),
            );
        }
    }
    let needs = match dns.publish {
        true => dns.publish_hosts.then_some("publishHosts: true"),
        // In that zone nothing of the lab was ever published.
        false => dns.elsewhere().is_none().then_some("publish: false"),
    };
    if let (Some(needs), Some(false)) = (needs, external_dns) {
        let place = fields.node("externalDns").map(|node| node.place);
        fields.problem(
            place,
            format!("`externalDns.manage: false` and `dns.{needs}` do not go together: what an external-dns of your own publishes is yours to say"),
            Some("leave `externalDns` out, or that key".to_owned()),
        );
    }
}

#[cfg(test)]
mod tests;
