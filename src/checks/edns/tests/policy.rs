//! A NetworkPolicy around external-dns.

use serde_json::{Value, json};

use super::{crashed, line, with_cluster};
use crate::checks::tests::*;

/// Its last words alone say nothing of the network: seen with kube-router in the lab.
#[test]
fn a_crash_by_a_policy_is_not_put_down_to_its_role() {
    let words = line("fatal", "failed to sync *v1.Ingress after 1m0s: context deadline exceeded");
    let with = |spec: Value| {
        let report = crashes_with(&words, spec);
        only(&report, id::EDNS_PODS).clone()
    };
    let kept_in = with(json!({ "podSelector": {}, "policyTypes": ["Egress"] }));
    assert!(kept_in.cause.contains("NetworkPolicy `external-dns/quiet`"), "{kept_in:?}");
    assert!(kept_in.fix.commands.is_empty(), "`up` does not help: {kept_in:?}");
    let let_out = with(json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [{}] }));
    assert!(let_out.cause.contains("ServiceAccount"), "{let_out:?}");
}

fn crashes_with(words: &str, spec: Value) -> Report {
    with_cluster(|e| {
        crashed(e, words);
        let policy = json!({ "metadata": { "namespace": "external-dns", "name": "quiet" }, "spec": spec });
        let objects = &mut e.cluster.as_mut().unwrap().objects.0;
        objects.insert("networkpolicies.networking.k8s.io".into(), Listing::Items(vec![policy]));
    })
}
