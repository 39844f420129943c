//! What may be reached from the internet: `public` and `iKnow` of a service, and `public` of the lab. Nothing is, unless a word
//! says so.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::config::dns::Dns;
use crate::config::fields::Fields;
use crate::config::model::{Config, Ingress, Service};
use crate::config::values::known;
use crate::facts::address::is_public;
use crate::facts::controllers::Controller;
use crate::facts::names::Host;

/// The key, of a service and of the lab.
const KEY: &str = "public";

/// By which way a service is reached from the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A tunnel that the lab itself opens: no port of the router is.
    Tunnel,
    /// A port that the router passes on.
    Port,
}

impl Way {
    const ALL: &[Self] = &[Self::Tunnel, Self::Port];

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
}

impl Config {
    /// Whether any service is reached from the internet.
    #[must_use]
    pub fn has_public(&self) -> bool {
        self.services.iter().any(|service| service.public.is_some())
    }

    /// The hosts that are reached from the internet: by this way, or by any.
    #[must_use]
    pub fn public_hosts(&self, way: Option<Way>) -> BTreeSet<Host> {
        let counts = |service: &&Service| service.public.is_some_and(|one| way.is_none_or(|way| one == way));
        self.services.iter().filter(counts).flat_map(|service| service.hosts.iter().cloned()).collect()
    }
}

/// Reads `public` of the lab.
pub(super) fn read(fields: &mut Fields<'_>) -> Public {
    fields.section(KEY, |fields| Public {
        target: fields.parsed("target", target).unwrap_or_default(),
        proxied: fields.bool("proxied").unwrap_or(false),
    })
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
            let mut all = Controller::ALL.iter().map(|one| one.facts());
            let other = all.find(|facts| facts.retired.is_none()).map_or("", |facts| facts.key);
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

/// Whether no way is named at all; one that is not known is told already.
fn place_is_free(fields: &mut Fields<'_>) -> bool {
    fields.node(KEY).is_none()
}

/// Refuses what contradicts a public service; `external_dns` is whether homelab is to run it, where that is said.
pub(super) fn check(
    fields: &mut Fields<'_>,
    services: &[Service],
    dns: &Dns,
    (controller, external_dns): (Controller, Option<bool>),
) {
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
            Way::Tunnel if !controller.is_managed() => (
                "cannot work with `ingress.manage: false`: homelab does not know where in the cluster your controller answers"
                    .to_owned(),
                "leave it out".to_owned(),
            ),
            Way::Tunnel if external_dns == Some(false) => (
                "and `externalDns.manage: false` do not go together: your own external-dns would publish the address in the house"
                    .to_owned(),
                "leave one of the two out".to_owned(),
            ),
            Way::Tunnel if !dns.publish => (
                "contradicts `dns.publish: false`, with which public DNS has no record of the lab".to_owned(),
                "leave one of the two out".to_owned(),
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
mod tests {
    use super::*;
    use crate::config::{Problem, parse};

    fn read_of(more: &str, service: &str) -> Result<Config, Vec<Problem>> {
        parse(&format!(
            "domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n{more}\
             services: {{ nas: {{ url: 'http://10.0.0.2', {service} }} }}\n"
        ))
    }

    fn refused(more: &str, service: &str) -> String {
        let told = |p: Problem| format!("{} {}\n", p.message, p.help.unwrap_or_default());
        read_of(more, service).unwrap_err().into_iter().map(told).collect()
    }

    const TRAEFIK: &str = "ingress: { controller: traefik }\n";

    #[test]
    fn nothing_is_reached_from_the_internet_unless_a_word_says_so() {
        let config = read_of("", "").unwrap();
        assert_eq!((config.services[0].public, config.public), (None, Public::default()));
        let config = read_of(TRAEFIK, "public: port").unwrap();
        assert_eq!((config.services[0].public, config.public.target), (Some(Way::Port), Target::Auto));
    }

    #[test]
    fn the_retired_controller_needs_a_word_of_its_own_at_each_public_service() {
        let told = refused("", "public: tunnel");
        assert!(
            told.contains("no more security fixes") && told.contains("add `iKnow: ingress-nginx-is-retired`"),
            "{told}"
        );
        assert!(refused("", "public: tunnel, iKnow: what-i-do").contains("no more security fixes"));
        assert!(read_of("", "public: tunnel, iKnow: ingress-nginx-is-retired").is_ok());
        assert!(
            read_of(TRAEFIK, "public: tunnel, iKnow: ingress-nginx-is-retired").is_ok(),
            "the way there and back"
        );
        assert!(refused("", "iKnow: ingress-nginx-is-retired").contains("belongs beside `public`"));
    }

    #[test]
    fn a_target_is_one_that_the_internet_reaches() {
        let target =
            |text: &str| read_of(&format!("public: {{ target: '{text}' }}\n"), "").map(|c| c.public.target);
        assert_eq!(target("203.0.113.7").unwrap(), Target::Address("203.0.113.7".parse().unwrap()));
        assert_eq!(
            target("me.dyn.example.net").unwrap(),
            Target::Name(Host::parse("me.dyn.example.net").unwrap())
        );
        for (text, why) in
            [("192.168.1.5", "nobody on the internet"), ("100.64.1.1", "nobody"), ("a b", "neither `auto`")]
        {
            assert!(refused(&format!("public: {{ target: '{text}' }}\n"), "").contains(why), "{text}");
        }
    }

    #[test]
    fn a_tunnel_is_refused_where_nobody_would_lead_it_anywhere_and_the_reason_is_told() {
        let lab = |dns: &str, more: &str| {
            let text = format!(
                "domain: a.example.com\nemail: ada@lovelace.dev\n{more}dns: {{ {dns} }}\n\
                 services: {{ nas: {{ url: 'http://10.0.0.2', public: tunnel }} }}\n"
            );
            parse(&text).map(drop).map_err(|problems| problems[0].message.clone())
        };
        assert_eq!(lab("provider: cloudflare", TRAEFIK), Ok(()));
        for (dns, more, why) in [
            ("provider: paper, tokenFile: /t, server: drawer.test", TRAEFIK, "this one has none"),
            ("provider: cloudflare", "ingress: { manage: false, class: own }\n", "does not know where"),
            (
                "provider: cloudflare",
                "ingress: { controller: traefik }\nexternalDns: { manage: false }\n",
                "would publish",
            ),
            (
                "provider: cloudflare, houseResolver: true, publish: false",
                TRAEFIK,
                "public DNS has no record",
            ),
        ] {
            assert!(lab(dns, more).unwrap_err().contains(why), "{why}: {:?}", lab(dns, more));
        }
    }

    #[test]
    fn what_contradicts_it_is_refused() {
        let lan = refused(TRAEFIK, "public: port, protect: { lan: true }");
        assert!(lan.contains("`services.nas.public: port` contradicts"), "{lan}");
        assert!(refused(TRAEFIK, "public: yes please").contains("`tunnel`"));
        let nodes = parse(
            "domain: home.arpa\ndns: { provider: local }\ningress: { controller: traefik }\nservices: { nas: { local: 80, public: tunnel } }\n",
        );
        assert!(nodes.unwrap_err()[0].message.contains("exist in the house alone"));
    }
}
