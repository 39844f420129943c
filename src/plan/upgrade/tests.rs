use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::config::Controller;
use crate::desired::meta::{HOMELAB, RESTORE};

const BASE: &str =
    "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nstartPage: true\n";

fn config(more: &str) -> Config {
    crate::config::parse(&format!("{BASE}{more}")).unwrap()
}

/// A lab whose nodes are its name servers.
fn on_nodes() -> Config {
    crate::config::parse("domain: home.arpa\ndns: { provider: local }\n").unwrap()
}

/// A lab with a server for challenges.
fn with_server() -> Config {
    let dns = "provider: cloudflare, challengeZone: acme.example.com, challengeServer: 203.0.113.7";
    crate::config::parse(&BASE.replace("provider: cloudflare", dns)).unwrap()
}

/// A cluster in which every pin of the configuration runs, with cert-manager's manifest as `version`, and every image as
/// `image` makes it of the pinned one.
fn cluster(config: &Config, version: &str, image: impl Fn(&str, String) -> String) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for home in homes(config) {
        let reference = image(home.image, pins().image(home.image, &Default::default()));
        let live = snapshot.objects.entry(home.workload).or_insert_with(|| {
            json!({
                "metadata": { "labels": { VERSION: version }, "managedFields": [{ "manager": HOMELAB, "operation": "Apply" }] },
                "spec": { "template": { "spec": { "containers": [{ "args": [] }, { "args": [] }] } } },
            })
        });
        let container = &mut live["spec"]["template"]["spec"]["containers"][home.container];
        match home.argument {
            Some(flag) => container["args"] = json!(["--v=2", format!("{flag}={reference}")]),
            None => container["image"] = reference.into(),
        }
    }
    snapshot
}

fn pinned() -> &'static str {
    cert_manager::pinned().unwrap()
}

fn states(parts: &[Part]) -> BTreeSet<(&str, &str)> {
    parts.iter().map(|part| (part.name, part.state.word())).collect()
}

fn state<'p>(parts: &'p [Part], name: &str) -> &'p Part {
    parts.iter().find(|part| part.name == name).unwrap()
}

#[test]
fn every_pin_has_a_place_in_the_table() {
    let mut parts = parts(&config(""), &Snapshot::default(), None);
    parts.extend(super::parts(&on_nodes(), &Snapshot::default(), None));
    parts.extend(super::parts(&with_server(), &Snapshot::default(), None));
    let public = "services: { nas: { local: 1, public: tunnel, iKnow: ingress-nginx-is-retired } }\n";
    parts.extend(super::parts(&config(public), &Snapshot::default(), None));
    for controller in Controller::ALL.iter().filter(|one| **one != Controller::Paper) {
        let mut config = config("");
        config.ingress.controller = *controller;
        parts.extend(super::parts(&config, &Snapshot::default(), None));
    }
    let told: BTreeSet<&str> = parts.iter().map(|part| part.name).collect();
    let images = pins().images.iter().map(|image| image.name.as_str());
    let all: BTreeSet<&str> = images.chain(pins().upstream.iter().map(|file| file.name.as_str())).collect();
    assert_eq!(told, all, "a pin that `homelab upgrade` does not know");
    assert!(parts.iter().all(|part| part.state == State::Absent && !part.is_due()));
}

#[test]
fn what_the_bundle_itself_has_is_the_same() {
    for config in [config(""), on_nodes(), with_server()] {
        let found = parts(&config, &cluster(&config, pinned(), |_, image| image), None);
        assert!(found.iter().all(|part| part.state == State::Same), "{:?}", states(&found));
        // The places are those of the objects that `up` applies.
        let bundle = crate::desired::bundle(&config, &crate::desired::Inputs::default());
        let made: BTreeSet<&Key> = bundle.objects.iter().map(|object| &object.key).collect();
        let of_manifest = |home: &Home| home.component == Component::CertManager.name();
        for home in homes(&config).iter().filter(|home| !of_manifest(home)) {
            assert!(made.contains(&home.workload), "{} is not in the bundle", home.workload);
        }
    }
}

