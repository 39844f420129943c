//! The zone: the lab's records go, those of others are not touched and not waited for.

use serde_json::json;

use super::server::{KEPT, OWNER, Trial, lab, object, published, set, strangers};
use crate::desired::kind;
use crate::error::Exit;
use crate::evidence::Record;
use crate::provider::paper::{Drawer, record};

const NAS: &str = "nas.home.example.com";

/// external-dns, as long as it runs: it deletes the records of an Ingress that is about to go, as `takes` says.
fn external_dns(trial: &Trial, takes: impl Fn(&Record) -> bool + Send + Sync + 'static) {
    let drawer: Drawer = trial.drawer.clone();
    trial.before(move |all, path| {
        let runs =
            all.iter().any(|one| one["kind"] == "Deployment" && one["metadata"]["name"] == "external-dns");
        if runs && path.ends_with("/ingresses/nas") {
            drawer.lock().unwrap().as_mut().unwrap().retain(|record| !takes(record));
        }
        None
    });
}

fn is_of_nas(record: &Record) -> bool {
    record.name.ends_with(NAS)
}

fn ours() -> [Record; 2] {
    published(OWNER, NAS, "ingress/homelab/nas")
}

#[tokio::test(start_paused = true)]
async fn the_records_of_the_lab_go_and_those_of_others_in_the_zone_stay() {
    let mut all = lab();
    let mut blog = strangers(&kind::INGRESS, Some("blog"), "blog");
    blog["spec"] = json!({ "ingressClassName": "nginx", "rules": [{ "host": "blog.home.example.com" }] });
    all.push(blog);
    let trial = Trial::new(all);
    let others: Vec<Record> = published("other.example.com", "tv.home.example.com", "ingress/homelab/nas")
        .into_iter()
        .chain(published(OWNER, "blog.home.example.com", "ingress/blog/blog"))
        .chain([record("A", "printer.home.example.com", "10.0.0.9")])
        .collect();
    trial.lay_in(others.iter().cloned().chain(ours()));
    external_dns(&trial, is_of_nas);
    let ended = trial.down(false).await;
    let document = ended.document.unwrap();
    assert_eq!(document["records_removed"], json!([NAS]));
    assert!(ended.left.contains("Ingress blog/blog"));
    let left: Vec<String> =
        trial.drawer.lock().unwrap().iter().flatten().map(|one| one.name.clone()).collect();
    assert_eq!(left, others.iter().map(|one| one.name.clone()).collect::<Vec<_>>());
    assert_eq!(
        ended.warnings,
        ["Ingress blog/blog (blog.home.example.com): nothing serves it afterwards, and its DNS records stay"]
    );
    assert!(
        ended.said.starts_with(&format!(
            "deleted {} objects, and the DNS records of `{NAS}`",
            document["removed"].as_array().unwrap().len()
        )),
        "{}",
        ended.said
    );
    // The record of their Ingress bears the lab's owner.
    assert!(ended.said.contains("`homelab up --adopt` installs everything again"), "{}", ended.said);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_deletes_nothing_and_says_how_to_go_on() {
    let trial = Trial::new(lab());
    *trial.drawer.lock().unwrap() = None;
    let ended = trial.down(false).await;
    assert_eq!(ended.document.as_ref().unwrap_err().exit, Exit::Unfinished);
    let text = ended.error();
    for part in [
        "so nothing was deleted",
        "left at Paper: the records of",
        "look into the drawer",
        "`homelab down --keep-records`",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(trial.deleted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_revoked_in_the_middle_stops_it_while_external_dns_and_cert_manager_still_run() {
    let trial = Trial::new(lab());
    trial.lay_in(ours());
    let drawer = trial.drawer.clone();
    trial.before(move |_, _| {
        *drawer.lock().unwrap() = None;
        None
    });
    let ended = trial.down(true).await;
    let text = ended.error();
    for part in [
        "some of homelab's DNS records are still there, so nothing more is deleted",
        &format!("the records of `{NAS}`"),
        "1 objects were deleted",
        "`homelab down --purge` again",
        "`homelab down --purge --keep-records`",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(trial.deleted(), ["ingresses/nas"]);
}

#[tokio::test(start_paused = true)]
async fn records_that_are_to_stay_outlive_the_ingresses() {
    let mut trial = Trial::new(lab());
    trial.keep_records = true;
    trial.lay_in(ours());
    external_dns(&trial, is_of_nas);
    let ended = trial.down(false).await;
    ended.document.unwrap();
    assert_eq!(trial.drawer.lock().unwrap().as_ref().map(Vec::len), Some(2));
    assert_eq!(trial.deleted()[..2], ["deployments/external-dns", "ingresses/nas"]);
    assert!(ended.said.contains("stay at Paper: `--keep-records`"), "{}", ended.said);
    assert!(ended.said.contains("`homelab up --adopt` installs everything again"), "{}", ended.said);
}

#[tokio::test(start_paused = true)]
async fn a_txt_record_that_nobody_deletes_any_more_is_named() {
    let trial = Trial::new(lab());
    trial.lay_in(ours());
    external_dns(&trial, |record| record.kind == "A");
    let ended = trial.down(false).await;
    let text = ended.error();
    for part in [
        "the records of `TXT a-homelab.nas.home.example.com`",
        "external-dns deletes no TXT record that is left alone",
        "delete these TXT records in the drawer; then run `homelab down` again",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Deleted by hand.
    trial.lay_in([]);
    let next = trial.down(false).await;
    next.document.unwrap();
    assert_eq!(next.left, set(KEPT));
}

#[tokio::test(start_paused = true)]
async fn without_external_dns_its_records_stop_the_run_before_the_first_deletion() {
    let mut all = lab();
    all.retain(|one| one["kind"] != "Deployment" || one["metadata"]["name"] != "external-dns");
    let trial = Trial::new(all);
    trial.lay_in(ours());
    let ended = trial.down(false).await;
    let text = ended.error();
    for part in [
        "so nothing was deleted",
        "external-dns deletes them, and Deployment external-dns/external-dns is not there",
        "`homelab up` installs it again",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(trial.deleted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_finished_needs_no_token_any_more() {
    let trial = Trial::new(lab());
    trial.down(false).await.document.unwrap();
    *trial.drawer.lock().unwrap() = None;
    let again = trial.down(true).await;
    again.document.unwrap();
    assert!(again.left.is_empty(), "{:?}", again.left);
}

#[tokio::test(start_paused = true)]
async fn records_in_another_zone_than_the_configurations_stop_it_before_the_first_deletion() {
    let mut all = lab();
    let mut given = object(&kind::SECRET, Some("external-dns"), crate::provider::SECRET, "homelab");
    given["data"] = json!({ crate::provider::ZONE_ID_KEY: "b3RoZXI=" });
    all.push(given);
    let trial = Trial::new(all);
    let ended = trial.down(false).await;
    let text = ended.error();
    for part in
        ["homelab's records are in another zone, so nothing was deleted", "`homelab down --keep-records`"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(trial.deleted().is_empty());
}
