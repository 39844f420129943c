//! First what is somebody else's: in the zone, and in the cluster.

use k8s_openapi::ByteString;
use serde_json::json;

use super::*;
use crate::evidence::AccountZone;
use crate::plan::zones::Origin;
use crate::provider::account::{Account, open};
use crate::provider::paper::record;

const LAB: &str = "home.example.com";
const ZONE: &str = "acme.home.example.com";

fn config() -> Config {
    let text = format!(
        "domain: {LAB}\nemail: ada@lovelace.dev\ndns: {{ provider: paper, server: drawer.test, tokenFile: /secret }}\n"
    );
    crate::config::parse(&text).unwrap()
}

fn written_by(owner: &str, host: &str) -> [Record; 2] {
    let text =
        format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/a/b\"");
    let host = format!("{host}.{ZONE}");
    [record("A", &host, "192.168.1.2"), record("TXT", &format!("a-homelab.{host}"), &text)]
}

/// The zone, claimed by this cluster and another one, with these records and its own.
fn account(records: &[Record]) -> Account {
    let zone = Zone { id: "Z1".into(), name: ZONE.into(), ..Zone::default() };
    let own = [record("NS", ZONE, "ns-1.test"), record("SOA", ZONE, "ns-1.test. hostmaster 1")];
    let tags =
        ["home.example.com", "attic"].map(|lab| (format!("homelab/claim/{lab}"), "2027-05-01".to_owned()));
    let reference = Origin::new("acme", "2027-03-10T10:00:00Z".parse().unwrap()).reference();
    let of_lab = Zone { id: "Z0".into(), name: LAB.into(), ..Zone::default() };
    open(vec![
        AccountZone {
            zone: of_lab,
            records: Some(written_by("home.example.com", "nas").into()),
            ..AccountZone::default()
        },
        AccountZone {
            zone,
            reference,
            tags: tags.into(),
            records: Some([&own, records].concat()),
            ..AccountZone::default()
        },
    ])
}

/// The Secret of an external-dns, as it lives.
fn secret(namespace: &str, name: &str, manager: &str, id: &str) -> Value {
    let text = |text: &str| serde_json::to_value(ByteString(text.as_bytes().to_vec())).unwrap();
    json!({ "metadata": { "name": name, "namespace": namespace, "uid": "u", "resourceVersion": "7",
        "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": LAB },
        "managedFields": [{ "manager": manager, "operation": "Apply" }] },
        "data": { "key": text("k-1"), "name": text("ada"), "zone-id": text(id), "zone": text(ZONE) } })
}

fn held(secrets: Vec<Value>) -> (Vec<Left>, Plan) {
    let mut snapshot = Snapshot::default();
    snapshot.note(LAB, &kind::SECRET, Some(json!({ "items": secrets })));
    let mut plan = Plan { removal: removal(&BTreeSet::new(), &snapshot), ..Plan::default() };
    (hold_back(&mut plan, &snapshot, &config()), plan)
}

const NAME: &str = "homelab-dns-provider-for-acme";

/// As `homelab zone policy acme --apply` writes it, before any `up`.
fn without_zone() -> Value {
    let mut secret = secret("external-dns", NAME, "homelab", "");
    for key in ["zone-id", "zone"] {
        secret["data"].as_object_mut().unwrap().remove(key);
    }
    secret
}

fn acme(id: &str) -> Left {
    let (mut held, _) = held(vec![secret("external-dns", NAME, "homelab", id)]);
    held.pop().unwrap()
}

async fn given_up(left: &Left) -> (Result<Given, Fault>, Client) {
    let own = Client::new(&config(), &left.keyring).unwrap();
    (left.give_up(&own, &config()).await, own)
}

#[test]
fn only_what_homelab_gave_an_external_dns_tells_of_an_organisation_that_left() {
    for other in [
        secret("external-dns", "homelab-dns-provider", "homelab", "Z1"),
        secret("shop", NAME, "homelab", "Z1"),
        secret("external-dns", NAME, "kubectl", "Z1"),
        secret("external-dns", "somebody-for-acme", "homelab", "Z1"),
    ] {
        assert!(held(vec![other.clone()]).0.is_empty(), "{other}");
    }
    let (held, plan) = held(vec![secret("external-dns", NAME, "homelab", "Z1")]);
    assert_eq!((held[0].organisation.as_str(), held[0].zone.id.as_str()), ("acme", "Z1"));
    assert!(plan.removal.gone.is_empty() && plan.wanted.contains(&held[0].secret.key), "it goes last");
    assert!(!format!("{held:?}").contains("k-1"), "{held:?}");
}

