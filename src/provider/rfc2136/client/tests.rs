use super::*;
use crate::config::Tsig;
use crate::evidence::Permission;
use crate::facts::tsig::Algorithm;
use crate::provider::rfc2136::fault::{cause, hint};
use crate::provider::rfc2136::sign::tests::key;
use crate::provider::rfc2136::words::WORDS;

pub(in crate::provider::rfc2136) mod fake;

use fake::Fake;

const SECRET: &str = "c2VjcmV0LW9mLXRoZS1ob3VzZQ==";

async fn client(fake: &Fake) -> Client {
    client_with(fake, SECRET).await
}

async fn client_with(fake: &Fake, secret: &str) -> Client {
    let address = fake.serve().await;
    let text = format!(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: rfc2136, server: '{address}' }}\n"
    );
    let config = crate::config::parse(&text).unwrap();
    let wanted = HostPort { host: "127.0.0.1".into(), port: address.port() };
    let tsig = Tsig { key: "homelab".into(), algorithm: Algorithm::Sha256, nameserver: wanted };
    assert_eq!(config.dns.tsig, Some(tsig));
    let client = Client::new(&config, &Keyring::new(key(secret).parts().unwrap())).unwrap();
    Client { deadline: Duration::from_secs(3), ..client }
}

fn zone() -> Zone {
    Zone { name: "example.com".into(), status: "active".into(), ..Zone::default() }
}

fn told(fault: &Fault) -> String {
    crate::provider::message(fault, &WORDS)
}

#[tokio::test]
async fn the_longest_zone_of_the_domain_is_found_and_transferred() {
    let fake = Fake::new();
    let client = client(&fake).await;
    assert_eq!(client.check("home.example.com").await.unwrap().name, "example.com");
    assert!(!format!("{client:?}").contains(SECRET));
}