#[test]
fn newer_older_and_other_images_are_told_apart() {
    let config = config("");
    let other = |name: &str, image: String| match name {
        "externalDns" => "registry.k8s.io/external-dns/external-dns:v0.1.0@sha256:aa".to_owned(),
        "ingressNginx" => "registry.k8s.io/ingress-nginx/controller:v99.0.0".to_owned(),
        "whoami" => image.split('@').next().unwrap().to_owned(),
        "startPage" => "registry.lan/nginx:mine".to_owned(),
        _ => image,
    };
    let found = parts(&config, &cluster(&config, pinned(), other), None);
    for (name, word, due) in [
        ("externalDns", "newer", true),
        ("ingressNginx", "older", false),
        ("whoami", "other", true),
        ("startPage", "other", true),
        ("certManagerAcmesolver", "same", false),
    ] {
        let part = state(&found, name);
        assert_eq!((part.state.word(), part.is_due()), (word, due), "{name}: {part:?}");
    }
}

#[test]
fn an_image_of_the_configuration_stays_theirs() {
    let config = config("images: { externalDns: 'registry.lan/external-dns:v0.1.0' }");
    let mine = |name: &str, image: String| config.images.get(name).cloned().unwrap_or(image);
    let found = parts(&config, &cluster(&config, pinned(), mine), None);
    let part = state(&found, "externalDns");
    assert_eq!(part.state, State::Overridden("images.externalDns".to_owned()));
    assert!(!part.is_due() && part.brings.starts_with("registry.k8s.io/external-dns/"), "{part:?}");
}

#[test]
fn a_manifest_of_another_version_stays_theirs_with_its_images() {
    let config = config("");
    let snapshot = cluster(&config, "v1.1.0", |_, image| image);
    let found = parts(&config, &snapshot, Some("v1.1.0"));
    for name in ["cert-manager", "certManagerWebhook"] {
        assert_eq!(state(&found, name).state, State::Overridden("certManager.manifest".to_owned()), "{name}");
    }
    assert_eq!(state(&found, "externalDns").state, State::Same);
    // NixOS names the pinned manifest there: that is no other one.
    let found = parts(&config, &cluster(&config, pinned(), |_, image| image), Some(pinned()));
    assert_eq!(state(&found, "cert-manager").state, State::Same);
}

#[test]
fn a_raise_over_a_minor_version_of_cert_manager_is_told_and_one_of_others_is_not() {
    let config = config("");
    let old = |name: &str, image: String| match name {
        "externalDns" => "registry.k8s.io/external-dns/external-dns:v0.1.0".to_owned(),
        _ => image,
    };
    let found = parts(&config, &cluster(&config, "v1.5.0", old), None);
    assert_eq!(state(&found, "cert-manager").skip.as_ref().map(|skip| skip.through.as_str()), Some("v1.6"));
    assert_eq!(state(&found, "externalDns").state, State::Newer);
    assert_eq!(state(&found, "externalDns").skip, None);
}

#[test]
fn an_upgrade_that_was_stopped_is_told_by_the_oldest_program() {
    let config = config("");
    let mut snapshot = cluster(&config, pinned(), |_, image| image);
    let webhook = snapshot.objects.iter_mut().find(|(key, _)| key.name == "cert-manager-webhook").unwrap().1;
    webhook["metadata"]["labels"][VERSION] = "v1.20.0".into();
    let found = parts(&config, &snapshot, None);
    let part = state(&found, "cert-manager");
    assert_eq!((part.runs.as_deref(), part.state.word()), (Some("v1.20.0"), "newer"));
}

#[test]
fn what_homelab_did_not_apply_does_not_count_as_installed() {
    let config = config("");
    let mut snapshot = cluster(&config, "v1.5.0", |_, image| image);
    for live in snapshot.objects.values_mut() {
        live["metadata"]["managedFields"][0]["manager"] = RESTORE.into();
    }
    assert!(parts(&config, &snapshot, None).iter().all(|part| part.state == State::Absent));
}

#[test]
fn what_the_configuration_leaves_to_others_is_not_in_the_table() {
    let config = config("certManager: { manage: false }\nexternalDns: { manage: false }\nwhoami: false");
    let found = parts(&config, &Snapshot::default(), None);
    let names: Vec<&str> = found.iter().map(|part| part.name).collect();
    assert_eq!(names, ["ingressNginx", "startPage"]);
}
