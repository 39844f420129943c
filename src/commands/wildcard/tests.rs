//! What a run does on the way to a record for all names, and on the way back.

use serde_json::json;

use super::*;
use crate::cluster::fake::cluster;
use crate::commands::converge::converge;
use crate::desired::{Inputs, bundle};
use crate::plan::plan;
use crate::provider::Keyring;
use crate::provider::paper::lay_in;
use crate::ui::Mode;

fn config() -> Config {
    crate::config::parse(&format!("{SLATE}records: wildcard\nservices: {{ nas: {{ local: 1 }} }}\n")).unwrap()
}

fn record(kind: &str, name: &str, content: &str) -> Record {
    serde_json::from_value(json!({ "id": name, "type": kind, "name": name, "content": content })).unwrap()
}

fn said(records: &[Record]) -> Option<String> {
    in_the_way(&config(), "*.home.example.com", records).map(|error| error.to_string())
}

/// Without this, external-dns would delete the records of single names, and the stranger's wildcard would answer for them.
#[test]
fn a_wildcard_of_others_stops_the_run_before_the_names_lose_their_records() {
    let theirs = record("CNAME", "*.home.example.com", "example.org");
    let why = said(std::slice::from_ref(&theirs)).unwrap();
    assert!(
        why.contains("cannot have the record `*.home.example.com`") && why.contains("CNAME *.home"),
        "{why}"
    );
    let claim = "\"heritage=external-dns,external-dns/owner=lab,external-dns/resource=ingress/homelab/x\"";
    let mine = [
        record("A", "*.home.example.com", "10.0.0.2"),
        record("TXT", "a-homelab.wildcard.home.example.com", claim),
    ];
    assert_eq!(said(&mine), None);
}

#[test]
fn a_name_that_it_would_not_answer_for_stops_the_run_with_what_hides_it() {
    let why = said(&[record("TXT", "_acme-challenge.nas.home.example.com", "\"x\"")]).unwrap();
    assert!(why.contains("would not answer for `nas.home.example.com`"), "{why}");
    assert!(why.contains("TXT _acme-challenge.nas.home.example.com") && why.contains("RFC 4592"), "{why}");
    let beside =
        [record("MX", "home.example.com", "mail"), record("A", "printer.home.example.com", "10.0.0.9")];
    assert_eq!(said(&beside), None);
}

/// The Ingresses of a lab turn from what one configuration says to what another says: what is sent, and how the run ends.
async fn turned(
    from: &str,
    to: &str,
    status: serde_json::Value,
    records: Vec<Record>,
) -> (Vec<String>, Result<()>) {
    let (from, to) = (crate::config::parse(from).unwrap(), crate::config::parse(to).unwrap());
    let mut snapshot = Snapshot::default();
    for object in bundle(&from, &Inputs::default()).objects {
        snapshot.objects.insert(object.key, object.body);
    }
    let live = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": wildcard_record::NAME, "namespace": "homelab", "resourceVersion": "2",
            "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "lab" } },
        "status": { "loadBalancer": { "ingress": status } } });
    let (cluster, log) = cluster(move |line, _| match line {
        line if line.starts_with("PATCH") && line.contains("/wildcard-record") => (200, live.clone()),
        line if line.starts_with("PATCH") => (200, json!({})),
        _ => (200, json!({ "metadata": { "resourceVersion": "1" }, "items": [] })),
    });
    let mut plan = plan(bundle(&to, &Inputs::default()), &snapshot);
    plan.apply.retain(|change| *change.object.key.kind == crate::desired::kind::INGRESS);
    plan.removal = crate::plan::ownership::Removal::default();
    lay_in(&std::sync::Arc::new(std::sync::Mutex::new(Some(records))));
    let provider = Client::new(&to, &Keyring::default()).unwrap();
    let objects = [(wildcard_record::key(), (Component::ExternalDns, None))].into();
    let awaited = match to.records {
        Records::Wildcard => Awaited { objects, ..Awaited::default() },
        Records::PerHost => Awaited::default(),
    };
    let (progress, deadline) = (Progress::new(Mode::Quiet, &[]), Instant::now() + Duration::from_secs(20));
    let (zone, world) = (Zone::default(), &cluster);
    let ended = converge((world, &provider, &zone), &to, &plan, snapshot, awaited, deadline, &progress).await;
    let log = log.lock().unwrap();
    let name = |line: &String| {
        let path = line.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    (log.iter().filter(|line| line.starts_with("PATCH")).map(name).collect(), ended.map(drop))
}

