//! What may be reached from the internet, and what is refused.

use super::*;
use crate::config::{Config, Problem, parse};

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
    assert_eq!((config.services[0].public, config.has_public()), (None, false));
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
fn what_contradicts_it_is_refused() {
    let lan = refused(TRAEFIK, "public: port, protect: { lan: true }");
    assert!(lan.contains("`services.nas.public: port` contradicts"), "{lan}");
    assert!(refused(TRAEFIK, "public: yes please").contains("`tunnel`"));
    let nodes = parse(
        "domain: home.arpa\ndns: { provider: local }\ningress: { controller: traefik }\nservices: { nas: { local: 80, public: tunnel } }\n",
    );
    assert!(nodes.unwrap_err()[0].message.contains("exist in the house alone"));
    let own = refused(&format!("{TRAEFIK}externalDns: {{ manage: false }}\n"), "public: port");
    assert!(own.contains("do not go together"), "{own}");
    let unknown = refused("ingress: { manage: false, class: edge }\n", "public: port");
    assert!(unknown.contains("keep the other services in the house"), "{unknown}");
    let proxied = parse(
        "domain: a.example.com\nemail: ada@lovelace.dev\ndns: { provider: paper, server: drawer.example.com, tokenFile: /t }\n\
         public: { proxied: true }\n",
    );
    assert!(proxied.unwrap_err()[0].message.contains("has no proxy"));
}

/// First of all: whoever says that he is of the house would be let in everywhere.
#[test]
fn settings_by_which_a_visitor_says_where_he_comes_from_are_refused_beside_a_public_service() {
    const KNOWS: &str = "public: port, iKnow: ingress-nginx-is-retired";
    let with = |more: &str| format!("ingress: {{ config: {{ use-forwarded-headers: 'true'{more} }} }}\n");
    assert!(refused(&with(""), KNOWS).contains("believes everybody"));
    assert!(
        refused(&with(", proxy-real-ip-cidr: '10.0.0.0/8,0.0.0.0/0'"), KNOWS).contains("believes everybody")
    );
    assert!(read_of(&with(", proxy-real-ip-cidr: 203.0.113.0/24"), KNOWS).is_ok());
    assert!(read_of(&with(""), "").is_ok(), "nothing is public");
}

#[test]
fn as_soon_as_one_service_is_public_the_others_are_reached_from_the_house_alone() {
    let config = parse(&format!(
        "domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nlan: [2001:db8:7::/56]\n{TRAEFIK}\
         services: {{ nas: {{ local: 1 }}, photos: {{ local: 2, public: port }} }}\n"
    ))
    .unwrap();
    let from = |at: usize| config.services[at].protect.from.len();
    assert_eq!((config.services[0].name.as_str(), from(0), from(1)), ("nas", 6, 0));
    assert_eq!(config.own_pages_from().len(), 6);
    assert!(read_of("", "").unwrap().own_pages_from().is_empty());
}

#[test]
fn who_says_where_the_lab_is_says_it_over_https() {
    let from = |text: &str| format!("public: {{ addressFrom: {text} }}\n");
    assert!(refused(&from("'http://ip.example.com'"), "").contains("has to be HTTPS"));
    assert_eq!(
        read_of(&from("['https://ip.example.com/a']"), "").unwrap().public.address_from,
        ["https://ip.example.com/a"]
    );
    assert_eq!(read_of("", "").unwrap().public.address_from.len(), 2);
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
        (
            "provider: cloudflare",
            "ingress: { manage: false, class: own, controller: traefik }\n",
            "does not know where",
        ),
        (
            "provider: cloudflare",
            "ingress: { controller: traefik }\nexternalDns: { manage: false }\n",
            "would publish",
        ),
        ("provider: cloudflare, houseResolver: true, publish: false", TRAEFIK, "public DNS has no record"),
    ] {
        assert!(lab(dns, more).unwrap_err().contains(why), "{why}: {:?}", lab(dns, more));
    }
}
