use serde_json::{Value, json};

use super::*;
use crate::net::testing::http::Server;
use crate::provider::powerdns::fault::hint;
use crate::provider::powerdns::keys;
use crate::provider::powerdns::words::WORDS;
use crate::provider::rfc2136::FakeServer;

mod fake;

use fake::Fake;

const KEYS: &str = "api-key=s3cret-api\nhomelab. hmac-sha256. c2VjcmV0LW9mLXRoZS1ob3VzZQ==\n";

fn client(server: &Server) -> Client {
    client_with(server, "127.0.0.1:9")
}

/// One whose server takes signed updates, too.
async fn updating(server: &Server, names: &FakeServer) -> Client {
    client_with(server, &names.serve().await.to_string())
}

fn client_with(server: &Server, nameserver: &str) -> Client {
    let text = format!(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: powerdns, server: 'http://{}/', nameserver: '{nameserver}' }}\n",
        server.address
    );
    let config = crate::config::parse(&text).unwrap();
    let client = Client::new(&config, &keys::keyring(KEYS).unwrap()).unwrap();
    Client { deadline: Duration::from_secs(3), ..client }
}

fn told(fault: &Fault) -> String {
    crate::provider::message(fault, &WORDS)
}

fn zone() -> Zone {
    Zone { id: "example.com.".into(), name: "example.com".into(), status: "active".into(), ..Zone::default() }
}

#[test]
fn a_domain_is_tried_from_the_longest_ending_to_the_shortest() {
    assert_eq!(endings("*.home.example.com."), ["home.example.com", "example.com", "com"]);
    assert_eq!(endings("lan"), ["lan"]);
}

#[tokio::test]
async fn the_longest_zone_of_the_domain_is_found_and_the_key_travels_in_the_header_alone() {
    let fake = Fake::new();
    fake.change(|state| state.zones.push(json!({ "id": "com.", "name": "com.", "kind": "Native" })));
    let server = fake.serve().await;
    let found = client(&server).check("home.example.com").await.unwrap();
    assert_eq!((found.id.as_str(), found.name.as_str()), ("example.com.", "example.com"));
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /api/v1/servers/localhost/zones?dnssec=false "), "{}", requests[0]);
    assert!(requests.iter().all(|request| request.contains("x-api-key: s3cret-api")));
    assert!(requests.iter().all(|request| !request.lines().next().unwrap().contains("s3cret")));
    assert!(!format!("{:?}", client(&server)).contains("s3cret"));
}

#[tokio::test]
async fn records_have_no_final_dots_and_disabled_ones_are_none() {
    let server = Fake::new().serve().await;
    let records = client(&server).records(&zone(), None).await.unwrap();
    let seen: Vec<_> = records.iter().map(|r| (r.kind.as_str(), r.name.as_str(), r.text())).collect();
    assert!(seen.contains(&("A", "nas.example.com", "192.168.1.5".into())), "{seen:?}");
    assert!(seen.contains(&("CNAME", "www.example.com", "nas.example.com".into())), "{seen:?}");
    assert!(seen.contains(&("TXT", "a-homelab.nas.example.com", "heritage=external-dns".into())), "{seen:?}");
    assert!(!seen.iter().any(|(_, name, _)| *name == "off.example.com"), "{seen:?}");
    let named = client(&server).records(&zone(), Some("nas.example.com")).await.unwrap();
    assert_eq!(named.len(), 1);
}

#[tokio::test]
async fn the_scratch_record_is_made_and_taken_away_and_nothing_else_changes() {
    let fake = Fake::new();
    let before = fake.rrsets();
    let server = fake.serve().await;
    updating(&server, &FakeServer::new()).await.prove_edit(&zone()).await.unwrap();
    assert_eq!(fake.rrsets(), before);
    let changes: Vec<String> =
        server.requests().into_iter().filter(|request| request.starts_with("PATCH")).collect();
    assert_eq!(changes.len(), 2);
    assert!(changes[0].contains("REPLACE") && changes[1].contains("DELETE"), "{changes:?}");
}

