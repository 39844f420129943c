//! The pods that go out, where they go, and what they see there.

use serde_json::{Value, json};

use super::{HIGH_PORT, LAN_PORT, text};
use crate::cases::hands::Hands;
use crate::error::{Context, Result};
use crate::image::BUSYBOX;
use crate::network::{CLIENT, CLOUDFLARE_API, FILES, RESOLVERS, ROUTER_LAN};
use crate::vantage::Place;

/// Where the pods are that are kept in with their Service.
pub(super) const NAMESPACE: &str = "egress-lab";
/// Where all pods are kept in.
pub(super) const WHOLE: &str = "egress-whole";
/// The pods that no policy chooses.
pub(super) const FREE: &str = "free";

/// A program with a pod on each node, and the targets that its pods may reach.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) namespace: &'static str,
    /// What the configuration says of its Service.
    pub(super) egress: Option<&'static str>,
    pub(super) reaches: &'static [&'static str],
}

pub(super) const PODS: [&str; 3] = ["a pod on its node", "a pod on another node", "a Service"];
pub(super) const NAMES: [&str; 3] = ["CoreDNS by UDP", "CoreDNS by TCP", "CoreDNS' own pod"];
pub(super) const API: &str = "the API server's Service";
pub(super) const NODES: [&str; 2] = ["its own node", "another node"];
pub(super) const NODE_PORTS: [&str; 2] =
    ["a Service's port of its own node", "a Service's port of another node"];
const HIGH_PORTS: [&str; 2] =
    ["a program on a high port of its own node", "a program on a high port of another node"];
/// A machine of the house.
pub(super) const HOUSE: &str = "a machine of the house";
const ROUTER: &str = "the router's DNS";
pub(super) const INTERNET: [&str; 3] =
    ["an address of the internet", "another address of the internet", "a resolver of the internet by UDP"];

/// kube-router keeps nobody from what listens on its own node in the range of node ports.
pub(super) const HOLE: &str = HIGH_PORTS[0];
const EVERYTHING: &[&str] = &[
    PODS[0],
    PODS[1],
    PODS[2],
    NAMES[0],
    NAMES[1],
    NAMES[2],
    API,
    NODES[0],
    NODES[1],
    NODE_PORTS[0],
    NODE_PORTS[1],
    HIGH_PORTS[0],
    HIGH_PORTS[1],
    HOUSE,
    ROUTER,
    INTERNET[0],
    INTERNET[1],
    INTERNET[2],
];

/// The pods that no policy chooses, one program for each word, and a namespace of which every pod is kept in.
pub(super) const SUBJECTS: [Subject; 7] = [
    subject(FREE, None, EVERYTHING),
    subject("any", Some("any"), EVERYTHING),
    subject("none", Some("none"), &[HOLE]),
    // A Service's port leads to a pod, on whichever node it is asked for.
    subject(
        "cluster",
        Some("cluster"),
        &[HOLE, PODS[0], PODS[1], PODS[2], NAMES[0], NAMES[1], NAMES[2], NODE_PORTS[0]],
    ),
    subject(
        "lan",
        Some("lan"),
        &[
            NAMES[0],
            NAMES[1],
            NAMES[2],
            API,
            NODES[0],
            NODES[1],
            NODE_PORTS[1],
            HIGH_PORTS[0],
            HIGH_PORTS[1],
            HOUSE,
            ROUTER,
        ],
    ),
    // The world's file server.
    subject("address", Some("\"203.0.113.30:443\""), &[HOLE, NAMES[0], NAMES[1], NAMES[2], INTERNET[0]]),
    Subject {
        name: "whole",
        namespace: WHOLE,
        egress: None,
        reaches: &[HOLE, NAMES[0], NAMES[1], NAMES[2], HOUSE],
    },
];

const fn subject(
    name: &'static str,
    egress: Option<&'static str>,
    reaches: &'static [&'static str],
) -> Subject {
    Subject { name, namespace: NAMESPACE, egress, reaches }
}

/// Where a pod tries to go.
pub(super) struct Target {
    pub(super) name: &'static str,
    address: fn(&Seen) -> String,
    how: How,
}