#[tokio::test]
async fn what_others_have_in_the_zone_stays_and_so_does_their_claim() {
    let strangers = [
        written_by("attic/acme/shop", "chat").to_vec(),
        written_by("home.example.com/globex/shop", "forum").to_vec(),
        written_by("home.example.com", "page").to_vec(),
        vec![record("A", &format!("nas.{ZONE}"), "192.168.1.5"), record("MX", ZONE, "10 mail.test")],
        // Two say that it is theirs.
        written_by("home.example.com/acme/shop", "both").to_vec(),
        vec![written_by("attic/acme/shop", "both")[1].clone()],
    ];
    let kept = account(&strangers.concat());
    let before = kept.lock().unwrap().zones.clone();
    let (done, _) = given_up(&acme("Z1")).await;
    assert_eq!(done.unwrap(), Given::Up(0));
    let kept = kept.lock().unwrap();
    assert_eq!(kept.changes, [format!("untag {ZONE} homelab/claim/home.example.com")]);
    assert_eq!(kept.zones[1].records, before[1].records);
    assert_eq!(kept.zones[1].tags.keys().collect::<Vec<_>>(), ["homelab/claim/attic"]);
}

#[tokio::test]
async fn the_records_go_before_the_claim_and_again_is_nothing() {
    let ours =
        [written_by("home.example.com/acme/shop", "web"), written_by("home.example.com/acme/office", "desk")];
    let kept = account(&ours.concat());
    let (done, _) = given_up(&acme("Z1")).await;
    assert_eq!(done.unwrap(), Given::Up(4));
    let changes = std::mem::take(&mut kept.lock().unwrap().changes);
    assert_eq!(changes.len(), 5, "{changes:?}");
    assert_eq!(changes[4], format!("untag {ZONE} homelab/claim/home.example.com"));
    assert_eq!(given_up(&acme("Z1")).await.0.unwrap(), Given::Up(0));
    assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
}

#[tokio::test]
async fn while_a_record_cannot_be_deleted_the_claim_stays_and_the_next_step_is_said() {
    let kept = account(&written_by("home.example.com/acme/shop", "web"));
    kept.lock().unwrap().refuses = Some("take out");
    let left = acme("Z1");
    let (done, own) = given_up(&left).await;
    let told = left.stays(&own.failure(done.unwrap_err()).message);
    assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
    for part in [
        "`acme`",
        ZONE,
        "refused: take out",
        "run `homelab up` again",
        "kubectl -n external-dns delete secret homelab-dns-provider-for-acme",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[tokio::test]
async fn a_zone_that_is_gone_needs_nothing_and_one_of_another_id_is_left_alone() {
    let kept = account(&written_by("home.example.com/acme/shop", "web"));
    assert_eq!(given_up(&acme("Z9")).await.0.unwrap(), Given::NoZone);
    assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
}

#[tokio::test]
async fn one_that_left_before_its_first_up_gives_up_the_zone_of_its_name() {
    let kept = account(&[]);
    let (mut held, _) = held(vec![without_zone()]);
    let left = held.pop().unwrap();
    assert_eq!(left.zone.name, ZONE);
    assert_eq!(given_up(&left).await.0.unwrap(), Given::Up(0));
    let kept = kept.lock().unwrap();
    assert_eq!(kept.changes, [format!("untag {ZONE} homelab/claim/home.example.com")]);
    assert_eq!(kept.zones[1].tags.keys().collect::<Vec<_>>(), ["homelab/claim/attic"]);
}

#[tokio::test]
async fn a_copy_that_never_wrote_there_leaves_the_records_and_the_claim_of_the_cluster_that_did() {
    let kept = account(&written_by("home.example.com/acme/shop", "web"));
    let (mut held, _) = held(vec![without_zone()]);
    assert_eq!(given_up(&held.pop().unwrap()).await.0.unwrap(), Given::OfAnother);
    assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_has_been_given_up_may_have_a_user_and_its_end_is_named() {
    let kept = account(&[]);
    let left = acme("Z1");
    let (_, own) = given_up(&left).await;
    assert!(left.then(&own).contains("`homelab zone policy acme --remove`"), "{}", left.then(&own));
    drop(kept);
}
