//! A controller that has overlooked that pods are ready.

use serde_json::json;

use super::answers::noted;
use super::made_by_nginx;
use crate::checks::k3s::tests::{items, pod, sound};
use crate::checks::tests::*;
use crate::evidence::http::HttpAnswer;

/// Two nodes: the controller on `pi` says 503, and that on `nuc` what `other` says; all pods have been ready since then.
fn of_two(since: &str, other: HttpAnswer, log: &str) -> Report {
    whole(|evidence| {
        let mut seen = sound();
        for (name, node) in [("controller-1", "pi"), ("controller-2", "nuc")] {
            let mut one = pod("ingress-nginx", name);
            one["metadata"]["labels"] = json!({ "app.kubernetes.io/name": "ingress-nginx-controller" });
            one["spec"]["nodeName"] = node.into();
            items(&mut seen, "pods").push(one);
        }
        for pod in items(&mut seen, "pods") {
            pod["status"]["conditions"][0]["lastTransitionTime"] = since.into();
        }
        noted(&mut seen, log);
        evidence.cluster = Some(seen);
        let host = evidence.hosts.get_mut(HOST).unwrap();
        let mut twin = host.http[0].clone();
        (twin.node, twin.result) = ("nuc".into(), Ok(other));
        host.http[0].result = Ok(made_by_nginx(503));
        host.http.push(twin);
    })
}

#[test]
fn a_controller_that_has_overlooked_ready_pods_is_named_with_its_node_and_started_again() {
    let (long, just) = ("2026-06-01T11:00:00Z", "2026-06-01T11:59:30Z");
    let untold = "W0601 11:00:02.000000       7 controller.go:254] Dynamic reconfiguration failed (retrying; 15 retries left): \
                  Post \"http://127.0.0.1:10246/configuration/backends\": dial tcp 127.0.0.1:10246: connect: connection refused\n";
    let first = |report: &Report| {
        let mut found = report.failures().filter(|one| one.id == id::ANSWER);
        match &found.next().unwrap().outcome {
            Outcome::Fail(finding) => finding.clone(),
            other => panic!("{other:?}"),
        }
    };
    let other = first(&of_two(long, page(200, "text/html", "hello"), ""));
    assert!(other.cause.contains("on `pi`") && other.cause.contains("`nuc` serves it"), "{other:?}");
    assert!(format!("{other:?}").contains("delete pod controller-1"), "{other:?}");
    assert!(!format!("{other:?}").contains("controller-2"), "{other:?}");
    let all = first(&of_two(long, made_by_nginx(503), untold));
    assert!(all.cause.contains("started so slowly"), "{all:?}");
    // It may still come by itself, or be something else.
    for report in
        [of_two(just, page(200, "text/html", "hello"), untold), of_two(long, made_by_nginx(503), "")]
    {
        assert!(!first(&report).cause.contains("has not taken in"));
    }
}
