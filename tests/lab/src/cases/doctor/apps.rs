//! The services behind the names.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::records::nudge;
use super::{Ask, Injury};
use crate::cases::hands::{Hands, WHOAMI as DEMO, eventually};
use crate::error::{Context, Result};

/// A program that is in the lab; it ends when it does not know a flag.
const WHOAMI: &str = "docker.io/traefik/whoami:lab";

/// The EndpointSlices of the demo.
const SLICES: &str = "kubernetes.io/service-name=whoami";
/// The ingress controller looks at what has changed every three seconds, and a nudge is two changes.
const TWO_LOOKS: Duration = Duration::from_secs(7);

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "the image of a program of somebody's own cannot be pulled",
        id: "apps.images",
        says: &["nowhere.example.test/chess:1", "cannot resolve"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            chess(hands, json!({ "name": "chess", "image": "nowhere.example.test/chess:1" }), json!([]))
        },
        undo: no_chess,
    },
    Injury {
        name: "a program ends again and again",
        id: "apps.pods",
        says: &["default/chess-", "exits again and again", "--previous"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            chess(hands, json!({ "name": "chess", "image": WHOAMI, "args": ["--no-such-flag"] }), json!([]))
        },
        undo: no_chess,
    },
    Injury {
        name: "a pod refers to a Secret that is not there",
        id: "apps.pods",
        says: &["the Secret `chess-password`"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let secret = json!([{ "name": "PASSWORD", "valueFrom": { "secretKeyRef": { "name": "chess-password", "key": "password" } } }]);
            chess(hands, json!({ "name": "chess", "image": WHOAMI, "env": secret }), json!([]))
        },
        undo: no_chess,
    },
    Injury {
        name: "a claim names no StorageClass, and none is the default",
        id: "apps.pvc",
        says: &["default/chess", "--disable=local-storage"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": { "name": "chess", "namespace": "default" },
                "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Mi" } } } });
            hands.kubectl_apply("chess-claim.json", &claim.to_string())?;
            let volume = json!([{ "name": "data", "persistentVolumeClaim": { "claimName": "chess" } }]);
            chess(hands, json!({ "name": "chess", "image": WHOAMI }), volume)
        },
        undo: no_chess,
    },
    Injury {
        name: "the Service behind a name selects no pod",
        id: "apps.endpoints",
        says: &["homelab/whoami", "no pod has the label"],
        ask: Ask::NODE,
        always: true,
        make: |hands| service(hands, |spec| spec["selector"]["app.kubernetes.io/name"] = "somebody".into()),
        undo: Hands::restore,
    },
    Injury {
        name: "the Service behind a name is not there",
        id: "apps.endpoints",
        says: &["Service `homelab/whoami`, which does not exist"],
        ask: Ask::NODE,
        always: false,
        make: |hands| hands.kubectl(&["delete", "service", "whoami", "-n", "homelab"]).map(drop),
        undo: Hands::restore,
    },
    Injury {
        name: "the program behind a name was scaled to 0",
        id: "apps.endpoints",
        says: &["homelab/whoami", "scaled to 0"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            hands.kubectl(&["-n", "homelab", "scale", "deployment/whoami", "--replicas=0"]).map(drop)
        },
        undo: Hands::restore,
    },
    Injury {
        name: "the Service behind a name sends to the wrong port",
        id: "apps.answer",
        says: &["502", "port 8081", "listen on 8080"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            service(hands, |spec| spec["ports"][0]["targetPort"] = 8081.into())?;
            leads_to(hands, 8081)?;
            nudge(hands)
        },
        undo: |hands| {
            hands.restore_unproved()?;
            leads_to(hands, 8080)?;
            nudge(hands)
        },
    },
    Injury {
        name: "the ingress controller did not notice that the port of a Service was corrected",
        id: "apps.answer",
        says: &["502", "still uses", "now points to port 8080"],
        ask: Ask::NODE,
        always: false,
        make: not_noticed,
        undo: |hands| {
            hands.restore_unproved()?;
            leads_to(hands, 8080)?;
            nudge(hands)
        },
    },
];

