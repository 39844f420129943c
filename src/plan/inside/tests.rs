use serde_json::json;

use super::*;

const COREFILE: &str = ".:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n        pods insecure\n    }\n    hosts /etc/coredns/NodeHosts {\n        ttl 60\n    }\n    cache 30\n    reload\n    import /etc/coredns/custom/*.override\n    forward . /etc/resolv.conf\n}\nimport /etc/coredns/custom/*.server\n";

/// The ConfigMap `coredns` with this Corefile.
fn settings(corefile: &str) -> Value {
    json!({ "metadata": { "namespace": "kube-system", "name": "coredns" }, "data": { "Corefile": corefile } })
}

fn deployment() -> Value {
    json!({ "spec": { "template": { "spec": {
        "containers": [{ "name": "coredns", "volumeMounts": [{ "name": "custom", "mountPath": "/etc/coredns/custom" }] }],
        "volumes": [{ "name": "custom", "configMap": { "name": "coredns-custom", "optional": true } }] } } } })
}

fn custom(data: Value) -> Value {
    json!({ "metadata": { "managedFields": [
        { "manager": "homelab", "operation": "Apply", "fieldsV1": { "f:data": { "f:homelab.server": {} } } },
        { "manager": "kubectl", "operation": "Update", "fieldsV1": { "f:data": {} } } ] }, "data": data })
}

/// What is said of these entries, where blocks for `lan` and `nas.k8s.intra` are to be written.
fn said(corefile: &str, entries: Value) -> Vec<String> {
    let (settings, deployment, custom) = (settings(corefile), deployment(), custom(entries));
    let seen = CoreDns { settings: Some(&settings), custom: Some(&custom), deployment: Some(&deployment) };
    let zones = ["lan", "nas.k8s.intra"].map(str::to_owned);
    seen.refusals(&zones).into_iter().map(|refusal| refusal.why).collect()
}

#[test]
fn what_others_have_there_is_no_reason_as_long_as_coredns_takes_both() {
    let none: [String; 0] = [];
    assert_eq!(said(COREFILE, json!({})), none);
    assert_eq!(
        said(
            COREFILE,
            json!({ "log.override": "log\nforward . 10.0.0.9\n", "other.server": "other.lan:53 {\n hosts {\n }\n}\nlan:5353 {\n}\n",
            "homelab.server": "lan:53 {\n}\n", "readme": "anything" })
        ),
        none
    );
}

#[test]
fn each_conflict_is_refused_with_the_entry_that_it_is_about() {
    for (entry, text, why) in [
        ("a.override", "hosts {\n 10.0.0.1 x\n}\n", "`hosts` stands in that block already"),
        ("a.override", "cache 5\n", "`cache` stands in that block already"),
        ("a.override", "log {\n", "line 1: a `{` is never closed"),
        ("a.server", "other.lan {\n cache 3\n cache 3\n}\n", "`cache` stands in that block already"),
        ("a.server", "x {\n forward . 10.0.0.1\n", "line 1: a block has no `}`"),
        ("a.server", ".:53 {\n whoami\n}\n", "the zone `.` has a block in the Corefile already"),
        ("a.server", "x, X.:53 {\n whoami\n}\n", "the zone `x` has a block in it already"),
        ("a.server", "LAN {\n forward . 10.0.0.1\n}\n", "the zone `lan` has a block in the entry `a.server`"),
    ] {
        let found = said(COREFILE, json!({ entry: text }));
        assert!(
            found.iter().any(|said| said.contains(why) && said.contains("`a.")),
            "{entry} {text}: {found:?}"
        );
    }
    let two = said(COREFILE, json!({ "a.server": "x {\n}\n", "b.server": "x {\n}\n" }));
    assert!(two[0].contains("`b.server`") && two[0].contains("has a block in a.server already"), "{two:?}");
    let (settings, deployment) = (settings(COREFILE), deployment());
    let mut theirs = custom(json!({ "homelab.server": "x {\n}\n" }));
    theirs["metadata"]["managedFields"].as_array_mut().unwrap().remove(0);
    let seen = CoreDns { settings: Some(&settings), custom: Some(&theirs), deployment: Some(&deployment) };
    assert!(seen.refusals(&[])[0].why.contains("that homelab did not write"));
}

#[test]
fn the_zones_of_the_cluster_and_of_the_corefile_are_not_to_be_hidden() {
    let other = COREFILE.replace("cluster.local", "Lan.");
    assert!(said(&other, json!({})).iter().any(|why| why.contains("`lan` hides names of the cluster")));
    let served = format!("{COREFILE}nas.k8s.intra {{\n}}\n");
    assert!(said(&served, json!({})).iter().any(|why| why.contains("a block in the Corefile already")));
}

#[test]
fn a_cluster_whose_coredns_would_not_read_it_is_told_so() {
    for (corefile, why) in [
        (COREFILE.replace("import /etc/coredns/custom/*.server", ""), "does not have the line `import"),
        (COREFILE.replace("    reload\n", ""), "no `reload`"),
        ("broken {".to_owned(), "has no CoreDNS"),
    ] {
        let found = said(&corefile, json!({}));
        assert!(found.iter().any(|said| said.contains(why)), "{found:?}");
    }
    let (settings, mut deployment) = (settings(COREFILE), deployment());
    deployment["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"] = "other".into();
    let seen = CoreDns { settings: Some(&settings), custom: None, deployment: Some(&deployment) };
    assert!(seen.refusals(&[])[0].why.contains("does not mount"));
    assert_eq!(CoreDns::default().refusals(&[]).len(), 1);
}
