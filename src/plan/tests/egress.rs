//! The policies of `egress`: homelab's go with the key, those of others stay whatever they are called.

use serde_json::Value;

use super::*;
use crate::desired::egress::is_policy;
use crate::desired::object::Key;

const KEPT_IN: &str = "egress: { immich: [lan, a.example.org], wiki: none }\n";

fn policies(keys: impl Iterator<Item = Key>) -> Vec<String> {
    keys.filter(is_policy).map(|key| key.to_string()).collect()
}

fn gone(snapshot: &Snapshot, more: &str) -> Vec<String> {
    policies(plan(bundle_of(more), snapshot).removal.gone.into_iter().map(|doomed| doomed.key))
}

#[test]
fn a_policy_goes_when_its_key_goes_and_changes_its_kind_when_the_last_name_goes() {
    let snapshot = applied(&plan(bundle_of(KEPT_IN), &Snapshot::default()));
    let all = ["CiliumNetworkPolicy immich/homelab-egress", "NetworkPolicy wiki/homelab-egress"];
    let mut found = gone(&snapshot, "");
    found.sort();
    assert_eq!(found, all);
    assert!(gone(&snapshot, KEPT_IN).is_empty());
    let by_address = "egress: { immich: [lan], wiki: none }\n";
    assert_eq!(gone(&snapshot, by_address), all[..1]);
    let written = plan(bundle_of(by_address), &snapshot).apply.into_iter().map(|change| change.object.key);
    assert_eq!(policies(written), ["NetworkPolicy immich/homelab-egress"]);
}

#[test]
fn a_strangers_policy_stays_even_with_homelabs_name_and_labels() {
    let mut snapshot = applied(&plan(bundle_of(KEPT_IN), &Snapshot::default()));
    for (key, live) in &mut snapshot.objects {
        if is_policy(key) {
            live["metadata"]["managedFields"] = json!([{ "manager": "kubectl", "operation": "Apply" }]);
        }
    }
    assert!(gone(&snapshot, "").is_empty());
    let all: Vec<&Value> =
        snapshot.objects.iter().filter(|(key, _)| is_policy(key)).map(|(_, live)| live).collect();
    assert_eq!(all.len(), 2, "they were looked at");
}