/// Somebody's own program, which no name of the lab leads to.
fn chess(hands: &Hands, container: Value, volumes: Value) -> Result<()> {
    let labels = json!({ "app": "chess" });
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "chess", "namespace": "default" },
        "spec": { "selector": { "matchLabels": labels }, "template": { "metadata": { "labels": labels },
            "spec": { "containers": [container], "volumes": volumes, "terminationGracePeriodSeconds": 1 } } } });
    hands.kubectl_apply("chess.json", &deployment.to_string()).map(drop)
}

fn no_chess(hands: &Hands) -> Result<()> {
    let words = ["delete", "deployment/chess", "pvc/chess", "-n", "default", "--ignore-not-found"];
    hands.kubectl(&words)?;
    hands
        .kubectl(&["wait", "--for=delete", "pod", "-l", "app=chess", "-n", "default", "--timeout=60s"])
        .map(drop)
}

/// Waits until the demo's EndpointSlice has the port.
fn leads_to(hands: &Hands, port: u16) -> Result<()> {
    eventually("the EndpointSlice to follow", 30, || {
        let found = slice(hands)?["ports"][0]["port"].clone();
        Ok(if found == port { Ok(()) } else { Err(found.to_string()) })
    })
    .map(drop)
}

/// The demo's slice.
pub(super) fn slice(hands: &Hands) -> Result<Value> {
    let found = hands.get(&["endpointslices", "-n", "homelab", "-l", SLICES])?;
    Ok(found["items"][0].clone())
}

/// Without a selector and without Endpoints that are mirrored, nobody but the lab writes the demo's slice.
pub(super) fn alone(hands: &Hands) -> Result<()> {
    service(hands, |spec| spec["selector"] = json!({}))?;
    hands.kubectl(&["-n", "homelab", "delete", "endpoints", "whoami", "--ignore-not-found"])?;
    eventually("the mirrored slice to go", 30, || {
        let all = hands.get(&["endpointslices", "-n", "homelab", "-l", SLICES])?;
        let count = all["items"].as_array().map_or(0, Vec::len);
        Ok(if count == 1 { Ok(()) } else { Err(format!("{count} slices")) })
    })
    .map(drop)
}

/// The wrong port is seen by the ingress controller; then the slice gets the right one, and nothing else changes.
fn not_noticed(hands: &Hands) -> Result<()> {
    alone(hands)?;
    let name = slice(hands)?["metadata"]["name"].as_str().context("the name of the slice")?.to_owned();
    let port = |port: u16| {
        let patch = json!([{ "op": "replace", "path": "/ports/0/port", "value": port }]).to_string();
        hands.kubectl(&["-n", "homelab", "patch", "endpointslice", &name, "--type=json", "-p", &patch])
    };
    port(8081)?;
    nudge(hands)?;
    eventually("the ingress controller to take the wrong port", 30, || Ok(hands.answers(DEMO, "502")))?;
    sleep(TWO_LOOKS);
    port(8080).map(drop)
}

/// Changes the Service of the demo, as homelab itself would write it: what others own is another check's.
pub(super) fn service(hands: &Hands, change: impl Fn(&mut Value)) -> Result<()> {
    let live = hands.get(&["service", "whoami", "-n", "homelab"])?;
    let mut spec = json!({ "ports": live["spec"]["ports"], "selector": live["spec"]["selector"] });
    change(&mut spec);
    let metadata = json!({ "name": "whoami", "namespace": "homelab", "labels": live["metadata"]["labels"] });
    let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec });
    let path = hands.config_file("whoami-service.json", &service.to_string())?.display().to_string();
    let words = ["apply", "--server-side", "--field-manager=homelab", "--force-conflicts", "-f", &path];
    hands.kubectl(&words).map(drop)
}
