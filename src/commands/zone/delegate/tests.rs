use super::*;
use crate::config;

const LAB: &str = "domain: intranet.example.com\nemail: ada@lovelace.dev\ncertificates: wildcard\n\
    services: { docs: { local: 1, host: docs.lab.intranet.example.com } }\n";
const PRINT: Delegate = Delegate { table: false, write: false, remove: false };

fn lab(dns: &str) -> Config {
    config::parse(&format!("{LAB}dns: {{ provider: cloudflare, houseResolver: true, {dns} }}\n")).unwrap()
}

fn lines(config: &Config, flags: &Delegate) -> Vec<String> {
    told(config, &wanted(config), flags).lines().map(str::to_owned).collect()
}

#[test]
fn a_zone_file_has_a_line_for_each_name_that_can_be_pasted_anywhere() {
    let lines = lines(&lab("challengeZone: acme.example.org"), &PRINT);
    assert!(lines[0].starts_with("; For the public zone of `intranet.example.com`."), "{lines:?}");
    assert_eq!(
        lines[1..],
        [
            "_acme-challenge.docs.lab.intranet.example.com. IN CNAME _acme-challenge.docs.lab.intranet.example.com.acme.example.org.",
            "_acme-challenge.intranet.example.com.          IN CNAME _acme-challenge.intranet.example.com.acme.example.org.",
        ]
    );
}

#[test]
fn a_table_has_the_names_as_a_providers_page_wants_them() {
    let lines = lines(&lab("challengeZone: acme.example.org"), &Delegate { table: true, ..PRINT });
    let columns: Vec<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(columns[0], ["NAME", "TYPE", "TARGET"]);
    let target = "_acme-challenge.intranet.example.com.acme.example.org";
    assert_eq!(columns[2], ["_acme-challenge.intranet.example.com", "CNAME", target]);
}

#[test]
fn the_labs_own_server_has_its_delegation_and_its_glue_before_the_names() {
    let config = lab("challengeZone: acme.example.org, challengeServer: 203.0.113.7");
    let lines = lines(&config, &PRINT);
    assert!(lines[0].starts_with("; For the public zone above `acme.example.org`."), "{lines:?}");
    let bare = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(bare(&lines[1]), "acme.example.org. IN NS homelab-ns.acme.example.org.");
    assert_eq!(bare(&lines[2]), "homelab-ns.acme.example.org. IN A 203.0.113.7");
    assert!(lines[3].starts_with("; For the public zone of") && lines.len() == 6, "{lines:?}");
    let (zone, server) = config.dns.own_challenge_zone().unwrap();
    let said = forwarding(zone, server);
    assert!(said.contains("port 53, UDP and TCP, to the node, port 8053"), "{said}");
    let within = lab("challengeZone: intranet.example.com, challengeServer: 203.0.113.7");
    assert_eq!(wanted(&within).len(), 2, "names in the zone need no record of their own");
}

#[test]
fn the_document_has_the_published_form() {
    for dns in
        ["challengeZone: acme.example.org", "challengeZone: acme.example.org, challengeServer: 203.0.113.7"]
    {
        let wanted = wanted(&lab(dns));
        let document = document("acme.example.org", &wanted, None);
        ui::assert_is("delegated", &document);
        let last = document["records"].as_array().unwrap().last().unwrap();
        assert_eq!(last["certificates_for"], json!(["*.intranet.example.com", "intranet.example.com"]));
    }
}
