//! What may be reached from the internet: `public` and `iKnow` of a service, and `public` of the lab. Nothing is, unless a word
//! says so.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::config::dns::Dns;
use crate::config::fields::Fields;
use crate::config::model::{Config, Ingress, Service};
use crate::config::protect;
use crate::config::values::known;
use crate::facts::address::is_public;
use crate::facts::controllers::Controller;
use crate::facts::names::Host;
use crate::facts::network::Network;

/// The key, of a service and of the lab.
const KEY: &str = "public";

/// Who says by default from which address the house is seen: two that know nothing of each other. The first needs no DNS; the second
/// is what inadyn asks, too (its README, `checkip-server`).
const ADDRESS_FROM: [&str; 2] = ["https://1.1.1.1/cdn-cgi/trace", "https://api.ipify.org"];

/// By which way a service is reached from the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A tunnel that the lab itself opens: no port of the router is.
    Tunnel,
    /// A port that the router passes on.
    Port,
}

impl Way {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Tunnel, Self::Port];

    /// Its word in the configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tunnel => "tunnel",
            Self::Port => "port",
        }
    }
}

/// Where the records of services lead that are reached by a port of the router.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// The address that the lab has on the internet, whatever it is at the moment.
    #[default]
    Auto,
    /// This one.
    Address(IpAddr),
    /// A name that somebody else keeps, by dynamic DNS for example.
    Name(Host),
}

/// What holds for every public service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Public {
    /// Where the records of `public: port` lead.
    pub target: Target,
    /// Whether visitors of `public: port` come by the provider's proxy, who then see its addresses.
    pub proxied: bool,
    /// Who says from which address the house is seen, in the order in which they are asked.
    pub address_from: Vec<String>,
    /// The networks of the house, from which everything is reached that is not public.
    pub house: Vec<Network>,
}

impl Config {
    /// Whether any service is reached from the internet.
    #[must_use]
    pub fn has_public(&self) -> bool {
        self.services.iter().any(|service| service.public.is_some())
    }

    /// Whether a record follows the address that the lab has on the internet.
    #[must_use]
    pub fn follows_address(&self) -> bool {
        let by_port = |service: &Service| service.public == Some(Way::Port);
        self.public.target == Target::Auto && self.services.iter().any(by_port)
    }

    /// The networks from which homelab's own pages are reached: from everywhere if empty, as long as no service is public.
    #[must_use]
    pub fn own_pages_from(&self) -> &[Network] {
        if self.has_public() { &self.public.house } else { &[] }
    }

    /// The hosts that are reached from the internet: by this way, or by any.
    #[must_use]
    pub fn public_hosts(&self, way: Option<Way>) -> BTreeSet<Host> {
        let counts = |service: &&Service| service.public.is_some_and(|one| way.is_none_or(|way| one == way));
        self.services.iter().filter(counts).flat_map(|service| service.hosts.iter().cloned()).collect()
    }
}

/// Reads `public` of the lab; `lan` are the house's further networks.
pub(super) fn read(fields: &mut Fields<'_>, lan: &[Network]) -> Public {
    fields.section(KEY, |fields| Public {
        target: fields.parsed("target", target).unwrap_or_default(),
        proxied: fields.bool("proxied").unwrap_or(false),
        address_from: address_from(fields),
        house: protect::house(lan),
    })
}

fn address_from(fields: &mut Fields<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (place, text) in fields.texts("addressFrom") {
        let fine = text.strip_prefix("https://").is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'`<>@".contains(&byte))
        });
        if fine {
            found.push(text);
        } else {
            let message =
                format!("`public.addressFrom`: `{text}` is not an address such as `https://ip.example.com`");
            let help = "it has to be HTTPS: otherwise whoever is on the way says where your records lead";
            fields.problem(Some(place), message, Some(help.to_owned()));
        }
    }
    if found.is_empty() { ADDRESS_FROM.map(str::to_owned).into() } else { found }
}

fn target(text: &str) -> Result<Target, String> {
    if text == "auto" {
        return Ok(Target::Auto);
    }
    match text.parse::<IpAddr>() {
        Ok(address) if is_public(&address) => Ok(Target::Address(address)),
        Ok(address) => Err(format!(
            "nobody on the internet reaches `{address}`: write the address that your router has there, or `auto`"
        )),
        Err(_) => Host::parse(text)
            .map(Target::Name)
            .map_err(|_| format!("`{text}` is neither `auto`, nor an address, nor a name")),
    }
}

/// Reads `public` and `iKnow` of a service.
pub(super) fn of_service(fields: &mut Fields<'_>, ingress: &Ingress) -> Option<Way> {
    let way = fields.parsed(KEY, |text| known("way", Way::ALL, Way::word, text));
    let place = fields.node(KEY).map(|node| node.place);
    let known = fields.text("iKnow");
    let path = fields.path().to_owned();
    let word = ingress.controller.facts().retired;
    match (way, word, known) {
        (Some(_), Some(word), given) if given.as_ref().is_none_or(|(_, text)| text != word) => {
            let name = ingress.controller.facts().key;
            let message = format!(
                "`{path}.{KEY}`: {name} gets no more security fixes, so it should not be reached from the internet"
            );
            let other = Controller::maintained();
            let help = format!(
                "set `ingress.controller: {other}`; or, if you want it all the same, add `iKnow: {word}` beside it"
            );
            fields.problem(given.map(|(place, _)| place).or(place), message, Some(help));
        }
        (None, _, Some((place, _))) if place_is_free(fields) => {
            let message = format!("`{path}.iKnow` belongs beside `{KEY}`, and has no meaning without it");
            fields.problem(Some(place), message, Some("remove the line".to_owned()));
        }
        _ => {}
    }
    way
}