enum How {
    /// A connection.
    Tcp,
    /// A question of DNS for this name, by UDP.
    Ask(&'static str),
}

/// What the pods of one node find where.
struct Seen {
    here: Peer,
    there: Peer,
    service: String,
    node_port: String,
    coredns: String,
}

/// A node and the free pod on it.
struct Peer {
    node: String,
    pod: String,
}

const IN_THE_CLUSTER: &str = "kubernetes.default.svc.cluster.local.";
const OUTSIDE: &str = "api.cloudflare.com.";

pub(super) const TARGETS: [Target; 18] = [
    tcp(PODS[0], |seen| format!("{}:80", seen.here.pod)),
    tcp(PODS[1], |seen| format!("{}:80", seen.there.pod)),
    tcp(PODS[2], |seen| format!("{}:80", seen.service)),
    ask(NAMES[0], IN_THE_CLUSTER, |_| "10.43.0.10".to_owned()),
    tcp(NAMES[1], |_| "10.43.0.10:53".to_owned()),
    ask(NAMES[2], IN_THE_CLUSTER, |seen| seen.coredns.clone()),
    tcp(API, |_| "10.43.0.1:443".to_owned()),
    tcp(NODES[0], |seen| format!("{}:10250", seen.here.node)),
    tcp(NODES[1], |seen| format!("{}:10250", seen.there.node)),
    tcp(NODE_PORTS[0], |seen| format!("{}:{}", seen.here.node, seen.node_port)),
    tcp(NODE_PORTS[1], |seen| format!("{}:{}", seen.there.node, seen.node_port)),
    tcp(HIGH_PORTS[0], |seen| format!("{}:{HIGH_PORT}", seen.here.node)),
    tcp(HIGH_PORTS[1], |seen| format!("{}:{HIGH_PORT}", seen.there.node)),
    tcp(HOUSE, |_| format!("{CLIENT}:{LAN_PORT}")),
    ask(ROUTER, OUTSIDE, |_| ROUTER_LAN.to_owned()),
    tcp(INTERNET[0], |_| format!("{FILES}:443")),
    tcp(INTERNET[1], |_| format!("{CLOUDFLARE_API}:443")),
    ask(INTERNET[2], OUTSIDE, |_| RESOLVERS[0].to_owned()),
];

const fn tcp(name: &'static str, address: fn(&Seen) -> String) -> Target {
    Target { name, address, how: How::Tcp }
}

const fn ask(name: &'static str, question: &'static str, address: fn(&Seen) -> String) -> Target {
    Target { name, address, how: How::Ask(question) }
}

/// The pods on both nodes, a Service for those of each program, and waits for them.
pub(super) fn start(hands: &Hands) -> Result<()> {
    let namespace =
        |name: &str| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    let mut items = vec![namespace(NAMESPACE), namespace(WHOLE)];
    for subject in &SUBJECTS {
        items.push(service(subject));
        items.extend(Place::NODES.map(|place| pod(&subject.pod(place), subject, place, SERVER)));
    }
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    hands.kubectl_apply("egress-pods.json", &list.to_string())?;
    for namespace in [NAMESPACE, WHOLE] {
        let words = ["wait", "-n", namespace, "--for=condition=Ready", "pod", "--all", "--timeout=90s"];
        hands.kubectl(&words)?;
    }
    Ok(())
}

/// A page, so that homelab finds the program well.
const SERVER: &str = "mkdir -p /www && echo here >/www/index.html && exec httpd -f -p 80 -h /www";

impl Subject {
    /// The name of its pod on a node.
    pub(super) fn pod(&self, place: Place) -> String {
        format!("{}-{}", self.name, place.name())
    }

    /// The one of that name.
    pub(super) fn find(name: &str) -> Result<&'static Self> {
        SUBJECTS
            .iter()
            .find(|subject| subject.name == name)
            .context(format_args!("no program is called {name}"))
    }
}

fn service(of: &Subject) -> Value {
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": of.name, "namespace": of.namespace },
        "spec": { "type": "NodePort", "selector": { "app": of.name }, "ports": [{ "port": 80 }] } })
}

fn pod(name: &str, of: &Subject, place: Place, script: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": of.namespace, "labels": { "app": of.name } },
        "spec": { "nodeName": place.name(), "terminationGracePeriodSeconds": 0,
            "containers": [{ "name": "shell", "image": BUSYBOX, "command": ["sh", "-c", script] }] } })
}

/// The address of each target as the pods of this node have it.
pub(super) fn addresses(hands: &Hands, place: Place) -> Result<Vec<String>> {
    let other = if place == Place::Node { Place::Node2 } else { Place::Node };
    let peer = |place: Place| {
        let pod = hands.get(&["pod", "-n", NAMESPACE, &Subject::find(FREE)?.pod(place)])?;
        Ok(Peer { node: text(&pod, "/status/hostIP")?, pod: text(&pod, "/status/podIP")? })
    };
    let service = hands.get(&["service", "-n", NAMESPACE, FREE])?;
    let coredns = hands.get(&["pods", "-n", "kube-system", "-l", "k8s-app=kube-dns"])?;
    let seen = Seen {
        here: peer(place)?,
        there: peer(other)?,
        service: text(&service, "/spec/clusterIP")?,
        node_port: service["spec"]["ports"][0]["nodePort"].to_string(),
        coredns: text(&coredns["items"][0], "/status/podIP")?,
    };
    Ok(TARGETS.iter().map(|target| (target.address)(&seen)).collect())
}

