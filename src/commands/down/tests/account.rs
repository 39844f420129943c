//! The account at the provider: what homelab made there for this cluster goes, and what others have stays.

use std::collections::BTreeMap;

use serde_json::json;

use super::server::{Ended, KEPT, OWNER, Trial, lab, set};
use crate::evidence::{AccountZone, Zone};
use crate::provider::account::{Account, open};
use crate::provider::{Member, MemberKey, User};

const ORGANISATIONS: &str = "organisations: { acme: { namespaces: [shop] } }\n";
const ACME: &str = "acme.home.example.com";

/// What tells the cluster of the tests apart.
const CLUSTER: &str = "u-1";

fn user(owner: &str, organisation: &str) -> User {
    user_of(owner, organisation, CLUSTER)
}

fn user_of(owner: &str, organisation: &str, cluster: &str) -> User {
    let member = Member { owner: owner.into(), organisation: organisation.into(), cluster: cluster.into() };
    let tags = member.tags().map(|(key, value)| (key.to_owned(), value.to_owned()));
    let key = MemberKey { id: format!("key of {organisation} in {owner}"), is_active: true, made: None };
    User {
        name: format!("{organisation} of {owner}"),
        tags: tags.into(),
        rights: [("organisation".to_owned(), json!({}))].into(),
        keys: vec![key],
    }
}

fn strangers_user() -> User {
    User { name: "admin".into(), tags: BTreeMap::new(), ..user("", "") }
}

fn zone(id: &str, name: &str, claimed_by: &[&str]) -> AccountZone {
    let tags = claimed_by.iter().map(|owner| (format!("homelab/claim/{owner}"), "2027-01-01".to_owned()));
    let zone = Zone { id: id.into(), name: name.into(), ..Zone::default() };
    AccountZone { zone, tags: tags.collect(), records: Some(Vec::new()), ..AccountZone::default() }
}

/// Two clusters and a stranger share the account.
fn shared() -> Account {
    let account = open(vec![zone("Z0", OWNER, &[]), zone("Z1", ACME, &[OWNER, "cellar"])]);
    // One of an organisation that is not configured any more is this cluster's, too.
    let users = [user(OWNER, "acme"), user(OWNER, "former"), user("cellar", "acme"), strangers_user()];
    account.lock().unwrap().users = users.into();
    account
}

async fn ended(account: &Account, refuses: Option<&'static str>) -> Ended {
    account.lock().unwrap().refuses = refuses;
    Trial::with(lab(), ORGANISATIONS).down(false).await
}

fn names(account: &Account) -> Vec<String> {
    account.lock().unwrap().users.iter().map(|user| user.name.clone()).collect()
}

fn claims(account: &Account) -> Vec<String> {
    account.lock().unwrap().zones[1].tags.keys().cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn users_keys_and_claims_of_this_cluster_go_and_those_of_others_stay() {
    let account = shared();
    let ended = ended(&account, None).await;
    let document = ended.document.unwrap();
    assert_eq!(document["users_removed"], json!(["acme of home.example.com", "former of home.example.com"]));
    assert_eq!(names(&account), ["acme of cellar", "admin"]);
    assert_eq!(claims(&account), ["homelab/claim/cellar"]);
    assert_eq!(ended.left, set(KEPT));
    let others = account.lock().unwrap().users.clone();
    assert_eq!(others, [user("cellar", "acme"), strangers_user()], "nothing of theirs was changed");
    assert!(ended.said.contains("the users `acme of home.example.com`"), "{}", ended.said);
}

#[tokio::test(start_paused = true)]
async fn a_user_of_another_cluster_with_the_same_owner_id_stays_and_is_told_of() {
    let account = shared();
    account.lock().unwrap().users = vec![user_of(OWNER, "acme", "uid-of-the-real-one")];
    // A copy of the configuration, on a cluster with nothing in it.
    for objects in [lab(), Vec::new()] {
        let ended = Trial::with(objects, ORGANISATIONS).down(false).await;
        assert_eq!(names(&account), ["acme of home.example.com"]);
        let told = ended.warnings.iter().any(|one| one.contains("zone policy acme --remove --adopt"));
        assert!(told, "{:?}", ended.warnings);
    }
}

#[tokio::test(start_paused = true)]
async fn keys_go_before_rights_before_users_before_claims() {
    let account = shared();
    account.lock().unwrap().users.remove(1);
    ended(&account, None).await.document.unwrap();
    let changes = account.lock().unwrap().changes.clone();
    assert_eq!(
        changes,
        [
            "delete key of acme in home.example.com",
            "revoke organisation",
            "delete user acme of home.example.com",
            "untag acme.home.example.com homelab/claim/home.example.com"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_deleted_is_told_and_holds_back_nothing_else() {
    let account = shared();
    let ended = ended(&account, Some("delete user acme")).await;
    ended.document.unwrap();
    assert_eq!(ended.left, set(KEPT));
    assert_eq!(names(&account), ["acme of home.example.com", "acme of cellar", "admin"]);
    assert_eq!(claims(&account), ["homelab/claim/cellar"]);
    for part in ["the user acme of home.example.com is left", "then run `homelab down` again"] {
        assert!(ended.said.contains(part), "{part}: {}", ended.said);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_look_for_users_is_told_so_before_it_is_confirmed() {
    let account = shared();
    let ended = ended(&account, Some("look for users")).await;
    ended.document.unwrap();
    assert_eq!((names(&account).len(), ended.left), (4, set(KEPT)));
    let told = ended.warnings.iter().any(|one| one.contains("whether users of organisations are left"));
    assert!(told, "{:?}", ended.warnings);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_killed_before_the_users_went_is_finished_by_the_next() {
    let account = shared();
    let ended = Trial::with(Vec::new(), ORGANISATIONS).down(false).await;
    ended.document.unwrap();
    assert_eq!(names(&account), ["acme of cellar", "admin"]);
    assert_eq!(claims(&account), ["homelab/claim/cellar"]);
}

#[tokio::test(start_paused = true)]
async fn records_that_stay_keep_the_claim_on_their_zone() {
    let account = shared();
    let mut trial = Trial::with(lab(), ORGANISATIONS);
    trial.keep_records = true;
    trial.down(false).await.document.unwrap();
    assert_eq!(claims(&account), ["homelab/claim/cellar", "homelab/claim/home.example.com"]);
}

#[tokio::test(start_paused = true)]
async fn users_of_organisations_that_have_all_left_go_too() {
    let account = shared();
    let ended = Trial::new(lab()).down(false).await;
    ended.document.unwrap();
    assert_eq!(names(&account), ["acme of cellar", "admin"]);
}

#[tokio::test(start_paused = true)]
async fn a_lab_without_organisations_is_not_told_that_it_may_not_look_for_users() {
    let account = shared();
    account.lock().unwrap().refuses = Some("look for users");
    let ended = Trial::new(lab()).down(false).await;
    ended.document.unwrap();
    assert_eq!((ended.warnings, names(&account).len()), (Vec::<String>::new(), 4));
}
