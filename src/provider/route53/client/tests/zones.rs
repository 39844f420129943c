//! Zones that are made, delegated and deleted; first what somebody else has written.

use super::*;
use crate::provider::zones::{Delegation, ZoneApi};

const NAME: &str = "acme.example.com";

fn acme() -> Zone {
    let name_servers = ["ns-3.awsdns-03.net", "ns-4.awsdns-04.co.uk"].map(str::to_owned).into();
    Zone { id: "Z2".into(), name: NAME.into(), name_servers, ..Zone::default() }
}

#[tokio::test]
async fn a_delegation_to_other_servers_is_neither_changed_nor_taken_out() {
    for servers in [&["ns.elsewhere.example."][..], &["ns-3.awsdns-03.net.", "ns.elsewhere.example."]] {
        let fake = Fake::new();
        fake.change(|state| state.sets.push(Set::new("NS", "acme.example.com.", servers)));
        let before = fake.sets();
        let client = client(&fake.serve().await);
        let plain = servers.iter().map(|server| server.trim_end_matches('.').to_owned()).collect();
        assert_eq!(client.delegate(&zone(), &acme()).await.unwrap(), Delegation::Others(plain));
        assert!(matches!(client.undelegate(&zone(), &acme()).await.unwrap(), Delegation::Others(_)));
        assert_eq!(fake.sets(), before);
    }
}

#[tokio::test]
async fn a_zone_whose_servers_are_not_known_takes_no_delegation_out() {
    let fake = Fake::new();
    fake.change(|state| state.sets.push(Set::new("NS", "acme.example.com.", &["ns-3.awsdns-03.net."])));
    let unknown = Zone { name_servers: Vec::new(), ..acme() };
    let done = client(&fake.serve().await).undelegate(&zone(), &unknown).await.unwrap();
    assert!(matches!(done, Delegation::Others(_)), "{done:?}");
}

#[tokio::test]
async fn a_delegation_is_entered_once_and_taken_out_whole() {
    let fake = Fake::new();
    let before = fake.sets();
    let client = client(&fake.serve().await);
    assert_eq!(client.delegate(&zone(), &acme()).await.unwrap(), Delegation::Entered);
    let set = Set::of("NS", "acme.example.com.", 3600, &["ns-3.awsdns-03.net.", "ns-4.awsdns-04.co.uk."]);
    assert!(fake.sets().contains(&set), "{:?}", fake.sets());
    assert_eq!(client.delegate(&zone(), &acme()).await.unwrap(), Delegation::There);
    assert_eq!(client.undelegate(&zone(), &acme()).await.unwrap(), Delegation::Removed);
    assert_eq!(fake.sets(), before);
    assert_eq!(client.undelegate(&zone(), &acme()).await.unwrap(), Delegation::None);
}

#[tokio::test]
async fn a_delegation_whose_answer_got_lost_was_entered_and_taken_out_all_the_same() {
    let fake = Fake::new();
    let before = fake.sets();
    let client = client(&fake.serve().await);
    fake.change(|state| state.loses = 1);
    assert_eq!(client.delegate(&zone(), &acme()).await.unwrap(), Delegation::Entered);
    fake.change(|state| state.loses = 1);
    assert_eq!(client.undelegate(&zone(), &acme()).await.unwrap(), Delegation::Removed);
    assert_eq!(fake.sets(), before);
}

#[tokio::test]
async fn a_zone_whose_answer_got_lost_is_given_as_it_was_made_and_one_that_is_gone_is_deleted() {
    let fake = Fake::new();
    fake.change(|state| state.loses = 1);
    let client = client(&fake.serve().await);
    // As the fake says of every zone.
    let made = client.make(NAME, "r").await.unwrap();
    assert_eq!((made.id.as_str(), &made.name_servers), ("Z2", &acme().name_servers));
    let other = client.make(NAME, "another").await.unwrap_err();
    assert!(told(&other).contains("HostedZoneAlreadyExists"), "{}", told(&other));
    fake.change(|state| state.loses = 1);
    client.delete(&zone()).await.unwrap();
}

#[tokio::test]
async fn records_go_by_whole_sets_and_a_set_with_anything_of_somebody_elses_stays() {
    let fake = Fake::new();
    let before = fake.sets();
    let both = Set::new("A", "wiki.example.com.", &["192.168.1.2", "192.168.1.3"]);
    let ours = Set::new(
        "TXT",
        "a-homelab.wiki.example.com.",
        &["\"heritage=external-dns,external-dns/owner=lab/acme/shop\""],
    );
    fake.change(|state| state.sets.extend([ours.clone(), both.clone()]));
    let client = client(&fake.serve().await);
    let gone = client.records(&zone(), None).await.unwrap();
    let gone: Vec<_> = gone.into_iter().filter(|record| record.name.contains("wiki")).collect();
    assert_eq!(gone.len(), 3);
    // Somebody writes another value beside: neither set goes in part.
    fake.change(|state| state.sets.last_mut().unwrap().values.push("192.168.1.9".into()));
    client.clear(&zone(), &gone).await.unwrap();
    assert!(fake.sets().iter().any(|set| set.name == both.name && set.values.len() == 3));
    fake.change(|state| {
        state.sets.last_mut().unwrap().values.pop();
        state.sets.push(ours);
        state.loses = 1;
    });
    client.clear(&zone(), &gone).await.unwrap();
    assert_eq!(fake.sets(), before);
}

#[tokio::test]
async fn one_tag_is_taken_off_and_those_of_others_stay() {
    let fake = Fake::new();
    let client = client(&fake.serve().await);
    client.tag(&zone(), "homelab/claim/lab", "2026-12-01").await.unwrap();
    client.untag(&zone(), "homelab/claim/lab").await.unwrap();
    client.untag(&zone(), "homelab/claim/lab").await.unwrap();
    let tags = client.tags(&zone()).await.unwrap();
    assert_eq!(tags.keys().collect::<Vec<_>>(), ["team"]);
}

#[tokio::test]
async fn a_tag_is_written_beside_those_of_others() {
    let fake = Fake::new();
    let client = client(&fake.serve().await);
    client.tag(&zone(), "homelab/claim/lab", "2026-12-01").await.unwrap();
    let tags = client.tags(&zone()).await.unwrap();
    let tags: Vec<_> = tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(tags, [("homelab/claim/lab", "2026-12-01"), ("team", "ops")]);
}

#[tokio::test]
async fn a_zone_is_made_with_its_reference_and_comes_with_its_servers() {
    let server = Fake::new().serve().await;
    let made = client(&server).make(NAME, "homelab/acme/2026-12-01T00:00:00Z").await.unwrap();
    assert_eq!(
        (made.id.as_str(), made.name.as_str(), &made.name_servers),
        ("Z2", NAME, &acme().name_servers)
    );
    let request = server.requests().pop().unwrap();
    assert!(
        request.contains("<CallerReference>homelab/acme/2026-12-01T00:00:00Z</CallerReference>"),
        "{request}"
    );
}

#[tokio::test]
async fn a_zone_with_records_is_not_deleted_and_the_answer_says_so() {
    let fake = Fake::new();
    let why =
        "The specified hosted zone contains non-required resource record sets and so cannot be deleted.";
    fake.change(|state| state.refuses = Some(("DELETE", 400, "HostedZoneNotEmpty", why)));
    let error = client(&fake.serve().await).delete(&zone()).await.unwrap_err();
    assert!(told(&error).contains("HostedZoneNotEmpty"), "{}", told(&error));
}