/// Refuses a public service where nothing could keep the others in the house.
fn controller(fields: &mut Fields<'_>, services: &[Service], ingress: &Ingress) {
    let Some(service) = services.iter().find(|service| service.public.is_some()) else { return };
    let path = format!("services.{}.{KEY}", service.name);
    if !ingress.dialect.is_managed() {
        let place = fields.node("services").map(|node| node.place);
        let message = format!(
            "`{path}`: homelab does not know how your ingress controller is told to keep the other services in the house"
        );
        let help = "name its make (`ingress.controller`) beside `manage: false`, or leave `public` out";
        fields.problem(place, message, Some(help.to_owned()));
    }
    let facts = ingress.controller.facts();
    let is_on = |key: &&&str| ingress.config.get(**key).is_some_and(|value| value != "false");
    let trusted = ingress.config.get(facts.believes.1);
    let everybody = trusted.is_none_or(|networks| networks.split(',').any(|one| one.trim().ends_with("/0")));
    if let Some(key) = facts.believes.0.iter().find(is_on).filter(|_| everybody) {
        let place = fields.node("ingress").map(|node| node.place);
        let message = format!(
            "`ingress.config.{key}` believes everybody who says that he comes from the house, so `{path}` would open every service to the internet"
        );
        let help = format!("remove it; or name the proxies that may say so, in `{}`", facts.believes.1);
        fields.problem(place, message, Some(help));
    }
}

/// Whether no way is named at all; one that is not known is told already.
fn place_is_free(fields: &mut Fields<'_>) -> bool {
    fields.node(KEY).is_none()
}

/// As soon as one service is public, the others are reached from the house alone.
pub(super) fn keep_in(services: &mut [Service], public: &Public) {
    if services.iter().any(|service| service.public.is_some()) {
        let kept_in = services.iter_mut().filter(|service| service.public.is_none());
        kept_in.for_each(|service| service.protect.from.clone_from(&public.house));
    }
}

/// Refuses what contradicts a public service; `external_dns` is whether homelab is to run it, where that is said.
pub(super) fn check(
    fields: &mut Fields<'_>,
    (services, public): (&[Service], &Public),
    dns: &Dns,
    (ingress, external_dns): (&Ingress, Option<bool>),
) {
    controller(fields, services, ingress);
    if public.proxied && dns.provider.facts().proxied.is_none() {
        let place = fields.node(KEY).map(|node| node.place);
        let message = format!("`public.proxied`: `{}` has no proxy", dns.provider.facts().key);
        fields.problem(place, message, Some("leave it out".to_owned()));
    }
    let place = fields.node("services").map(|node| node.place);
    for service in services {
        let Some(way) = service.public else { continue };
        let path = format!("services.{}.{KEY}", service.name);
        let (why, help) = match way {
            _ if service.protect.only_house => (
                "contradicts `protect: { lan: true }`, with which it is reached from the house alone"
                    .to_owned(),
                "leave one of the two out".to_owned(),
            ),
            _ if dns.provider.is_on_nodes() => (
                format!(
                    "cannot work with `dns.provider: {}`, whose names exist in the house alone",
                    dns.provider.facts().key
                ),
                "leave it out, or get a domain of your own".to_owned(),
            ),
            _ if external_dns == Some(false) => (
                "and `externalDns.manage: false` do not go together: your own external-dns would publish the address in the house"
                    .to_owned(),
                "leave one of the two out".to_owned(),
            ),
            _ if !dns.publish => (
                "contradicts `dns.publish: false`, with which public DNS has no record of the lab".to_owned(),
                "leave one of the two out".to_owned(),
            ),
            _ if dns.elsewhere().is_some() => (
                "cannot work with `dns.challengeZone`: the provider's zone is not that of the names"
                    .to_owned(),
                "leave one of the two out".to_owned(),
            ),
            Way::Tunnel if !dns.provider.facts().tunnels => (
                format!(
                    "cannot work with `dns.provider: {}`: a tunnel ends at a provider that has some, and this one has none",
                    dns.provider.facts().key
                ),
                "forward a port of your router instead, with `public: port`; or leave it out".to_owned(),
            ),
            Way::Tunnel if !ingress.controller.is_managed() => (
                "cannot work with `ingress.manage: false`: homelab does not know where in the cluster your controller answers"
                    .to_owned(),
                "leave it out".to_owned(),
            ),
            _ => continue,
        };
        fields.problem(place, format!("`{path}: {}` {why}", way.word()), Some(help));
    }
}

impl Config {
    /// The services that are reached from the internet by this way.
    pub fn reached_by(&self, way: Way) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(move |service| service.public == Some(way))
    }
}

#[cfg(test)]
mod tests;