#[tokio::test]
async fn cert_managers_way_is_proved_too_and_its_record_is_taken_away() {
    let (server, names) = (Fake::new().serve().await, FakeServer::new());
    let before = names.records();
    updating(&server, &names).await.prove_edit(&zone()).await.unwrap();
    assert_eq!((names.made(), names.records()), (vec!["_homelab-check.example.com".to_owned()], before));
}

#[tokio::test]
async fn a_server_that_takes_no_signed_update_from_this_machine_is_told_with_what_lets_it_in() {
    let (server, names) = (Fake::new().serve().await, FakeServer::new());
    names.change(|state| state.update = 5);
    let fault = updating(&server, &names).await.prove_edit(&zone()).await.unwrap_err();
    assert!(told(&fault).contains("refuses a DNS update from this machine"), "{}", told(&fault));
    assert!(hint(&fault).contains("ALLOW-DNSUPDATE-FROM"), "{}", hint(&fault));
    let fault = client(&server).prove_edit(&zone()).await.unwrap_err();
    assert_eq!(told(&fault), "DNS updates do not reach PowerDNS at `127.0.0.1:9`: connection refused");
    assert!(hint(&fault).contains("`dns.nameserver`"), "{}", hint(&fault));
}

/// The API replaces all records of a name and type at once: whoever writes to a name that somebody else uses destroys it.
#[tokio::test]
async fn a_strangers_record_at_the_name_of_the_scratch_record_stays() {
    for theirs in [
        json!({ "name": "_homelab-check.example.com.", "type": "TXT", "ttl": 60, "records": [{ "content": "\"something else\"", "disabled": false }] }),
        // As the server does not show it, it is easily overlooked.
        json!({ "name": "_homelab-check.example.com.", "type": "TXT", "ttl": 60, "records": [{ "content": "\"off\"", "disabled": true }] }),
        json!({ "name": "_homelab-check.example.com.", "type": "CNAME", "ttl": 60, "records": [{ "content": "nas.example.com.", "disabled": false }] }),
        json!({ "name": "_homelab-check.example.com.", "type": "TXT", "ttl": 60,
            "records": [{ "content": "\"homelab scratch record\"", "disabled": false }, { "content": "\"theirs\"", "disabled": false }] }),
    ] {
        let fake = Fake::new();
        fake.change(|state| state.rrsets.push(theirs.clone()));
        let before = fake.rrsets();
        let server = fake.serve().await;
        updating(&server, &FakeServer::new()).await.prove_edit(&zone()).await.unwrap();
        assert_eq!(fake.rrsets(), before, "{theirs}");
        for request in server.requests().iter().filter(|request| request.starts_with("PATCH")) {
            assert!(!request.contains("\"_homelab-check.example.com.\""), "{request}");
        }
    }
}

#[tokio::test]
async fn where_strangers_have_every_name_nothing_is_changed() {
    let fake = Fake::new();
    fake.change(|state| {
        for n in ["", "-2", "-3", "-4", "-5"] {
            state
                .rrsets
                .push(json!({ "name": format!("_homelab-check{n}.example.com."), "type": "A", "ttl": 60,
                "records": [{ "content": "10.0.0.1", "disabled": false }] }));
        }
    });
    let server = fake.serve().await;
    let fault = client(&server).prove_edit(&zone()).await.unwrap_err();
    assert!(told(&fault).contains("others have records at"), "{}", told(&fault));
    assert!(!server.requests().iter().any(|request| request.starts_with("PATCH")));
}

#[tokio::test]
async fn what_somebody_writes_beside_the_scratch_record_in_the_meantime_stays() {
    let fake = Fake::new();
    fake.change(|state| state.beside = Some("\"theirs\"".into()));
    let server = fake.serve().await;
    let fault = client(&server).prove_edit(&zone()).await.unwrap_err();
    assert!(matches!(fault, Fault::Leftover { .. }), "{fault:?}");
    assert!(fake.rrsets().iter().any(|rrset| rrset.to_string().contains("theirs")));
}