/// Whether a pod reaches each target, all tried at once.
pub(super) fn look(
    hands: &Hands,
    subject: &Subject,
    place: Place,
    addresses: &[String],
) -> Result<Vec<bool>> {
    look_from(hands, (subject.namespace, &subject.pod(place)), addresses)
}

/// The same from a pod, by its namespace and name.
pub(super) fn look_from(hands: &Hands, pod: (&str, &str), addresses: &[String]) -> Result<Vec<bool>> {
    let tries: String = TARGETS
        .iter()
        .zip(addresses)
        .enumerate()
        .map(|(at, (target, address))| format!("( {} | sed 's/^/{at} /' ) &\n", attempt(target, address)))
        .collect();
    let said = inside(hands, pod, &format!("{tries}wait"))?;
    let lines: Vec<(&str, &str)> = said.lines().filter_map(|line| line.split_once(' ')).collect();
    (0..TARGETS.len())
        .map(|at| {
            let at = at.to_string();
            let line = lines.iter().find(|(number, _)| *number == at);
            is_open(line.context(format_args!("nothing is said of {at}:\n{said}"))?.1)
        })
        .collect()
}

/// Whether it reaches one of them.
pub(super) fn to(hands: &Hands, subject: &Subject, place: Place, name: &str) -> Result<bool> {
    reaches(hands, (subject.namespace, &subject.pod(place)), place, name)
}

/// The same from a pod on that node, by its namespace and name.
pub(super) fn reaches(hands: &Hands, pod: (&str, &str), place: Place, name: &str) -> Result<bool> {
    let addresses = addresses(hands, place)?;
    let mut all = TARGETS.iter().zip(&addresses);
    let (target, address) = all.find(|(target, _)| target.name == name).context(name)?;
    is_open(&inside(hands, pod, &format!("{}; true", attempt(target, address)))?)
}

fn inside(hands: &Hands, (namespace, pod): (&str, &str), script: &str) -> Result<String> {
    hands.kubectl(&["exec", "-n", namespace, pod, "--", "sh", "-c", script])
}

/// A command that says how long it took to be connected: 0 of who was not. What a server then says is of no matter.
fn attempt(target: &Target, address: &str) -> String {
    match target.how {
        How::Tcp => format!(
            "curl -s -o /dev/null --connect-timeout 3 --max-time 4 -w '%{{time_connect}}\\n' http://{address}/"
        ),
        How::Ask(name) => format!(
            "if timeout 3 nslookup -type=A {name} {address} >/dev/null 2>&1; then echo 1; else echo 0; fi"
        ),
    }
}

/// Whoever is kept in is told that at once, but the kernel tells it only some six times in a row (`icmp_ratelimit`): then nothing comes.
fn is_open(said: &str) -> Result<bool> {
    let connected: f64 = said.trim().parse().context(format_args!("not a number: {said:?}"))?;
    Ok(connected > 0.0)
}

/// A new pod that may go nowhere, and asks a machine of the house from its first moment on until it has been kept in for eight times: what
/// it saw, and when.
pub(super) fn newcomer(hands: &Hands) -> Result<String> {
    let script = format!(
        "now() {{ awk -v began=${{1:-0}} '{{ printf \"%.2f\", $1 - began }}' /proc/uptime; }}
         began=$(now); shut=0; n=0
         while [ $shut -lt 8 ] && [ $n -lt 200 ]; do
           n=$((n + 1)); at=$(now $began)
           if curl -s -o /dev/null --max-time 1 http://{CLIENT}:{LAN_PORT}/; then echo $at open; else shut=$((shut + 1)); echo $at shut; fi
           sleep 0.05
         done; echo done; sleep infinity"
    );
    let pod = pod("newcomer", Subject::find("none")?, Place::Node2, &script);
    hands.kubectl_apply("egress-newcomer.json", &pod.to_string())?;
    let words = ["-n", NAMESPACE, "newcomer"];
    super::eventually("the new pod to have looked around", 90, || {
        let log = hands.node.output("kubectl", &[&["logs"][..], &words].concat())?;
        Ok(if log.stdout.contains("done") { Ok(()) } else { Err(log.stderr) })
    })?;
    hands.kubectl(&[&["logs"][..], &words].concat())
}
