//! What `zone create` makes, and what it leaves alone.

use super::super::create::{Created, Delegated, created, text};
use super::*;
use crate::provider::Delegation;

fn here(done: Delegation) -> Delegated {
    Delegated::Here { above: ABOVE.to_owned(), done, unsure: None }
}

async fn made(zones: Vec<AccountZone>) -> (Created, Vec<String>) {
    let config = lab(OF_ACME);
    let (account, kept) = account(&config, zones).await;
    let organisation = account::organisation(&config, "acme").unwrap();
    let created = created(&account, &config, organisation, at(BORN)).await.unwrap();
    let changes = kept.lock().unwrap().changes.clone();
    (created, changes)
}

#[tokio::test]
async fn a_new_zone_is_claimed_before_it_is_delegated() {
    let (created, changes) = made(vec![above(&[])]).await;
    assert!(created.is_new);
    assert_eq!(created.delegated, here(Delegation::Entered));
    let name = format!("acme.{ABOVE}");
    assert_eq!(
        changes,
        [
            format!("make {name}"),
            format!("tag {name} homelab/claim/attic 2027-03-10"),
            format!("delegate {name}")
        ]
    );
}

#[tokio::test]
async fn a_zone_that_is_there_is_not_made_again() {
    let acme = of_organisation("Z1", "acme");
    let (created, changes) = made(vec![above(&[&acme]), acme]).await;
    assert!(!created.is_new);
    assert_eq!(created.delegated, here(Delegation::There));
    assert_eq!(changes, [format!("tag acme.{ABOVE} homelab/claim/attic 2027-03-10")]);
}

#[tokio::test]
async fn a_delegation_to_somebody_elses_servers_is_told_of_and_left() {
    let elsewhere = record("NS", &format!("acme.{ABOVE}"), "ns.elsewhere.example");
    let (created, changes) = made(vec![with(above(&[]), &[elsewhere])]).await;
    let others = Delegation::Others(vec!["ns.elsewhere.example".into()]);
    assert_eq!(created.delegated, here(others));
    assert!(!changes.iter().any(|change| change.starts_with("delegate")), "{changes:?}");
}

#[tokio::test]
async fn where_the_zone_above_is_elsewhere_the_records_are_for_a_person() {
    let (created, _) = made(Vec::new()).await;
    let leads = servers("Z1").into_iter().collect();
    let seen = Some(AboveSeen { leads, ..elsewhere() });
    assert_eq!(created.delegated, Delegated::ByHand { seen, namesake: None });
    assert_eq!(created.zone.name_servers, ["ns-1.paper.test", "ns-2.paper.test"]);
}

#[tokio::test]
async fn a_namesake_of_the_zone_above_that_nobody_asks_gets_no_delegation() {
    let config = lab(OF_ACME);
    let (account, kept) = account(&config, vec![above(&[])]).await;
    let account = says(account, Ok(elsewhere()));
    let organisation = account::organisation(&config, "acme").unwrap();
    let created = created(&account, &config, organisation, at(BORN)).await.unwrap();
    let told = text(&created, &account, 600);
    for part in [
        "the zone home.example.com (Z0) of this account is not the one that the world asks",
        "enter these records in the zone home.example.com, at its provider (its name servers are ns.registrar.test):",
        "acme.home.example.com. 600 IN NS ns-1.paper.test.",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!kept.lock().unwrap().changes.iter().any(|change| change.starts_with("delegate")));
}

#[tokio::test]
async fn a_zone_that_is_made_again_on_the_same_day_changes_nothing() {
    let acme = claimed(of_organisation("Z1", "acme"), "attic", "2027-03-10");
    let (_, changes) = made(vec![above(&[&acme]), acme]).await;
    assert_eq!(changes, Vec::<String>::new());
}
