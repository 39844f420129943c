use super::*;
use crate::config::{Issuer, parse};

fn read(dns: &str, more: &str) -> Result<Config, Vec<Problem>> {
    parse(&format!("domain: intranet.example.com\nemail: ada@lovelace.dev\ndns: {{ {dns} }}\n{more}"))
}

fn told(config: &Config) -> Vec<String> {
    let (zone, server) = config.dns.own_challenge_zone().unwrap();
    let records = server.delegation(zone);
    records.iter().map(|one| format!("{} {} {}", one.name, one.kind, one.content)).collect()
}

#[test]
fn an_address_is_a_whole_configuration_and_the_zone_above_needs_its_glue() {
    let config =
        read("provider: cloudflare, challengeZone: acme.example.org, challengeServer: 203.0.113.7", "")
            .unwrap();
    let (zone, server) = config.dns.own_challenge_zone().unwrap();
    assert_eq!((zone.as_str(), server.port, &server.node), ("acme.example.org", 8053, &None));
    assert_eq!(
        told(&config),
        ["acme.example.org NS homelab-ns.acme.example.org", "homelab-ns.acme.example.org A 203.0.113.7"]
    );
    let six = read(
        "provider: cloudflare, challengeZone: acme.example.org, challengeServer: { address: '2001:db8::7', port: 5300, node: nuc }",
        "",
    )
    .unwrap();
    assert_eq!(told(&six)[1], "homelab-ns.acme.example.org AAAA 2001:db8::7");
    let server = six.dns.challenge_server.unwrap();
    assert_eq!((server.port, server.node.as_deref()), (5300, Some("nuc")));
}

#[test]
fn a_name_that_leads_home_needs_no_glue() {
    let dns = "provider: cloudflare, challengeZone: acme.example.org, challengeServer: house.example.net";
    assert_eq!(told(&read(dns, "").unwrap()), ["acme.example.org NS house.example.net"]);
}

#[test]
fn a_zone_that_begins_at_a_challenge_has_its_server_beside_it() {
    let dns =
        "provider: local, challengeZone: _acme-challenge.intranet.example.com, challengeServer: 203.0.113.7";
    assert_eq!(
        told(&read(dns, "").unwrap()),
        [
            "_acme-challenge.intranet.example.com NS homelab-ns.intranet.example.com",
            "homelab-ns.intranet.example.com A 203.0.113.7"
        ]
    );
}

#[test]
fn the_providers_zone_stays_that_of_the_names_and_they_stay_published() {
    let dns = "provider: cloudflare, challengeZone: acme.example.com, challengeServer: 203.0.113.7";
    let config = read(dns, "").unwrap();
    assert!(config.dns.publish && config.dns.elsewhere().is_none());
    assert_eq!(config.zone_or_domain().as_str(), "intranet.example.com");
    assert_eq!(config.challenges()[0].target, "_acme-challenge.whoami.intranet.example.com.acme.example.com");
    assert!(read(&format!("{dns}, zone: example.com"), "").is_ok());
}

#[test]
fn names_in_the_zone_of_the_challenges_need_no_cname_and_are_not_published() {
    let dns = "provider: cloudflare, challengeZone: intranet.example.com, challengeServer: 203.0.113.7";
    let config = read(dns, "").unwrap();
    assert!(!config.dns.publish);
    assert!(config.challenges().iter().all(|one| !one.needs_record() && one.name == one.target));
    let problems = read(&format!("{dns}, publish: true"), "").unwrap_err();
    assert!(problems[0].message.contains("for the whole domain"), "{problems:?}");
    assert!(problems[0].help.as_deref().unwrap().contains("`_acme-challenge.`"), "{problems:?}");
    let at_challenge = "provider: cloudflare, challengeZone: _acme-challenge.intranet.example.com, challengeServer: 203.0.113.7";
    let config = read(
        at_challenge,
        "certificates: wildcard\nservices: { a: { local: 1, host: a.b.intranet.example.com } }\n",
    )
    .unwrap();
    let told: Vec<_> = config.challenges().into_iter().map(|one| (one.needs_record(), one.target)).collect();
    assert_eq!(
        told,
        [
            (
                true,
                "_acme-challenge.a.b.intranet.example.com._acme-challenge.intranet.example.com".to_owned()
            ),
            (false, "_acme-challenge.intranet.example.com".to_owned()),
        ]
    );
    assert!(config.dns.publish, "public DNS asks the provider for the names");
}

#[test]
fn where_only_the_nodes_know_the_names_an_acme_server_can_sign_them_all_the_same() {
    let dns = "provider: local, challengeZone: acme.example.org, challengeServer: 203.0.113.7";
    let config = read(dns, "").unwrap();
    assert_eq!(config.issuer, Issuer::Acme);
    assert!(config.house_zone().is_some() && !config.dns.publish);
    assert_eq!(read(dns, "issuer: ca\n").unwrap().issuer, Issuer::Ca);
    let at_home = |domain: &str| {
        parse(&format!("domain: {domain}\nemail: ada@lovelace.dev\ndns: {{ {dns} }}\n")).unwrap_err()
    };
    for domain in ["lab.internal", "house.home.arpa"] {
        let problems = at_home(domain);
        assert!(problems[0].message.contains("nobody owns"), "{problems:?}");
        assert!(problems[0].help.as_deref().unwrap().contains("issuer: ca"), "{problems:?}");
    }
}

#[test]
fn what_cannot_work_is_refused_with_its_place_the_cause_and_what_to_write() {
    let zone = "provider: cloudflare, challengeZone: acme.example.org";
    for (dns, what, help) in [
        (
            "provider: cloudflare, challengeServer: 203.0.113.7".to_owned(),
            "no zone to answer for",
            "add `challengeZone",
        ),
        (format!("{zone}, challengeServer: 192.168.1.5"), "cannot be reached from the internet", ""),
        (format!("{zone}, challengeServer: 100.64.3.4"), "carrier-grade NAT", ""),
        (
            format!("{zone}, challengeServer: ns.acme.example.org"),
            "before he knows the address",
            "public address",
        ),
        (format!("{zone}, challengeServer: true"), "must be an address, a name or a mapping", ""),
        (
            format!("{zone}, challengeServer: {{ port: 8053 }}"),
            "`dns.challengeServer.address` is missing",
            "203.0.113.7",
        ),
        (format!("{zone}, challengeServer: {{ address: 203.0.113.7, port: 53 }}"), "between 1024", ""),
        (
            format!("{zone}, challengeServer: {{ address: 203.0.113.7, port: 6443 }}"),
            "is taken on every node",
            "8053",
        ),
        (
            "provider: cloudflare, challengeZone: acme.internal, challengeServer: 203.0.113.7".to_owned(),
            "nobody can delegate it",
            "a domain of your own",
        ),
    ] {
        let problems = read(&dns, "").unwrap_err();
        let problem = problems.iter().find(|problem| problem.message.contains(what));
        let problem = problem.unwrap_or_else(|| panic!("{dns}: {problems:?}"));
        assert!(problem.help.as_deref().unwrap_or_default().contains(help), "{problem:?}");
    }
    let both = read(&format!("{zone}, challengeServer: 203.0.113.7"), "services: { dns: { local: 8053 } }\n");
    let problems = both.unwrap_err();
    assert!(problems[0].message.contains("`services.dns` and `dns.challengeServer` both"), "{problems:?}");
}
