//! The ground that everything stands on: nodes, pods, services, host ports, names, and nothing of it outside.

use serde_json::json;

use super::hands::{Hands, eventually, expect};
use crate::cluster::Node;
use crate::error::Result;
use crate::files;
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

/// The API server dials through its proxy: why a dial fails, it is not told, and does not tell.
pub(super) fn a_failed_dial_reads_as_on_k3s(hands: &Hands) -> Result<()> {
    make_pods(hands, "node")?;
    let address = hands.kubectl(&["get", "pod", "lab-web", "-o", "jsonpath={.status.podIP}"])?;
    let path = "/api/v1/namespaces/default/pods/lab-web:81/proxy/";
    let said = hands.node.output("kubectl", &["get", "--raw", path])?.stderr;
    let told =
        format!("proxy error from 127.0.0.1:6443 while dialing {address}:81, code 502: 502 Bad Gateway");
    expect(said.contains(&told), said)
}

/// CoreDNS knows the nodes by name.
pub(super) fn the_nodes_have_names(hands: &Hands) -> Result<()> {
    for name in node_names(hands)? {
        let path = "jsonpath={.status.addresses[?(@.type=='InternalIP')].address}";
        let address = hands.kubectl(&["get", "node", name, "-o", path])?;
        eventually(&format!("the name {name} in the cluster"), 120, || {
            let words = ["+short", "+time=2", "+tries=1", "@10.43.0.10", &format!("{name}."), "A"];
            let found = hands.node.output("dig", &words)?.stdout;
            Ok(if found.trim() == address { Ok(()) } else { Err(found) })
        })?;
    }
    Ok(())
}

/// A node that asks itself for names hands public resolvers to its pods.
pub(super) fn no_pod_gets_a_loopback_resolver(hands: &Hands) -> Result<()> {
    let path = hands.run.path("places").join("node").join("resolv.conf");
    let before = files::read_text(&path)?;
    let node = Node::find(&hands.run, Place::Node)?;
    // In place: it is mounted.
    files::write(&path, "nameserver 127.0.0.53\n")?;
    let seen = restart_kubelet(&node).and_then(|()| resolvers_of_a_pod(hands));
    files::write(&path, &before)?;
    let after = restart_kubelet(&node).and_then(|()| resolvers_of_a_pod(hands));
    let seen = seen?;
    expect(seen == "nameserver 8.8.8.8\nnameserver 2001:4860:4860::8888\n", seen)?;
    let after = after?;
    expect(after == before, after)
}

fn restart_kubelet(node: &Node) -> Result<()> {
    node.stop_kubelet()?;
    node.start_kubelet()
}

fn resolvers_of_a_pod(hands: &Hands) -> Result<String> {
    let pod = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "lab-resolver", "namespace": "default" },
        "spec": { "nodeName": "node", "dnsPolicy": "Default", "terminationGracePeriodSeconds": 0, "containers": [
            { "name": "shell", "image": BUSYBOX, "command": ["sleep", "infinity"] },
        ] } });
    hands.kubectl(&["delete", "pod", "lab-resolver", "--ignore-not-found"])?;
    hands.kubectl_apply("resolver.json", &pod.to_string())?;
    hands.kubectl(&["wait", "--for=condition=Ready", "pod/lab-resolver", "--timeout=90s"])?;
    let seen = hands.kubectl(&["exec", "lab-resolver", "--", "cat", "/etc/resolv.conf"])?;
    hands.kubectl(&["delete", "pod", "lab-resolver"])?;
    Ok(seen)
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
    let log = files::read_text(&router.queries())?;
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
