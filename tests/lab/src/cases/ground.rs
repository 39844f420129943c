//! The ground that everything stands on: nodes, pods, services, host ports, names, and nothing of it outside.

use serde_json::json;

use super::hands::{Hands, eventually, expect};
use crate::error::Result;
use crate::image::BUSYBOX;
use crate::lab::{host_links, state};
use crate::network::{CLIENT, CLOUDFLARE_API, ROUTER_LAN, check_isolated};
use crate::router::Router;
use crate::vantage::Place;

const HOST_PORT: u16 = 8088;
const WHOAMI: &str = "docker.io/traefik/whoami:lab";
const PRIVATE: &str = "private.example.test";

pub(super) fn nodes_are_ready(hands: &Hands) -> Result<()> {
    let expected: Vec<_> = node_names(hands)?.iter().map(|name| format!("{name}=True")).collect();
    let ready =
        "jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=='Ready')].status} {end}";
    let found = hands.kubectl(&["get", "nodes", "-o", ready])?;
    expect(found.split_whitespace().eq(expected.iter()), found)
}

fn node_names(hands: &Hands) -> Result<Vec<&'static str>> {
    let places = state(&hands.run)?.places;
    Ok(places.into_iter().filter(|place| place.is_node()).map(Place::name).collect())
}

/// From a pod on the last node: to a pod on the first by its address, by its service, and by the service's name.
pub(super) fn pods_reach_pods_and_services(hands: &Hands) -> Result<()> {
    make_pods(hands, node_names(hands)?.last().unwrap_or(&"node"))?;
    let address = hands.kubectl(&["get", "pod", "lab-web", "-o", "jsonpath={.status.podIP}"])?;
    let service = hands.kubectl(&["get", "service", "lab-web", "-o", "jsonpath={.spec.clusterIP}"])?;
    for target in [address, service, "lab-web.default.svc.cluster.local".to_owned()] {
        let url = format!("http://{target}/");
        eventually(&format!("an answer from {url} to a pod"), 30, || {
            let output = hands
                .node
                .output("kubectl", &["exec", "lab-shell", "--", "curl", "-sS", "--max-time", "3", &url])?;
            Ok(if output.stdout.contains("Hostname: lab-web") { Ok(()) } else { Err(output.stderr) })
        })?;
    }
    Ok(())
}

pub(super) fn a_host_port_shows_the_client(hands: &Hands) -> Result<()> {
    make_pods(hands, "node")?;
    let node = hands.kubectl(&["get", "pod", "lab-web", "-o", "jsonpath={.status.hostIP}"])?;
    let url = format!("http://{node}:{HOST_PORT}/");
    let answer =
        hands.client.run("curl", &["-sS", "--max-time", "5", "--retry", "5", "--retry-connrefused", &url])?;
    expect(answer.contains(&format!("RemoteAddr: {CLIENT}:")), answer)
}

/// A web server on the first node, with a host port and a service, and a shell on another.
fn make_pods(hands: &Hands, shell_on: &str) -> Result<()> {
    let labels = json!({ "app": "lab-web" });
    let web = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "lab-web", "namespace": "default", "labels": labels },
        "spec": { "nodeName": "node", "terminationGracePeriodSeconds": 0, "containers": [
            { "name": "web", "image": WHOAMI, "ports": [{ "containerPort": 80, "hostPort": HOST_PORT }] },
        ] } });
    let shell = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "lab-shell", "namespace": "default" },
        "spec": { "nodeName": shell_on, "terminationGracePeriodSeconds": 0, "containers": [
            { "name": "shell", "image": BUSYBOX, "command": ["sleep", "infinity"] },
        ] } });
    let service = json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "lab-web", "namespace": "default" },
        "spec": { "selector": labels, "ports": [{ "port": 80 }] } });
    hands.kubectl(&["delete", "pod", "lab-web", "lab-shell", "--ignore-not-found"])?;
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [web, shell, service] });
    hands.kubectl_apply("ground.json", &list.to_string())?;
    hands
        .kubectl(&["wait", "--for=condition=Ready", "pod/lab-web", "pod/lab-shell", "--timeout=60s"])
        .map(drop)
}

pub(super) fn names_resolve_through_the_router(hands: &Hands) -> Result<()> {
    let found = hands.dig("api.cloudflare.com")?;
    expect(found == [CLOUDFLARE_API], format!("{found:?}"))?;
    let nobody = hands.dig("nobody.example.test")?;
    expect(nobody.is_empty(), format!("{nobody:?}"))
}

/// A router with rebind protection drops answers with private addresses, one without passes them on.
pub(super) fn the_router_can_drop_private_answers(hands: &Hands) -> Result<()> {
    let router = Router::find(&hands.run)?;
    let record = json!({ "type": "A", "name": PRIVATE, "content": "10.99.0.10", "ttl": 60 });
    if hands.contents("A", PRIVATE)?.is_empty() {
        hands.add_record(&record)?;
    }
    router.restart(true)?;
    let protected = hands.dig(PRIVATE);
    router.restart(false)?;
    let protected = protected?;
    expect(protected.is_empty(), format!("with rebind protection: {protected:?}"))?;
    let open = hands.dig(PRIVATE)?;
    expect(open == ["10.99.0.10"], format!("without rebind protection: {open:?}"))?;
    let log = crate::files::read_text(&router.queries())?;
    expect(log.contains(PRIVATE), "the router's log does not show the query")
}

/// The lab's links end in the lab, and the machine's own are what they were.
pub(super) fn nothing_reaches_the_machine(hands: &Hands) -> Result<()> {
    let state = state(&hands.run)?;
    check_isolated(&state.places)?;
    let now = host_links()?;
    expect(now == state.links, format!("the machine had the links {:?}, and has {now:?}", state.links))?;
    let routes = hands.client.run("ip", &["route"])?;
    expect(routes.starts_with(&format!("default via {ROUTER_LAN} ")), routes)
}