#[tokio::test]
async fn records_are_listed_from_as_many_messages_as_the_server_sends_signed_or_not() {
    for signs_all in [true, false] {
        let fake = Fake::new();
        fake.change(|state| state.signs_all = signs_all);
        let client = client(&fake).await;
        let records = client.records(&zone(), None).await.unwrap();
        let seen: Vec<_> = records.iter().map(|r| (r.kind.as_str(), r.name.as_str(), r.text())).collect();
        assert!(seen.contains(&("A", "nas.example.com", "192.168.1.5".into())), "{seen:?}");
        assert!(seen.contains(&("CNAME", "www.example.com", "nas.example.com".into())), "{seen:?}");
        assert!(
            seen.contains(&("TXT", "a-homelab.nas.example.com", "heritage=external-dns".into())),
            "{seen:?}"
        );
        assert_eq!(seen.iter().filter(|(kind, ..)| *kind == "SOA").count(), 1);
        assert_eq!(client.records(&zone(), Some("nas.example.com.")).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_transfer_that_is_cut_off_or_ends_unsigned_is_no_zone() {
    let fake = Fake::new();
    fake.change(|state| state.cut = true);
    assert!(matches!(client(&fake).await.records(&zone(), None).await, Err(Fault::Transport { .. })));
    let fake = Fake::new();
    fake.change(|state| state.signs_last = false);
    let fault = client(&fake).await.records(&zone(), None).await.unwrap_err();
    assert!(told(&fault).contains("not whole"), "{}", told(&fault));
}

#[tokio::test]
async fn the_scratch_record_is_made_and_taken_away_and_nothing_else_changes() {
    let fake = Fake::new();
    let before = fake.records();
    client(&fake).await.prove_edit(&zone()).await.unwrap();
    assert_eq!(fake.records(), before);
    assert_eq!(fake.made(), ["_homelab-check.example.com"]);
}

#[tokio::test]
async fn a_strangers_record_at_the_name_of_the_scratch_record_stays() {
    for (kind, content) in [("TXT", "something else"), ("A", "10.0.0.1"), ("CNAME", "nas.example.com.")] {
        let fake = Fake::new();
        fake.add("_homelab-check.example.com", kind, content);
        let before = fake.records();
        client(&fake).await.prove_edit(&zone()).await.unwrap();
        assert_eq!(fake.records(), before, "{kind}");
        assert_eq!(fake.made(), ["_homelab-check-2.example.com"]);
    }
}

#[tokio::test]
async fn what_a_stopped_run_left_goes_and_what_stands_beside_it_stays() {
    let fake = Fake::new();
    fake.add("_homelab-check.example.com", "TXT", "theirs");
    let before = fake.records();
    fake.add("_homelab-check.example.com", "TXT", "homelab scratch record");
    client(&fake).await.prove_edit(&zone()).await.unwrap();
    assert_eq!(fake.records(), before);
}

#[tokio::test]
async fn where_strangers_have_every_name_nothing_is_made() {
    let fake = Fake::new();
    for n in ["", "-2", "-3", "-4", "-5"] {
        fake.add(&format!("_homelab-check{n}.example.com"), "A", "10.0.0.1");
    }
    let before = fake.records();
    let fault = client(&fake).await.prove_edit(&zone()).await.unwrap_err();
    assert!(told(&fault).contains("others have records at"), "{}", told(&fault));
    assert_eq!(fake.records(), before);
}

#[tokio::test]
async fn a_wrong_key_a_wrong_secret_and_a_wrong_clock_are_told_apart() {
    let fake = Fake::new();
    fake.change(|state| state.knows_key = false);
    let fault = client(&fake).await.check("example.com").await.unwrap_err();
    assert_eq!(fault, Fault::InvalidToken);
    assert!(told(&fault).contains("does not know the TSIG key") && hint(&fault).contains("tsig-keygen"));

    let fault = client_with(&Fake::new(), "b3RoZXI=").await.check("example.com").await.unwrap_err();
    assert_eq!(fault, Fault::Signature);
    assert!(told(&fault).contains("another secret") && !told(&fault).contains("b3RoZXI="));

    let late = Client { skew: 1000, ..client(&Fake::new()).await };
    let fault = late.check("example.com").await.unwrap_err();
    assert!(matches!(fault, Fault::Clock { ahead: Some(-1001..=-999) }), "{fault:?}");
    assert!(told(&fault).contains("s behind this machine's") && hint(&fault).contains("timedatectl"));
}

#[tokio::test]
async fn a_refused_transfer_and_a_refused_update_have_their_own_words() {
    for code in [5, 9] {
        let fake = Fake::new();
        fake.change(|state| state.transfer = code);
        let fault = client(&fake).await.check("example.com").await.unwrap_err();
        assert_eq!(fault, Fault::MissingPermission { permission: Permission::DnsRead });
        assert!(told(&fault).contains("to transfer the zone") && hint(&fault).contains("allow-transfer"));
        assert!(cause(&fault).is_some_and(|cause| cause.contains("takes the zone for empty")));
    }
    let update = async |code: u16| {
        let fake = Fake::new();
        fake.change(|state| state.update = code);
        client(&fake).await.prove_edit(&zone()).await.unwrap_err()
    };
    let fault = update(5).await;
    assert_eq!(fault, Fault::MissingPermission { permission: Permission::DnsEdit });
    assert!(hint(&fault).contains("update-policy"));
    let fault = update(4).await;
    assert!(told(&fault).contains("takes no DNS updates"), "{fault:?}");
    let fault = update(9).await;
    assert_eq!(told(&fault), "the name server refuses: NOTAUTH (code 9)");
    assert!(hint(&fault).contains("primary"));
}

#[tokio::test]
async fn a_server_without_the_zone_a_resolver_and_a_closed_port_are_told() {
    let fault = client(&Fake::new()).await.check("example.net").await.unwrap_err();
    assert!(matches!(fault, Fault::NoZone { .. }), "{fault:?}");
    let fake = Fake::new();
    fake.change(|state| state.authoritative = false);
    assert!(matches!(client(&fake).await.check("example.com").await, Err(Fault::NoZone { .. })));
    let mut client = client(&Fake::new()).await;
    client.at = HostPort { host: "127.0.0.1".into(), port: 9 };
    let fault = client.check("example.com").await.unwrap_err();
    assert_eq!(told(&fault), "cannot reach `127.0.0.1:9`: connection refused");
}

#[tokio::test]
async fn a_server_that_never_answers_costs_no_more_than_the_deadline() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = client(&Fake::new()).await;
    client.at.port = silent.local_addr().unwrap().port();
    client.deadline = Duration::from_millis(200);
    let fault = client.check("example.com").await.unwrap_err();
    assert!(matches!(fault, Fault::Transport { cause: Transport::Timeout, .. }), "{fault:?}");
}
