use serde_json::json;

use super::*;
use crate::cluster::fake::cluster;
use crate::desired::object::Component;
use crate::ingress::nginx::NAMESPACE;

#[tokio::test]
async fn up_names_the_strangers_pod_that_has_the_port_for_which_the_controllers_waits() {
    let message = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
    let waits = json!({ "metadata": { "namespace": NAMESPACE, "name": "ours" }, "status": { "phase": "Pending",
        "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message }] } });
    let pod = |name: &str, node: Value, phase: &str| {
        json!({ "metadata": { "namespace": "default", "name": name }, "status": { "phase": phase },
            "spec": { "nodeName": node, "containers": [{ "ports": [{ "hostPort": 80 }] }] } })
    };
    let all = [
        pod("squatter", "pi".into(), "Running"),
        pod("ended", "pi".into(), "Failed"),
        pod("waiting", Value::Null, "Pending"),
    ];
    let (cluster, _) = cluster(move |_, _| (200, json!({ "items": all })));
    let mut troubles = Troubles::default();
    troubles.note(&BTreeSet::new(), &kind::POD, waits);
    let error = cluster.stuck(&troubles.of(&Awaited::default())).await;
    assert_eq!(error.exit, crate::error::Exit::Wrong);
    let text = error.to_string();
    assert!(text.contains("port 80 of the node is held by pod default/squatter"), "{text}");
    assert!(!text.contains("default/ended") && !text.contains("default/waiting"), "{text}");
}

#[tokio::test]
async fn an_image_that_does_not_come_is_told_of_a_service_that_is_waited_for_and_of_nobody_elses() {
    let pod = |namespace: &str| {
        json!({ "metadata": { "namespace": namespace, "name": "books-1" }, "status": { "containerStatuses":
            [{ "image": "a/b:1", "state": { "waiting": { "reason": "ImagePullBackOff", "message": "no" } } }] } })
    };
    let program = Key {
        kind: &kind::DEPLOYMENT,
        namespace: Some("homelab-books".to_owned()),
        name: "books".to_owned(),
    };
    let awaited = Awaited { objects: [(program, (Component::Services, None))].into(), ..Awaited::default() };
    let mut troubles = Troubles::default();
    troubles.note(&homes(&awaited), &kind::POD, pod("homelab-books"));
    troubles.note(&homes(&awaited), &kind::POD, pod("theirs"));
    let (cluster, _) = cluster(|_, _| (404, json!({})));
    let text = cluster.stuck(&troubles.of(&awaited)).await.to_string();
    assert!(text.contains("Pod homelab-books/books-1: image `a/b:1` cannot be pulled"), "{text}");
    assert!(text.contains("name of the image in the configuration") && !text.contains("theirs"), "{text}");
}
