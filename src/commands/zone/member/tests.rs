use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use k8s_openapi::ByteString;

use super::*;
use crate::cluster::Cluster;
use crate::cluster::fake::written_cluster;
use crate::config;
use crate::facts::secret::Secret;
use crate::plan::Snapshot;
use crate::provider::account::{Account as Kept, open};
use crate::provider::{CLUSTER, MemberKey, ORGANISATION, OWNER};

const LAB: &str = "domain: home.example.com\nemail: ada@lovelace.dev\n\
    dns: { provider: paper, server: drawer.example.com, owner: attic }\norganisations: { acme: { namespaces: [shop] } }\n";
const SECRET: &str = "/api/v1/namespaces/external-dns/secrets/homelab-dns-provider-for-acme";
const USER: &str = "acme of attic";

/// What lies in the cluster; the API server of the tests keeps the data of the last write.
#[derive(Debug, Default)]
struct Lies {
    secret: Option<Value>,
    namespace: bool,
    refuses: bool,
}

type Shared = Arc<Mutex<Lies>>;

fn secret(manager: &str, data: &[(&str, &str)]) -> Value {
    let data: BTreeMap<&str, ByteString> =
        data.iter().map(|(key, value)| (*key, ByteString(value.as_bytes().to_vec()))).collect();
    json!({ "kind": "Secret", "apiVersion": "v1", "data": data, "metadata": {
        "name": "homelab-dns-provider-for-acme", "namespace": "external-dns", "uid": "u", "resourceVersion": "7",
        "managedFields": [{ "manager": manager, "operation": "Apply" }] } })
}

fn api_server(lies: &Shared) -> (Cluster, Arc<Mutex<Vec<String>>>) {
    let lies = lies.clone();
    let missing = || (404, json!({ "kind": "Status", "code": 404, "reason": "NotFound", "message": "no" }));
    written_cluster(move |line, sent| {
        let mut lies = lies.lock().unwrap();
        let (verb, path) = line.split_once(' ').unwrap();
        let path = path.split('?').next().unwrap();
        match (verb, path) {
            ("PATCH", _) if lies.refuses => {
                (403, json!({ "kind": "Status", "code": 403, "reason": "Forbidden", "message": "no" }))
            }
            ("GET", SECRET) => lies.secret.clone().map_or_else(missing, |live| (200, live)),
            ("PATCH", SECRET) => {
                let mut written = secret("homelab", &[]);
                written["data"] = sent["data"].clone();
                lies.secret = Some(written.clone());
                (200, written)
            }
            ("DELETE", SECRET) => {
                lies.secret = None;
                (200, json!({ "kind": "Status", "status": "Success" }))
            }
            ("GET", "/api/v1/namespaces/external-dns") if lies.namespace => {
                (200, json!({ "kind": "Namespace" }))
            }
            ("PATCH", "/api/v1/namespaces/external-dns") => {
                lies.namespace = true;
                (
                    200,
                    json!({ "kind": "Namespace", "apiVersion": "v1", "metadata": { "name": "external-dns" } }),
                )
            }
            _ => missing(),
        }
    })
}

fn client(config: &Config) -> Client {
    let keyring = Keyring::new(["key", "name"].map(|key| (key, Secret::new("maker").unwrap())));
    Client::new(config, &keyring).unwrap()
}

fn acme() -> Member {
    Member { owner: "attic".into(), organisation: "acme".into(), cluster: "u-1".into() }
}

/// One run of `--apply`.
async fn run(lies: &Shared) -> (Result<Done>, Vec<String>) {
    run_with(lies, false).await
}

