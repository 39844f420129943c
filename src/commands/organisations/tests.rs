use std::sync::{Arc, Mutex};

use k8s_openapi::ByteString;
use serde_json::json;

use super::*;
use crate::cluster::fake::cluster;
use crate::facts::secret::Secret;
use crate::provider::paper::{lay_in, record};

const TWO: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: paper, server: drawer.test }\n\
    organisations: { acme: { namespaces: [shop], tokenFile: FILE }, globex: { namespaces: lab, tokenFile: FILE } }\n";

fn config(file: &std::path::Path) -> Config {
    crate::config::parse(&TWO.replace("FILE", &file.display().to_string())).unwrap()
}

fn keyring(key: &str) -> Keyring {
    Keyring::new([("key", Secret::new(key).unwrap()), ("name", Secret::new("ada").unwrap())])
}

async fn found() -> (Config, Vec<Found>) {
    let config = config(std::path::Path::new("/nowhere"));
    let keyrings = BTreeMap::from([("acme".to_owned(), keyring("of-acme"))]);
    let progress = Progress::new(crate::ui::Mode::Quiet, &[LINE]);
    let own = Client::new(&config, &keyring("of-the-lab")).unwrap();
    let found = look((&config, &own), &keyrings, &progress).await.unwrap();
    (config, found)
}

fn lives(owner: &str) -> [crate::evidence::Record; 2] {
    let text = format!(
        "\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/shop/web\""
    );
    [
        record("A", "web.acme.home.example.com", "10.0.0.2"),
        record("TXT", "a-homelab.web.acme.home.example.com", &text),
    ]
}

async fn judged(owner: &str, snapshot: &Snapshot, adopt: bool) -> Result<Vec<String>> {
    lay_in(&Arc::new(Mutex::new(Some(lives(owner).to_vec()))));
    let (config, found) = found().await;
    records(&found, &config, snapshot, adopt).await
}

/// A cluster that gave the external-dns of an organisation a zone.
fn given(manager: &str, namespace: &str, zone: &str) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let item = json!({ "metadata": { "name": "homelab-dns-provider-for-acme", "namespace": namespace,
        "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "home.example.com" },
        "managedFields": [{ "manager": manager, "operation": "Apply" }] },
        "data": { "zone": ByteString(zone.as_bytes().to_vec()) } });
    snapshot.note("home.example.com", &kind::SECRET, Some(json!({ "items": [item] })));
    snapshot
}

#[tokio::test]
async fn records_of_another_cluster_with_this_owner_stop_the_run_before_its_first_write() {
    let owner = "home.example.com/acme/shop";
    let told = judged(owner, &Snapshot::default(), false).await.unwrap_err().to_string();
    assert!(told.contains("`home.example.com/acme` that this cluster did not write"), "{told}");
    assert!(told.contains("`a-homelab.web.acme.home.example.com`"), "{told}");
    let taken = judged(owner, &Snapshot::default(), true).await.unwrap();
    assert_eq!(taken.len(), 1);
    let its = given("homelab", "external-dns", "acme.home.example.com");
    assert!(judged(owner, &its, false).await.unwrap().is_empty(), "it wrote them itself");
    for other in [
        given("kubectl", "external-dns", "acme.home.example.com"),
        given("homelab", "shop", "acme.home.example.com"),
        given("homelab", "external-dns", "globex.home.example.com"),
    ] {
        assert!(judged(owner, &other, false).await.is_err(), "a stranger's Secret proves nothing");
    }
}

#[tokio::test]
async fn records_of_strangers_in_the_zone_stop_nobody() {
    for owner in ["home.example.com", "other/acme/shop", "home.example.com/globex/lab", "other"] {
        assert!(judged(owner, &Snapshot::default(), false).await.unwrap().is_empty(), "{owner}");
    }
}

/// A cluster in which an organisation's Secret has this credential, or nothing is.
fn keeps(manager: Option<&'static str>) -> Cluster {
    let data = |text: &str| ByteString(text.as_bytes().to_vec());
    let live = manager.map(|manager| {
        json!({ "metadata": { "name": "x", "managedFields": [{ "manager": manager, "operation": "Apply" }] },
            "data": { "key": data("kept"), "name": data("ada") } })
    });
    let missing = json!({ "kind": "Status", "code": 404, "reason": "NotFound", "message": "no" });
    cluster(move |_, _| live.clone().map_or((404, missing.clone()), |live| (200, live))).0
}

#[tokio::test]
async fn the_credential_of_the_lab_is_none_for_an_organisation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "k-1\nada\n").unwrap();
    let (config, cluster) = (config(&file), keeps(None));
    assert_eq!(keyrings(&config, &cluster, &keyring("k-2")).await.unwrap().len(), 2);
    let told = keyrings(&config, &cluster, &keyring("k-1")).await.unwrap_err().to_string();
    assert!(told.contains("the organisation `acme` has the drawer key of the lab"), "{told}");
    assert!(told.contains("`organisations.acme.tokenFile`"), "{told}");
}

#[tokio::test]
async fn a_credential_that_is_not_there_is_told_of_with_the_three_ways_to_one() {
    let nowhere = config(std::path::Path::new("/nowhere"));
    // A file that is named counts, whatever lies in the cluster.
    let gone = keyrings(&nowhere, &keeps(Some("homelab")), &keyring("k")).await.unwrap_err().to_string();
    assert!(gone.contains("check the path in `organisations.acme.tokenFile`"), "{gone}");
    let text = TWO.replace(", tokenFile: FILE", "");
    for of_others in [None, Some("kubectl")] {
        let config = crate::config::parse(&text).unwrap();
        let none = keyrings(&config, &keeps(of_others), &keyring("k")).await.unwrap_err().to_string();
        for part in [
            "there is no drawer key of the organisation `acme`",
            "`dns-token-acme`, `organisations.acme.tokenFile`, and the Secret external-dns/homelab-dns-provider-for-acme",
            "`homelab zone policy acme --apply`",
        ] {
            assert!(none.contains(part), "{part}: {none}");
        }
    }
}

#[tokio::test]
async fn without_a_file_the_credential_in_the_cluster_is_taken_where_homelab_wrote_it() {
    let config = crate::config::parse(&TWO.replace(", tokenFile: FILE", "")).unwrap();
    let found = keyrings(&config, &keeps(Some("homelab")), &keyring("k")).await.unwrap();
    assert_eq!(found["acme"], keyring("kept"));
}

#[tokio::test]
async fn a_secret_that_names_no_zone_says_nothing_of_the_records_but_the_external_dns_of_this_cluster_does() {
    let owner = "home.example.com/acme/shop";
    let mut without = given("homelab", "external-dns", "");
    assert!(judged(owner, &without, false).await.is_err(), "a new key proves nothing");
    let publisher = json!({ "metadata": { "name": "external-dns-for-acme", "namespace": "external-dns",
        "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "home.example.com" },
        "managedFields": [{ "manager": "homelab", "operation": "Apply" }] } });
    without.note("home.example.com", &kind::DEPLOYMENT, Some(json!({ "items": [publisher] })));
    assert!(judged(owner, &without, false).await.unwrap().is_empty(), "it wrote them itself");
}
