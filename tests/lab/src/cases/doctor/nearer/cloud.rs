//! Beside a cloud controller with servicelb: what it has not done yet, what it does, and what nobody does once it is off.

use serde_json::{Value, json};

use super::super::{Injury, injury};
use crate::cases::hands::{Hands, eventually, expect};
use crate::cluster::{Cloud, Node, join_anew};
use crate::error::Result;
use crate::vantage::Place;

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    injury(
        "a node that joined has its address and waits for the cloud controller",
        "k3s.node-address",
        &["node2", "waits for the cloud controller", "--disable-cloud-controller"],
        join,
        arrive,
    ),
    injury(
        "k3s runs its own traefik and servicelb",
        "k3s.disabled",
        &["deployment/traefik", "`disable: [traefik]`", "wait until the Service `traefik`"],
        with_both,
        without_both_in_order,
    ),
    injury(
        "traefik and servicelb were disabled at once",
        "k3s.disabled",
        &["service/traefik", "patch service traefik", "load-balancer-cleanup"],
        without_both_at_once,
        end_cloud,
    ),
    injury(
        "servicelb was disabled and a Service keeps the address that it gave",
        "k3s.load-balancers",
        &["default/tube", "still has the address 10.99.0.1", "patch service tube"],
        stale,
        take_back,
    ),
    injury(
        "a Service is deleted after servicelb was disabled",
        "k3s.load-balancers",
        &["default/tube", "waiting for its deletion", "patch service tube"],
        held,
        end_cloud,
    ),
];

const DISABLED: [&str; 5] = ["server", "--disable", "traefik", "--disable", "servicelb"];
const TUBE: [&str; 4] = ["service", "tube", "-n", "default"];
const TRAEFIK: [&str; 4] = ["deployment,service", "traefik", "-n", "kube-system"];
/// What a deletion may take that nothing holds up.
const AT_ONCE: &str = "--timeout=30s";
const PATIENCE: u64 = 60;

/// Two words of a command line, and more.
fn words<'w>(verb: &[&'w str], of: &[&'w str], more: &[&'w str]) -> Vec<&'w str> {
    [verb, of, more].concat()
}

/// The node is there, k3s has noted its address, and no cloud controller has come.
fn join(hands: &Hands) -> Result<()> {
    let node = Node::find(&hands.run, Place::Node2)?;
    join_anew(&hands.run, &node)?;
    hands.kubectl(&["wait", "--for=condition=Ready", "node/node2", "--timeout=60s"]).map(drop)
}

/// It comes, and the node is as any other.
fn arrive(hands: &Hands) -> Result<()> {
    Cloud(&hands.run).start(false)?;
    let came = eventually("the cloud controller to come to node2", PATIENCE, || {
        let node = hands.get(&["node", "node2"])?;
        Ok(if node["spec"]["taints"].is_null() { Ok(()) } else { Err(node["spec"].to_string()) })
    });
    println!("      the cloud controller came after {:.1} s", came?);
    Cloud(&hands.run).stop()?;
    let node = Node::find(&hands.run, Place::Node2)?;
    node.wait_for_cloud(false)?;
    node.stop_kubelet()?;
    node.start_kubelet()
}

/// What k3s on the server was told, as it notes it.
fn note(hands: &Hands, args: &[&str]) -> Result<()> {
    let note = format!("k3s.io/node-args={}", json!(args));
    hands.kubectl(&["annotate", "--overwrite", "node", "node", &note]).map(drop)
}

fn service(namespace: &str, name: &str, ports: &[u16]) -> Value {
    let ports: Vec<Value> =
        ports.iter().map(|port| json!({ "name": format!("p{port}"), "port": port })).collect();
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name, "namespace": namespace },
        "spec": { "type": "LoadBalancer", "selector": { "app": name }, "ports": ports } })
}

