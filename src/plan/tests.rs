mod adoption;
mod authority;
mod data;
mod egress;
mod homes;
mod occupants;
mod organisations;
mod ownership;
mod restored;
mod teardown;
mod unmanaged;

use std::sync::LazyLock;

use serde_json::json;

use crate::config;
use crate::desired::kind::KindRef;
use crate::desired::meta::HOMELAB;
use crate::desired::{Inputs, bundle};
use crate::plan::*;

const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";

fn bundle_of(more: &str) -> Bundle {
    // A property asks for it hundreds of times.
    static PLAIN: LazyLock<Bundle> = LazyLock::new(|| made_of(""));
    if more.is_empty() { PLAIN.clone() } else { made_of(more) }
}

fn made_of(more: &str) -> Bundle {
    let config = config::parse(&format!("{BASE}{more}")).unwrap();
    bundle(&config, &Inputs::default())
}

/// A cluster that holds just what `plan` would write, as the server would keep it.
fn applied(plan: &Plan) -> Snapshot {
    let mut snapshot = Snapshot { certificates: Some([].into()), ..Snapshot::default() };
    for change in &plan.apply {
        let mut live = change.object.body.clone();
        live["metadata"]["uid"] = "1".into();
        live["metadata"]["managedFields"] = json!([{ "manager": HOMELAB, "operation": "Apply" }]);
        snapshot.objects.insert(change.object.key.clone(), live);
    }
    snapshot
}

#[test]
fn on_an_empty_cluster_everything_is_new() {
    let plan = plan(bundle_of(""), &Snapshot::default());
    assert!(plan.apply.iter().all(|c| c.new) && plan.removal.gone.is_empty());
    assert!(plan.apply.len() > 15);
}

#[test]
fn the_plan_of_what_is_there_is_empty() {
    let snapshot = applied(&plan(
        bundle_of("services: { nas: { url: 'https://10.0.0.2:5001' } }"),
        &Snapshot::default(),
    ));
    let again = plan(bundle_of("services: { nas: { url: 'https://10.0.0.2:5001' } }"), &snapshot);
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn what_somebody_changed_by_hand_is_written_again() {
    let mut snapshot = applied(&plan(bundle_of(""), &Snapshot::default()));
    let (key, live) = snapshot.objects.iter_mut().find(|(k, _)| k.kind.kind == "Deployment").unwrap();
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "other:1".into();
    let key = key.clone();
    let again = plan(bundle_of(""), &snapshot);
    assert_eq!(again.apply.iter().map(|c| c.object.key.clone()).collect::<Vec<_>>(), [key]);
}

#[test]
fn an_object_that_somebody_else_made_is_taken_over_only_by_writing_it() {
    let mut snapshot = applied(&plan(bundle_of(""), &Snapshot::default()));
    for live in snapshot.objects.values_mut() {
        live["metadata"]["managedFields"][0]["manager"] = "helm".into();
    }
    assert_eq!(plan(bundle_of(""), &snapshot).kept, 0);
}

#[test]
fn what_the_cluster_labelled_like_ours_is_left_alone() {
    let mut snapshot = Snapshot::default();
    let key = Key {
        kind: &kind::ENDPOINT_SLICE,
        namespace: Some("homelab".to_owned()),
        name: "whoami-x5rf8".to_owned(),
    };
    snapshot.objects.insert(key, json!({}));
    assert!(plan(bundle_of(""), &snapshot).removal.gone.is_empty());
}

#[test]
fn namespaces_and_definitions_are_never_pruned() {
    let mut snapshot = Snapshot::default();
    for kind in [&kind::NAMESPACE, &kind::CRD] {
        let applied =
            json!({ "metadata": { "managedFields": [{ "manager": HOMELAB, "operation": "Apply" }] } });
        snapshot.objects.insert(Key { kind, namespace: None, name: "x".to_owned() }, applied);
    }
    assert!(plan(bundle_of(""), &snapshot).removal.gone.is_empty());
}

#[test]
fn the_data_of_a_secret_is_compared_and_never_hashed() {
    let config = config::parse(BASE).unwrap();
    let zone = crate::evidence::Zone { id: "z".into(), name: "example.com".into(), ..Default::default() };
    let keyring = |token: &str| (crate::provider::traits_of(config.dns.provider).keyring)(token).unwrap();
    let credentials = |token: &str| crate::provider::Credentials::new(keyring(token), &zone);
    let bundle_with = |token: &str| {
        bundle(&config, &Inputs { credentials: Some(&credentials(token)), ..Inputs::default() })
    };
    let first = plan(bundle_with("one"), &Snapshot::default());
    let secrets: Vec<_> = first.apply.iter().filter(|c| c.object.is_secret()).collect();
    assert!(secrets.iter().all(|c| c.object.body["metadata"]["annotations"][HASH].is_null()));
    let snapshot = applied(&first);
    assert!(plan(bundle_with("one"), &snapshot).is_empty());
    let changed: Vec<_> =
        plan(bundle_with("two"), &snapshot).apply.iter().map(|c| c.object.key.to_string()).collect();
    assert_eq!(
        changed,
        [
            "Secret cert-manager/homelab-dns-provider",
            "Secret external-dns/homelab-dns-provider",
            "Deployment external-dns/external-dns",
        ]
    );
}

/// Any configuration with up to a handful of services, as text.
fn configurations() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let backend = prop_oneof![
        (1u8..255, 1u16..9999).prop_map(|(a, port)| format!("url: 'https://10.0.0.{a}:{port}'")),
        ("[a-z]{1,8}", "[a-z]{1,8}", 1u16..9999)
            .prop_map(|(n, s, port)| format!("service: {n}/{s}, port: {port}")),
        Just("url: 'http://printer.lan.example.com', maxBodySize: 10g".to_owned()),
    ];
    let services = proptest::collection::btree_map("[a-z][a-z0-9]{0,9}", backend, 0..6);
    (services, any::<bool>(), prop_oneof![Just("per-host"), Just("wildcard")]).prop_map(
        |(services, staging, certificates)| {
            let lines: String =
                services.iter().map(|(name, backend)| format!("  x{name}: {{ {backend} }}\n")).collect();
            format!("certificates: {certificates}\nacme: {{ staging: {staging} }}\nservices:\n{lines}")
        },
    )
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn for_any_configuration_the_plan_of_what_is_there_is_empty(text in configurations()) {
        let first = plan(bundle_of(&text), &Snapshot::default());
        let again = plan(bundle_of(&text), &applied(&first));
        proptest::prop_assert!(again.is_empty());
        proptest::prop_assert_eq!(again.kept, first.apply.len());
    }

    #[test]
    fn for_any_configuration_rendering_is_deterministic_and_no_object_is_there_twice(text in configurations()) {
        let (one, two) = (bundle_of(&text), bundle_of(&text));
        proptest::prop_assert_eq!(&one.objects, &two.objects);
        let keys: std::collections::BTreeSet<_> = one.objects.iter().map(|o| &o.key).collect();
        proptest::prop_assert_eq!(keys.len(), one.objects.len());
    }
}