const SLATE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ncertificates: wildcard\ndns: { provider: slate, server: s.test, owner: lab }\n";

#[tokio::test(start_paused = true)]
async fn the_names_leave_their_records_only_when_the_wildcard_has_an_address() {
    let to = format!("{SLATE}records: wildcard\n");
    let (sent, ended) = turned(SLATE, &to, json!([{ "ip": "10.0.0.2" }]), Vec::new()).await;
    assert_eq!(sent, ["wildcard-record", "whoami"]);
    ended.unwrap();
    let (sent, ended) = turned(SLATE, &to, json!([]), Vec::new()).await;
    assert_eq!(sent, ["wildcard-record"], "a name is let go while there is no record for all");
    assert!(ended.unwrap_err().to_string().contains("controller"));
}

/// The controller of before writes no address by itself, and the new one has no ports yet.
#[tokio::test(start_paused = true)]
async fn with_a_new_controller_in_the_same_run_the_one_that_serves_gives_the_wildcard_its_address() {
    let before = crate::config::parse(&format!("{SLATE}ingress: {{ controller: paper }}\n")).unwrap();
    let after = crate::config::parse(&format!("{SLATE}records: wildcard\n")).unwrap();
    let mut snapshot = Snapshot::default();
    for object in bundle(&before, &Inputs::default()).objects {
        let mut live = object.body;
        live["metadata"]["uid"] = "1".into();
        live["metadata"]["resourceVersion"] = "1".into();
        live["metadata"]["managedFields"] = json!([{ "manager": "homelab", "operation": "Apply" }]);
        snapshot.objects.insert(object.key, live);
    }
    let plan = plan(bundle(&after, &Inputs::default()), &snapshot);
    assert!(plan.switch.is_some());
    let ready = || json!([{ "type": "Ready", "status": "True" }]);
    let (cluster, log) = cluster(move |line, _| match line {
        line if line.contains("/nodes") => (
            200,
            json!({ "items": [{ "metadata": { "name": "n" }, "status": {
            "conditions": ready(), "addresses": [{ "type": "InternalIP", "address": "10.0.0.2" }] } }] }),
        ),
        line if line.contains("/pods") => (
            200,
            json!({ "items": [{ "metadata": { "name": "p", "namespace": "paper-system",
            "labels": { "app.kubernetes.io/name": "paper" } }, "spec": { "nodeName": "n" },
            "status": { "phase": "Running", "conditions": ready() } }] }),
        ),
        line if line.contains("/ingressclasses") => (
            200,
            json!({ "items": [{ "metadata": { "name": "paper" },
            "spec": { "controller": "paper.test/ingress" } }] }),
        ),
        line if line.starts_with("GET") && line.contains("/ingresses") => (
            200,
            json!({ "metadata": { "resourceVersion": "1" },
            "items": [{ "metadata": { "namespace": "homelab", "name": wildcard_record::NAME, "resourceVersion": "5" },
            "spec": { "ingressClassName": "paper" } }] }),
        ),
        _ => (200, json!({})),
    });
    let deadline = Instant::now() + Duration::from_secs(5);
    let progress = Progress::new(Mode::Quiet, &[]);
    let seen = (&plan, &snapshot);
    let _ = has_address(&cluster, &after, seen, &Awaited::default(), deadline, &progress).await;
    let written = log.lock().unwrap().iter().any(|line| line.contains("/ingresses/wildcard-record/status?"));
    assert!(written, "{:?}", log.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn on_the_way_back_the_wildcard_stays_until_each_name_has_its_own_record() {
    let from = format!("{SLATE}records: wildcard\n");
    let made = record("A", "whoami.home.example.com", "10.0.0.2");
    let (sent, ended) = turned(&from, SLATE, json!([]), vec![made]).await;
    assert_eq!(sent, ["whoami"]);
    ended.unwrap();
    let (sent, ended) = turned(&from, SLATE, json!([]), Vec::new()).await;
    assert!(sent.is_empty(), "{sent:?}");
    let why = ended.unwrap_err().to_string();
    assert!(
        why.contains("no record for `whoami.home.example.com` yet")
            && why.contains("the wildcard record stays"),
        "{why}"
    );
}
