//! The pods that go out, where they go, and what they see there.

use serde_json::{Value, json};

use super::{LAN_PORT, text};
use crate::cases::hands::Hands;
use crate::error::{Context, Result};
use crate::image::BUSYBOX;
use crate::network::{CLIENT, CLOUDFLARE_API, FILES, RESOLVERS, ROUTER_LAN};
use crate::vantage::Place;

pub(super) const NAMESPACE: &str = "egress-lab";
/// The pods that no policy chooses.
pub(super) const FREE: &str = "free";

/// A program with a pod on each node, and the targets that its pods may reach.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) reaches: &'static [&'static str],
}

const PODS: [&str; 3] = ["a pod on its node", "a pod on another node", "a Service"];
const NAMES: [&str; 3] = ["CoreDNS by UDP", "CoreDNS by TCP", "CoreDNS' own pod"];
const EVERYTHING: &[&str] = &[
    PODS[0],
    PODS[1],
    PODS[2],
    NAMES[0],
    NAMES[1],
    NAMES[2],
    "the API server's Service",
    "its own node",
    "another node",
    "a machine of the house",
    "the router's DNS",
    "an address of the internet",
    "another address of the internet",
    "a resolver of the internet by UDP",
];

pub(super) const SUBJECTS: [Subject; 6] = [
    Subject { name: FREE, reaches: EVERYTHING },
    Subject { name: "any", reaches: EVERYTHING },
    Subject { name: "none", reaches: &[] },
    Subject { name: "cluster", reaches: &[PODS[0], PODS[1], PODS[2], NAMES[0], NAMES[1], NAMES[2]] },
    Subject {
        name: "lan",
        reaches: &[
            NAMES[0],
            NAMES[1],
            NAMES[2],
            "the API server's Service",
            "its own node",
            "another node",
            "a machine of the house",
            "the router's DNS",
        ],
    },
    Subject { name: "address", reaches: &[NAMES[0], NAMES[1], NAMES[2], "an address of the internet"] },
];

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
    coredns: String,
}

/// A node and the free pod on it.
struct Peer {
    node: String,
    pod: String,
}

const IN_THE_CLUSTER: &str = "kubernetes.default.svc.cluster.local.";
const OUTSIDE: &str = "api.cloudflare.com.";

pub(super) const TARGETS: [Target; 14] = [
    tcp(PODS[0], |seen| format!("{}:80", seen.here.pod)),
    tcp(PODS[1], |seen| format!("{}:80", seen.there.pod)),
    tcp(PODS[2], |seen| format!("{}:80", seen.service)),
    ask(NAMES[0], IN_THE_CLUSTER, |_| "10.43.0.10".to_owned()),
    tcp(NAMES[1], |_| "10.43.0.10:53".to_owned()),
    ask(NAMES[2], IN_THE_CLUSTER, |seen| seen.coredns.clone()),
    tcp("the API server's Service", |_| "10.43.0.1:443".to_owned()),
    tcp("its own node", |seen| format!("{}:10250", seen.here.node)),
    tcp("another node", |seen| format!("{}:10250", seen.there.node)),
    tcp("a machine of the house", |_| format!("{CLIENT}:{LAN_PORT}")),
    ask("the router's DNS", OUTSIDE, |_| ROUTER_LAN.to_owned()),
    tcp("an address of the internet", |_| format!("{FILES}:443")),
    tcp("another address of the internet", |_| format!("{CLOUDFLARE_API}:443")),
    ask("a resolver of the internet by UDP", OUTSIDE, |_| RESOLVERS[0].to_owned()),
];

const fn tcp(name: &'static str, address: fn(&Seen) -> String) -> Target {
    Target { name, address, how: How::Tcp }
}

const fn ask(name: &'static str, question: &'static str, address: fn(&Seen) -> String) -> Target {
    Target { name, address, how: How::Ask(question) }
}

/// The pods on both nodes, a Service for those of each program, and waits for them.
pub(super) fn start(hands: &Hands) -> Result<()> {
    let mut items =
        vec![json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } })];
    for subject in &SUBJECTS {
        items.push(service(subject.name));
        items.extend(Place::NODES.map(|place| {
            let name = format!("{}-{}", subject.name, place.name());
            pod(&name, subject.name, place, &["httpd", "-f", "-p", "80"])
        }));
    }
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    hands.kubectl_apply("egress-pods.json", &list.to_string())?;
    hands
        .kubectl(&["wait", "-n", NAMESPACE, "--for=condition=Ready", "pod", "--all", "--timeout=90s"])
        .map(drop)
}

fn service(program: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": program, "namespace": NAMESPACE },
        "spec": { "type": "NodePort", "selector": { "app": program }, "ports": [{ "port": 80 }] } })
}

fn pod(name: &str, program: &str, place: Place, command: &[&str]) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": NAMESPACE, "labels": { "app": program } },
        "spec": { "nodeName": place.name(), "terminationGracePeriodSeconds": 0,
            "containers": [{ "name": "shell", "image": BUSYBOX, "command": command }] } })
}

/// The address of each target as the pods of this node have it.
pub(super) fn addresses(hands: &Hands, place: Place) -> Result<Vec<String>> {
    let other = if place == Place::Node { Place::Node2 } else { Place::Node };
    let peer = |place: Place| {
        let pod = hands.get(&["pod", "-n", NAMESPACE, &format!("{FREE}-{}", place.name())])?;
        Ok(Peer { node: text(&pod, "/status/hostIP")?, pod: text(&pod, "/status/podIP")? })
    };
    let service = hands.get(&["service", "-n", NAMESPACE, FREE])?;
    let coredns = hands.get(&["pods", "-n", "kube-system", "-l", "k8s-app=kube-dns"])?;
    let seen = Seen {
        here: peer(place)?,
        there: peer(other)?,
        service: text(&service, "/spec/clusterIP")?,
        coredns: text(&coredns["items"][0], "/status/podIP")?,
    };
    Ok(TARGETS.iter().map(|target| (target.address)(&seen)).collect())
}

/// Whether a pod reaches each target, all tried at once.
pub(super) fn look(hands: &Hands, pod: &str, addresses: &[String]) -> Result<Vec<bool>> {
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
            is_open(line.context(format_args!("{pod} says nothing of {at}:\n{said}"))?.1)
        })
        .collect()
}

/// Whether it reaches one of them.
pub(super) fn to(hands: &Hands, pod: &str, name: &str) -> Result<bool> {
    let place = if pod.ends_with(Place::Node2.name()) { Place::Node2 } else { Place::Node };
    let addresses = addresses(hands, place)?;
    let mut all = TARGETS.iter().zip(&addresses);
    let (target, address) = all.find(|(target, _)| target.name == name).context(name)?;
    is_open(&inside(hands, pod, &format!("{}; true", attempt(target, address)))?)
}

fn inside(hands: &Hands, pod: &str, script: &str) -> Result<String> {
    hands.kubectl(&["exec", "-n", NAMESPACE, pod, "--", "sh", "-c", script])
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
    let pod = pod("newcomer", "none", Place::Node2, &["sh", "-c", &script]);
    hands.kubectl_apply("egress-newcomer.json", &pod.to_string())?;
    let words = ["-n", NAMESPACE, "newcomer"];
    super::eventually("the new pod to have looked around", 90, || {
        let log = hands.node.output("kubectl", &[&["logs"][..], &words].concat())?;
        Ok(if log.stdout.contains("done") { Ok(()) } else { Err(log.stderr) })
    })?;
    hands.kubectl(&[&["logs"][..], &words].concat())
}