/// What k3s installs where it is told nothing; no pod of traefik starts.
fn with_both(hands: &Hands) -> Result<()> {
    note(hands, &["server"])?;
    Cloud(&hands.run).start(true)?;
    let labels = json!({ "app.kubernetes.io/name": "traefik" });
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "traefik", "namespace": "kube-system" },
        "spec": { "replicas": 0, "selector": { "matchLabels": labels }, "template": { "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "traefik", "image": "docker.io/rancher/mirrored-library-traefik:3" }] } } } });
    let items = [deployment, service("kube-system", "traefik", &[80, 443])];
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    hands.kubectl_apply("nearer-traefik.json", &list.to_string())?;
    balancers(hands, "traefik", true)
}

/// Waits until servicelb's DaemonSet for a Service is there, or gone.
fn balancers(hands: &Hands, service: &str, there: bool) -> Result<()> {
    let label = format!("svccontroller.k3s.cattle.io/svcname={service}");
    eventually(&format!("servicelb and {service}"), PATIENCE, || {
        let sets = hands.get(&["daemonsets", "-n", "kube-system", "-l", &label])?;
        let found = sets["items"].as_array().is_some_and(|items| !items.is_empty());
        Ok(if found == there { Ok(()) } else { Err(format!("DaemonSet there: {found}")) })
    })
    .map(drop)
}

/// As the doctor says: traefik first. While servicelb is on, its Service goes at once.
fn without_both_in_order(hands: &Hands) -> Result<()> {
    let gone = hands.kubectl(&words(&["delete"], &TRAEFIK, &[AT_ONCE]));
    let set = balancers(hands, "traefik", false);
    let noted = note(hands, &DISABLED);
    let off = Cloud(&hands.run).start(false).and_then(|()| end_cloud(hands));
    gone.map(drop).and(set).and(noted).and(off)
}

/// The order that people take: k3s deletes traefik, and servicelb is off when its Service waits for it.
fn without_both_at_once(hands: &Hands) -> Result<()> {
    with_both(hands)?;
    note(hands, &DISABLED)?;
    Cloud(&hands.run).start(false)?;
    balancers(hands, "traefik", false)?;
    hands.kubectl(&words(&["delete"], &TRAEFIK, &["--wait=false"])).map(drop)
}

fn end_cloud(hands: &Hands) -> Result<()> {
    Cloud(&hands.run).stop()
}

/// A Service that servicelb has served, and does no more.
fn stale(hands: &Hands) -> Result<()> {
    note(hands, &["server", "--disable", "traefik"])?;
    Cloud(&hands.run).start(true)?;
    hands.kubectl_apply("nearer-tube.json", &service("default", "tube", &[8081]).to_string())?;
    eventually("servicelb to give tube an address", PATIENCE, || {
        let tube = hands.get(&TUBE)?;
        let ingress = &tube["status"]["loadBalancer"]["ingress"];
        let both = ingress.as_array().is_some_and(|all| all.len() == 2);
        let guarded = tube["metadata"]["finalizers"][0] == "service.kubernetes.io/load-balancer-cleanup";
        Ok(if both && guarded { Ok(()) } else { Err(tube.to_string()) })
    })?;
    note(hands, &DISABLED)?;
    Cloud(&hands.run).start(false)?;
    balancers(hands, "tube", false)
}

/// What the finding's command leaves is deleted as any other Service.
fn take_back(hands: &Hands) -> Result<()> {
    let tube = hands.get(&TUBE);
    let gone = hands.kubectl(&words(&["delete"], &TUBE, &[AT_ONCE]));
    end_cloud(hands)?;
    let kind = tube?["spec"]["type"].clone();
    gone?;
    expect(kind != "LoadBalancer", format!("the Service is of type {kind}"))
}

fn held(hands: &Hands) -> Result<()> {
    stale(hands)?;
    hands.kubectl(&words(&["delete"], &TUBE, &["--wait=false"])).map(drop)
}