async fn run_with(lies: &Shared, adopt: bool) -> (Result<Done>, Vec<String>) {
    let config = config::parse(LAB).unwrap();
    let (cluster, log) = api_server(lies);
    let snapshot = Snapshot::default();
    let organisation = &config.organisations[0];
    let zones = zones_of(&config).unwrap();
    let rights: Vec<Right> = (zones.policies)("acme.home.example.com", "Z1")
        .into_iter()
        .filter(|one| one.holder == Holder::Organisation)
        .collect();
    let done = async {
        let home = Home::look((&cluster, &snapshot), &config, organisation).await?;
        applied(&client(&config), &zones.members, &config, &home, (&acme(), &rights, adopt)).await
    };
    let done = done.await;
    let log = log.lock().unwrap();
    let of = |line: &String| line.split(['?', ' ']).take(2).collect::<Vec<_>>().join(" ");
    (done, log.iter().filter(|line| !line.starts_with("GET")).map(of).collect())
}

fn changes(kept: &Kept) -> Vec<String> {
    std::mem::take(&mut kept.lock().unwrap().changes)
}

fn tagged(owner: &str, organisation: &str) -> User {
    tagged_by(owner, organisation, "u-1")
}

fn tagged_by(owner: &str, organisation: &str, cluster: &str) -> User {
    let tags = [(OWNER, owner), (ORGANISATION, organisation), (CLUSTER, cluster)];
    let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    User { name: USER.into(), tags: tags.into(), ..User::default() }
}

fn id_in_cluster(lies: &Shared) -> Option<String> {
    let lies = lies.lock().unwrap();
    let bytes: ByteString = serde_json::from_value(lies.secret.as_ref()?["data"]["name"].clone()).ok()?;
    String::from_utf8(bytes.0).ok()
}