#[tokio::test]
async fn what_a_stopped_run_left_is_known_and_taken_away() {
    let fake = Fake::new();
    let before = fake.rrsets();
    fake.change(|state| {
        state.rrsets.push(json!({ "name": "_homelab-check.example.com.", "type": "TXT", "ttl": 10,
            "records": [{ "content": "\"homelab scratch record\"", "disabled": false }] }));
    });
    let server = fake.serve().await;
    let client = updating(&server, &FakeServer::new()).await;
    let records = client.records(&zone(), None).await.unwrap();
    let is_scratch = crate::provider::scratch::is_scratch;
    assert_eq!(records.iter().filter(|record| is_scratch(record)).count(), 1);
    client.prove_edit(&zone()).await.unwrap();
    assert_eq!(fake.rrsets(), before);
}

#[tokio::test]
async fn a_zone_that_the_api_cannot_write_to_is_named_with_its_backend() {
    let fake = Fake::new();
    fake.change(|state| state.read_only = true);
    let server = fake.serve().await;
    let fault = client(&server).prove_edit(&zone()).await.unwrap_err();
    assert_eq!(
        told(&fault),
        "PowerDNS refuses: Hosting backend does not support editing records. (HTTP 422)"
    );
    assert!(hint(&fault).contains("SQLite"));
}

#[tokio::test]
async fn a_copy_of_another_servers_zone_is_told_before_anything_is_written() {
    for kind in ["Slave", "Consumer"] {
        let fake = Fake::new();
        fake.change(|state| state.zones[0]["kind"] = kind.into());
        let server = fake.serve().await;
        let fault = client(&server).check("home.example.com").await.unwrap_err();
        assert!(told(&fault).contains(&format!("kind `{kind}`")), "{}", told(&fault));
        assert!(hint(&fault).contains("pdnsutil set-kind example.com native"));
    }
}

/// A change of a server that is set up well, and the words of the message and of the hint that must follow.
type Lack = (fn(&mut fake::State), &'static str, &'static str);

