//! The way to the pods of another node: one failure at a time.

use serde_json::{Value, json};

use crate::checks::k3s::tests::{cluster, items, pod, sound};
use crate::checks::tests::*;
use crate::evidence::http::HttpAnswer;

/// Two nodes, of which the pod on the second one gives this to the API server; changed.
fn two(second: Result<HttpAnswer, String>, change: impl FnOnce(&mut Evidence)) -> Report {
    whole(|e| {
        let mut seen = sound();
        let mut node: Value = items(&mut seen, "nodes")[0].clone();
        items(&mut seen, "nodes")[0]["metadata"]["labels"] =
            json!({ "node-role.kubernetes.io/control-plane": "true" });
        (node["metadata"]["name"], node["metadata"]["annotations"]) = ("nas".into(), json!({}));
        items(&mut seen, "nodes").push(node);
        seen.pod_answers = [("pi".into(), Ok(nginx_404())), ("nas".into(), second)].into();
        e.nodes.as_mut().unwrap().push(NodeSeen {
            name: "nas".into(),
            ready: true,
            addresses: vec![],
            ..NodeSeen::default()
        });
        e.cluster = Some(seen);
        change(e);
    })
}

fn cluster_of(evidence: &mut Evidence) -> &mut ClusterSeen {
    evidence.cluster.as_mut().unwrap()
}

fn first(report: &Report) -> Finding {
    let failure = report.failures().next().unwrap();
    assert_eq!((failure.id, failure.subject.node.as_deref()), (id::CROSS_NODE, Some("nas")), "{report:#?}");
    failure.finding().unwrap().clone()
}

/// k3s-io/k3s#10474 and #11418, as they were reported.
const TURNED_AWAY: &str = "error trying to reach service: proxy error from 127.0.0.1:6443 while dialing 10.42.1.4:80, code 502: 502 Bad Gateway";

#[test]
fn a_pod_of_another_node_that_is_not_reached_is_named_with_the_port_of_the_overlay() {
    let lost = || Err("error trying to reach service: dial tcp 10.42.1.4:80: i/o timeout".into());
    assert!(matches!(outcome(&cluster(|_| {}), id::CROSS_NODE), Outcome::Skip { .. }));
    assert_eq!(fails(&two(Ok(nginx_404()), |_| {})), []);
    let fix = first(&two(lost(), |_| {})).fix.text;
    assert!(fix.contains("8472") && fix.contains("restart k3s on both"));
    let etcd = two(lost(), |e| {
        crate::checks::k3s::tests::nodes::with_etcd(&mut items(cluster_of(e), "nodes")[0]);
    });
    let fix = first(&etcd).fix.text;
    assert!(!fix.contains("restart k3s") && fix.contains("give the node its old address"), "{fix}");
    let refused = two(Err("dial tcp 10.42.1.4:80: connect: connection refused".into()), |_| {});
    assert_eq!(fails(&refused), [], "a pod that does not listen is no matter of the network");
}

#[test]
fn what_k3s_turns_away_at_once_is_not_taken_for_silence_and_its_log_tells_the_reason() {
    let with_log = |reason: Option<&str>| {
        two(Err(TURNED_AWAY.into()), |e| {
            let line = |why: &str| {
                format!(
                    "time=\"2024-12-06T17:28:14Z\" level=error msg=\"Sending HTTP 502 response to 127.0.0.1:39310: dial tcp 10.42.1.4:80: connect: {why}\""
                )
            };
            let note = |why: &str| Note { word: TELLING[0].into(), line: line(why), times: 1 };
            let notes = reason.map(|why| vec![note(why)]);
            let ground = GroundSeen { notes, ..GroundSeen::default() };
            e.machine = Some(MachineSeen { hostname: Some("pi".into()), ground, ..MachineSeen::default() });
        })
    };
    let unknown = first(&with_log(None));
    assert!(
        unknown.cause.contains("got the error at once")
            && unknown.fix.look[0].contains("Sending HTTP 502 response")
    );
    assert!(first(&with_log(Some("no route to host"))).cause.contains("packets between pods"));
    assert_eq!(fails(&with_log(Some("connection refused"))), [], "the pod does not listen");
}

#[test]
fn a_network_policy_is_named_before_the_firewall() {
    let policy = |spec: Value| json!({ "metadata": { "namespace": "ingress-nginx", "name": "default-deny" }, "spec": spec });
    let with = |spec: Value, why: &str| {
        two(Err(why.into()), |e| {
            let mut controller = pod("ingress-nginx", "ingress-nginx-controller-x");
            controller["spec"]["nodeName"] = "nas".into();
            controller["metadata"]["labels"] = json!({ "app.kubernetes.io/name": "ingress-nginx-controller",
                "app.kubernetes.io/component": "controller" });
            let seen = cluster_of(e);
            items(seen, "pods").push(controller);
            seen.objects
                .0
                .extend([("networkpolicies.networking.k8s.io".into(), Listing::Items(vec![policy(spec)]))]);
        })
    };
    let deny = json!({ "podSelector": {}, "policyTypes": ["Ingress"] });
    for why in [TURNED_AWAY, "dial tcp 10.42.1.4:80: connect: connection refused"] {
        let found = with(deny.clone(), why);
        assert!(first(&found).cause.contains("NetworkPolicy `ingress-nginx/default-deny`"), "{why}");
    }
    let silent = with(deny, "dial tcp 10.42.1.4:80: i/o timeout");
    assert!(first(&silent).cause.contains("8472"), "k3s rejects and does not drop");
    let open = with(json!({ "podSelector": {}, "ingress": [{}] }), TURNED_AWAY);
    assert!(first(&open).cause.contains("got the error at once"));
}

#[test]
fn two_machines_that_are_copies_and_an_address_that_flannel_still_has_are_named() {
    let lost = || Err("error trying to reach service: dial tcp 10.42.1.4:80: i/o timeout".into());
    let noted = |pi: &str, nas: &str, ip: &str| {
        // As flannel writes it: flannel-io/flannel#1795.
        let data = |mac: &str| json!({ "VNI": 1, "VtepMAC": mac }).to_string();
        let (pi, nas) = (data(pi), data(nas));
        two(lost(), |e| {
            let nodes = items(cluster_of(e), "nodes");
            nodes[0]["metadata"]["annotations"]["flannel.alpha.coreos.com/backend-data"] = pi.into();
            nodes[1]["metadata"]["annotations"] = json!({ "flannel.alpha.coreos.com/backend-data": nas,
                "flannel.alpha.coreos.com/public-ip": ip });
        })
    };
    let (one, other) = ("e6:7c:02:8e:e8:7e", "ee:8d:cf:69:b3:7c");
    assert!(first(&noted(one, one, "192.168.1.2")).fix.text.contains("systemd-machine-id-setup"));
    assert!(first(&noted(one, other, "192.168.1.99")).cause.contains("is at 192.168.1.99"));
    assert!(first(&noted(one, other, "192.168.1.2")).cause.contains("8472"));
}