#[tokio::test]
async fn the_user_its_rights_and_its_key_are_made_once_and_a_second_run_writes_nothing() {
    let (kept, lies) = (open(Vec::new()), Shared::default());
    let (done, writes) = run(&lies).await;
    let done = done.unwrap();
    assert_eq!(changes(&kept), [format!("user {USER}"), "grant organisation".into(), "make key-1".into()]);
    assert_eq!(
        writes,
        ["PATCH /api/v1/namespaces/external-dns".to_owned(), format!("PATCH {SECRET}")],
        "the place of the key is there before the key"
    );
    assert_eq!((done.made.as_deref(), id_in_cluster(&lies).as_deref()), (Some("key-1"), Some("key-1")));
    assert!(
        !format!("{done:?} {}", told(&done, &zones_of(&config::parse(LAB).unwrap()).unwrap().members))
            .contains("s3cret")
    );
    ui::assert_is("zoneUser", &document(&done));
    let (done, writes) = run(&lies).await;
    assert!(done.unwrap().is_nothing());
    assert_eq!((changes(&kept), writes), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_strangers_user_of_the_same_name_is_never_touched() {
    for other in [
        tagged("cellar", "acme"),
        tagged("attic", "globex"),
        // A copy of the configuration in another cluster: the key there is in use.
        tagged_by("attic", "acme", "u-2"),
        User { tags: BTreeMap::new(), ..tagged("", "") },
    ] {
        let kept = open(Vec::new());
        kept.lock().unwrap().users.push(other.clone());
        let (done, writes) = run(&Shared::default()).await;
        assert!(done.unwrap_err().to_string().contains("another user"));
        assert_eq!((changes(&kept), writes), (Vec::new(), Vec::new()));
        let config = config::parse(LAB).unwrap();
        remove(client(&config).members().unwrap(), &acme(), &other).await.unwrap();
        assert_eq!(changes(&kept), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_user_that_a_lost_cluster_left_behind_is_made_anew_when_that_is_said_and_others_are_not() {
    let old = User {
        keys: vec![MemberKey { id: "lost".into(), is_active: true, made: None }],
        ..tagged_by("attic", "acme", "u-2")
    };
    for (other, is_left) in [(old, true), (tagged_by("attic", "globex", "u-2"), false)] {
        let kept = open(Vec::new());
        kept.lock().unwrap().users.push(other);
        let (done, _) = run_with(&Shared::default(), true).await;
        assert_eq!(done.is_ok(), is_left);
        let user = kept.lock().unwrap().users[0].clone();
        assert_eq!(acme().is_it(&user), is_left);
        assert!(user.keys.iter().all(|key| key.id != "lost"));
    }
}

#[tokio::test]
async fn a_strangers_secret_keeps_its_place_and_no_key_is_made() {
    let (kept, lies) = (open(Vec::new()), Shared::default());
    lies.lock().unwrap().secret = Some(secret("kubectl", &[("key", "theirs"), ("name", "theirs")]));
    let (done, writes) = run(&lies).await;
    assert!(done.unwrap_err().to_string().contains("homelab did not make it"));
    assert_eq!((changes(&kept), writes), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_secret_that_is_lost_gets_a_new_key_and_the_old_one_goes_afterwards() {
    let (kept, lies) = (open(Vec::new()), Shared::default());
    run(&lies).await.0.unwrap();
    lies.lock().unwrap().secret = None;
    changes(&kept);
    run(&lies).await.0.unwrap();
    assert_eq!(changes(&kept), ["make key-2", "delete key-1"]);
    assert_eq!(id_in_cluster(&lies).as_deref(), Some("key-2"));
}

#[tokio::test]
async fn a_key_whose_secret_reached_no_cluster_is_replaced_by_the_next_run_however_often_that_happens() {
    let (kept, lies) = (open(Vec::new()), Shared::default());
    lies.lock().unwrap().namespace = true;
    lies.lock().unwrap().refuses = true;
    for _ in 0..4 {
        run(&lies).await.0.unwrap_err();
        assert!(kept.lock().unwrap().users[0].keys.len() <= 2);
    }
    lies.lock().unwrap().refuses = false;
    run(&lies).await.0.unwrap();
    let left = kept.lock().unwrap().users[0].keys.clone();
    assert_eq!(left.len(), 1);
    assert_eq!(Some(left[0].id.clone()), id_in_cluster(&lies));
}

#[tokio::test]
async fn the_key_in_the_cluster_works_until_its_replacement_lies_there() {
    let (kept, lies) = (open(Vec::new()), Shared::default());
    let mut user = tagged("attic", "acme");
    user.keys = [("lies", false), ("nowhere", true)]
        .map(|(id, is_active)| MemberKey { id: id.into(), is_active, made: None })
        .into();
    kept.lock().unwrap().users.push(user);
    lies.lock().unwrap().secret =
        Some(secret("homelab", &[("key", "k"), ("name", "lies"), ("zone-id", "Z1")]));
    run(&lies).await.0.unwrap();
    assert_eq!(changes(&kept), ["grant organisation", "delete nowhere", "make key-1", "delete lies"]);
    let data = lies.lock().unwrap().secret.clone().unwrap()["data"].clone();
    assert_eq!(data["zone-id"], json!(ByteString(b"Z1".to_vec())), "whose records there are stays known");
}

#[tokio::test]
async fn what_the_zone_is_called_in_the_secret_is_up_s_to_write() {
    open(Vec::new());
    let lies = Shared::default();
    run(&lies).await.0.unwrap();
    let data = lies.lock().unwrap().secret.clone().unwrap()["data"].clone();
    assert_eq!(data.as_object().unwrap().keys().collect::<Vec<_>>(), ["key", "name"]);
}

#[tokio::test]
async fn a_user_goes_with_its_keys_and_homelab_s_rights_and_not_with_those_of_others() {
    let config = config::parse(LAB).unwrap();
    for by_hand in [false, true] {
        let kept = open(Vec::new());
        let mut user = tagged("attic", "acme");
        user.keys = vec![MemberKey { id: "lies".into(), is_active: true, made: None }];
        user.rights = [("organisation".to_owned(), json!({}))].into();
        if by_hand {
            user.rights.insert("by-hand".into(), json!({}));
        }
        kept.lock().unwrap().users.push(user.clone());
        let done = remove(client(&config).members().unwrap(), &acme(), &user).await;
        assert_eq!(done.is_err(), by_hand);
        let left = kept.lock().unwrap().users.clone();
        match by_hand {
            true => assert_eq!(left[0].rights.keys().collect::<Vec<_>>(), ["by-hand"]),
            false => assert!(left.is_empty()),
        }
    }
}