#[tokio::test]
async fn each_thing_that_updates_need_is_named_with_its_command() {
    let lacks: &[Lack] = &[
        (|state| state.set("dnsupdate", "no"), "`dnsupdate` is off", "dnsupdate=yes"),
        (
            |state| state.tsig.clear(),
            "no TSIG key `homelab`",
            "pdnsutil generate-tsig-key homelab hmac-sha256",
        ),
        (
            |state| state.tsig[0]["key"] = "b3RoZXI=".into(),
            "another algorithm or secret",
            "pdnsutil list-tsig-keys",
        ),
        (
            |state| state.tsig[0]["algorithm"] = "hmac-md5".into(),
            "another algorithm or secret",
            "list-tsig-keys",
        ),
        (
            |state| state.metadata.retain(|one| one["kind"] != "TSIG-ALLOW-DNSUPDATE"),
            "does not let the TSIG key `homelab` change the zone `example.com`",
            "pdnsutil add-meta example.com TSIG-ALLOW-DNSUPDATE homelab",
        ),
        (
            |state| state.metadata.retain(|one| one["kind"] != "ALLOW-DNSUPDATE-FROM"),
            "from its own machine only",
            "pdnsutil add-meta example.com ALLOW-DNSUPDATE-FROM 192.168.1.0/24",
        ),
    ];
    for (lack, message, cure) in lacks {
        let fake = Fake::new();
        fake.change(lack);
        let server = fake.serve().await;
        let fault = client(&server).check("home.example.com").await.unwrap_err();
        assert!(told(&fault).contains(message), "{}", told(&fault));
        assert!(hint(&fault).contains(cure), "{}", hint(&fault));
        assert!(
            !format!("{fault:?}").contains("b3RoZXI=") && !format!("{fault:?}").contains("c2Vj"),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn what_a_server_does_not_show_is_not_taken_for_missing() {
    let fake = Fake::new();
    fake.change(|state| state.hides = vec!["/config", "/metadata", "/tsigkeys"]);
    let server = fake.serve().await;
    assert!(client(&server).check("home.example.com").await.is_ok());
}

#[tokio::test]
async fn each_refusal_has_its_own_words() {
    let at = |status: u16, body: &'static str| {
        crate::net::testing::http::Canned::serve_by(move |_| (status, body.into()))
    };
    let fault = client(&at(401, "Unauthorized").await).check("example.com").await.unwrap_err();
    assert!(told(&fault).starts_with("PowerDNS does not know the API key"), "{}", told(&fault));
    assert!(hint(&fault).contains("pdns.conf"));
    let fault = client(&at(404, "Not Found").await).check("example.com").await.unwrap_err();
    assert!(told(&fault).contains("not with PowerDNS' API") && hint(&fault).contains("api=yes"));
    // As `webserver-allow-from` refuses.
    let fault = client(&at(0, "").await).check("example.com").await.unwrap_err();
    assert!(
        told(&fault).contains("closed early") && hint(&fault).contains("webserver-allow-from"),
        "{fault:?}"
    );
    let fault = client(&at(500, "{\"error\":\"oops\"}").await).check("example.com").await.unwrap_err();
    assert_eq!(fault, Fault::Server { status: 500 });
    let fault =
        client(&at(422, "{\"error\":\"no s3cret-api\"}").await).check("example.com").await.unwrap_err();
    assert_eq!(told(&fault), "PowerDNS refuses: no *** (HTTP 422)");
    let fault = client(&at(200, "<html>").await).check("example.com").await.unwrap_err();
    assert!(matches!(fault, Fault::Unexpected { .. } | Fault::NotJson { .. }));
}

#[tokio::test]
async fn nobody_listening_is_told_with_the_settings_that_switch_the_api_on() {
    let server = Fake::new().serve().await;
    let mut client = client(&server);
    client.base = Url::parse("http://127.0.0.1:9/").unwrap();
    let fault = client.check("example.com").await.unwrap_err();
    assert_eq!(told(&fault), "cannot reach `127.0.0.1`: connection refused");
    assert!(hint(&fault).contains("api=yes") && hint(&fault).contains("webserver=yes"));
}

#[tokio::test]
async fn a_server_without_the_zone_names_those_that_it_has() {
    let server = Fake::new().serve().await;
    let fault = client(&server).check("home.example.net").await.unwrap_err();
    assert!(told(&fault).contains("it sees `example.com`"), "{}", told(&fault));
    assert!(hint(&fault).contains("pdnsutil create-zone example.net"));
}

fn named(value: &Value, name: &str) -> bool {
    value["name"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name))
}

#[tokio::test]
async fn a_record_of_a_delegation_comes_and_goes_and_what_others_have_beside_it_stays() {
    let fake = Fake::new();
    let before = fake.rrsets();
    let server = fake.serve().await;
    let client = client(&server);
    let of = |content: &str| crate::config::ParentRecord {
        name: "acme.example.com".into(),
        kind: "NS",
        content: content.into(),
    };
    client.enter(&zone(), &of("ns.acme.example.com")).await.unwrap();
    client.enter(&zone(), &of("ns.acme.example.com")).await.unwrap();
    let other = client.enter(&zone(), &of("ns.stranger.example")).await.unwrap_err();
    assert!(told(&other).contains("somebody has written another"), "{other:?}");
    let written = fake.rrsets().pop().unwrap();
    assert_eq!(written["records"][0]["content"], "ns.acme.example.com.");
    fake.change(|state| {
        let records = state.rrsets.last_mut().unwrap()["records"].as_array_mut().unwrap();
        records.push(json!({ "content": "ns.stranger.example.", "disabled": true }));
    });
    let record = client.records(&zone(), Some("acme.example.com")).await.unwrap().remove(0);
    client.take_out(&zone(), &record).await.unwrap();
    assert_eq!(fake.rrsets().pop().unwrap()["records"][0]["content"], "ns.stranger.example.");
    fake.change(|state| drop(state.rrsets.pop()));
    client.take_out(&zone(), &record).await.unwrap();
    assert_eq!(fake.rrsets(), before);
}
