use crate::config::{Config, Problem, parse};

const DNS: &str = "provider: cloudflare, challengeZone: acme.example.org, houseResolver: true";

fn read(dns: &str, more: &str) -> Result<Config, Vec<Problem>> {
    parse(&format!("domain: intranet.example.com\nemail: ada@lovelace.dev\ndns: {{ {dns} }}\n{more}"))
}

/// Each challenge and what it proves.
fn challenges(more: &str) -> Vec<String> {
    let told = read(DNS, more).unwrap().challenges();
    told.iter()
        .map(|one| {
            assert_eq!(one.target, format!("{}.acme.example.org", one.name));
            format!("{} {}", one.name, one.proves.join(" "))
        })
        .collect()
}

#[test]
fn the_providers_zone_is_that_of_the_challenges_and_nothing_is_published() {
    let config = read(DNS, "").unwrap();
    assert_eq!(config.zone_or_domain().as_str(), "acme.example.org");
    assert_eq!(config.zone_of_names().as_str(), "intranet.example.com");
    assert!(!config.dns.publish && config.house_zone().unwrap().as_str() == "intranet.example.com");
    let named = read(&format!("{DNS}, zone: example.org"), "").unwrap();
    assert_eq!(named.zone_or_domain().as_str(), "example.org");
    assert_eq!(named.zone_of_names().as_str(), "intranet.example.com");
    assert!(read("provider: cloudflare", "").unwrap().challenges().is_empty());
}

#[test]
fn the_house_may_have_name_servers_of_its_own() {
    let config = read("provider: cloudflare, challengeZone: acme.example.org", "").unwrap();
    assert!(!config.dns.publish && config.house_zone().is_none());
    let outside =
        "services: { wiki: { local: 1, host: wiki.example.net } }\nexternalDns: { manage: false }\n";
    assert!(read("provider: cloudflare, challengeZone: acme.example.org", outside).is_ok());
}

#[test]
fn each_name_has_a_challenge_and_a_wildcard_shares_that_of_the_name_above_it() {
    let services = "services:\n  photos: { local: 1 }\n  wiki: { local: 2, issuer: ca }\n  \
                    docs: { local: 3, host: docs.lab.intranet.example.com }\n";
    assert_eq!(
        challenges(services),
        [
            "_acme-challenge.docs.lab.intranet.example.com docs.lab.intranet.example.com",
            "_acme-challenge.photos.intranet.example.com photos.intranet.example.com",
            "_acme-challenge.whoami.intranet.example.com whoami.intranet.example.com",
        ]
    );
    assert_eq!(
        challenges(&format!("certificates: wildcard\n{services}")),
        [
            "_acme-challenge.docs.lab.intranet.example.com docs.lab.intranet.example.com",
            "_acme-challenge.intranet.example.com *.intranet.example.com intranet.example.com",
        ]
    );
    let extra = "issuer: ca\nextraCertificates:\n  - { namespace: qa, names: ['*.qa.example.net', qa.example.net], issuer: acme }\n  \
                 - { namespace: db, names: [db] }\n";
    assert_eq!(challenges(extra), ["_acme-challenge.qa.example.net *.qa.example.net qa.example.net"]);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_write() {
    for (dns, what, help) in [
        (
            "provider: cloudflare, challengeZone: example.com",
            "is in `example.com` itself",
            "leave `challengeZone` out",
        ),
        (
            "provider: cloudflare, challengeZone: acme.example.org, publish: true",
            "cannot get a record there",
            "leave it out",
        ),
        (
            "provider: cloudflare, challengeZone: acme.example.org, publishHosts: true",
            "not that of the names",
            "leave it out",
        ),
        (
            "provider: cloudflare, challengeZone: acme.example.org, zone: example.net",
            "`acme.example.org` is not in the zone `example.net`",
            "",
        ),
        (
            "provider: local, challengeZone: acme.example.org",
            "no zone in public DNS",
            "docs/challenge-zone.md",
        ),
        (
            "provider: cloudflare, challengeZone: acme.example.org, hosts: { nas: 192.168.1.5 }",
            "nobody would answer",
            "houseResolver",
        ),
    ] {
        let problems = read(dns, "").unwrap_err();
        let problem = problems.iter().find(|problem| problem.message.contains(what));
        let problem = problem.unwrap_or_else(|| panic!("{dns}: {problems:?}"));
        assert!(problem.help.as_deref().unwrap_or_default().contains(help), "{problem:?}");
    }
    let label = "a".repeat(62);
    let long =
        format!("services: {{ wiki: {{ local: 1, host: {label}.{label}.{label}.intranet.example.com }} }}\n");
    let zone = "provider: cloudflare, challengeZone: a-rather-long-name.example.org, houseResolver: true";
    let problems = read(zone, &long).unwrap_err();
    assert!(problems[0].message.contains("at most 253"), "{problems:?}");
}
