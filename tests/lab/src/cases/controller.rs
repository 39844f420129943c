//! The ingress controller's process is killed, and its pods are rolled out while a websocket is open: what the house
//! notices of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use super::hands::{DOMAIN, Hands, WHOAMI, eventually, expect};
use super::nodes::published;
use super::socket::Socket;
use crate::cgroup;
use crate::error::{Context, Error, Result};
use crate::network::{AUTHORITATIVE, ROUTER_LAN};
use crate::vantage::{Place, Vantage};

const SET: &str = "daemonset/ingress-nginx-controller";
const KILLS: u32 = 5;
/// Between two looks at DNS.
const LOOK: Duration = Duration::from_millis(100);
/// Longer than the controller's and external-dns' minute, so that both have looked once more.
const LAST_LOOK: Duration = Duration::from_secs(70);
/// A node's 443 may be shut for so long (seconds).
const SHUT: f64 = 15.0;

/// On one of two nodes.
pub(super) fn killed_on_one_node(hands: &Hands) -> Result<()> {
    killed(hands, &[Place::Node])
}

/// On both at once: nobody is left who could write the other's address.
pub(super) fn killed_on_both_nodes(hands: &Hands) -> Result<()> {
    killed(hands, &Place::NODES)
}

fn killed(hands: &Hands, places: &[Place]) -> Result<()> {
    hands.restore()?;
    let guard = hands.get(&["validatingadmissionpolicy", "homelab-ingress-status"])?;
    let warnings = &guard["status"]["typeChecking"]["expressionWarnings"];
    expect(warnings.is_null(), format!("the API server's type check of the guard: {warnings}"))?;
    // New pods: the kubelet has not begun to wait longer and longer before it starts them again.
    roll(hands)?;
    let nodes = hands.node_addresses()?;
    published(hands, &nodes)?;
    let since = hands.control("GET", "/requests", None)?["last"].as_u64().unwrap_or(0);
    let watch = Watch::begin(&nodes, |server| {
        let client = hands.client.clone();
        move || look(&client, server)
    });
    let killed = (0..KILLS).try_for_each(|_| {
        places.iter().try_for_each(|place| kill(hands, *place))?;
        // It must have gone before it can be back.
        thread::sleep(Duration::from_secs(2));
        let took = eventually("the controllers to be ready again", 240, || ready(hands))?;
        println!("      killed on {}, ready again after {:.0} s", names(places), took + 2.0);
        Ok(())
    });
    thread::sleep(LAST_LOOK);
    let looks = watch.end();
    killed?;
    let (looks, missed) = looks?;
    println!("      {looks} looks at DNS, each 100 ms; {} without every address", missed.len());
    expect(missed.is_empty(), format!("at these looks an address was missing: {missed:?}"))?;
    expect(hands.ingress_addresses("homelab", "whoami")? == nodes, "the Ingress status changed")?;
    hands.no_record_was_written(&since)
}

/// Kills the controller itself, as the kernel does when memory runs out: the one in this lab's own cgroup, and no other's.
fn kill(hands: &Hands, place: Place) -> Result<()> {
    let script = r#"found=0
        for file in $(grep -ls "$2/$1/" /proc/[0-9]*/cgroup); do
            folder=${file%/cgroup}
            case "$(tr '\0' ' ' <"$folder/cmdline")" in
                /nginx-ingress-controller*) kill -KILL "${folder#/proc/}" && found=1 ;;
            esac
        done
        [ $found = 1 ]"#;
    let own = format!(":/{}", cgroup::NAME);
    hands.node.run("bash", &["-c", script, "bash", place.name(), &own]).map(drop)
}

fn ready(hands: &Hands) -> Result<std::result::Result<(), String>> {
    let set = hands.get(&["-n", "ingress-nginx", SET])?;
    let count = |field: &str| set["status"][field].as_u64().unwrap_or(0);
    let (wanted, ready) = (count("desiredNumberScheduled"), count("numberReady"));
    Ok(if wanted > 0 && wanted == ready { Ok(()) } else { Err(format!("{ready} of {wanted}")) })
}

fn names(places: &[Place]) -> String {
    places.iter().map(|place| place.name()).collect::<Vec<_>>().join(" and ")
}

fn roll(hands: &Hands) -> Result<()> {
    hands.kubectl(&["-n", "ingress-nginx", "rollout", "restart", SET])?;
    hands.kubectl(&["-n", "ingress-nginx", "rollout", "status", SET, "--timeout=115s"]).map(drop)
}

/// The addresses that a name server has for the demo now.
fn look(client: &Vantage, server: &str) -> Vec<String> {
    let at = format!("@{server}");
    let answer = client.run("dig", &["+short", "+time=2", "+tries=2", WHOAMI, "A", &at]).unwrap_or_default();
    let mut found: Vec<String> = answer.lines().map(str::to_owned).collect();
    found.sort();
    found
}

/// Somebody who looks at DNS all the while: at the zone's own server, which forgets nothing, and at the house's router.
struct Watch {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<(u32, Vec<String>)>>,
}

impl Watch {
    fn begin<F: FnMut() -> Vec<String> + Send + 'static>(
        wanted: &[String],
        looker: impl Fn(&'static str) -> F,
    ) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let begin = |server: &'static str| {
            let (over, wanted, mut look) = (over.clone(), wanted.to_vec(), looker(server));
            thread::spawn(move || {
                let (mut looks, mut missed, began) = (0, Vec::new(), Instant::now());
                while !over.load(Ordering::Relaxed) {
                    let at = Instant::now();
                    let found = look();
                    looks += 1;
                    if found != wanted {
                        missed.push(format!("{:.1} s, {server}: {found:?}", began.elapsed().as_secs_f64()));
                    }
                    thread::sleep(LOOK.saturating_sub(at.elapsed()));
                }
                (looks, missed)
            })
        };
        let threads = [AUTHORITATIVE[0], ROUTER_LAN].map(begin).into();
        Self { over, threads }
    }

    /// How often it looked, and when an address was missing.
    fn end(self) -> Result<(u32, Vec<String>)> {
        self.over.store(true, Ordering::Relaxed);
        let mut sum = (0, Vec::new());
        for thread in self.threads {
            let (looks, missed) = thread.join().map_err(|_| Error::new("looking at DNS"))?;
            sum.0 += looks;
            sum.1.extend(missed);
        }
        Ok(sum)
    }
}

/// With a websocket open through each node: it outlives a reload of nginx, and a rollout shuts each node's 443 only for
/// a moment.
pub(super) fn rollout_with_a_websocket(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let nodes = hands.node_addresses()?;
    let done = open_and_roll(hands, &nodes);
    for name in ["echo", "reload"] {
        hands.kubectl(&["-n", "homelab", "delete", "ingress", name, "--ignore-not-found"])?;
    }
    done
}

fn open_and_roll(hands: &Hands, nodes: &[String]) -> Result<()> {
    serve(hands, "echo")?;
    for node in nodes {
        eventually("each nginx to know the websocket's host", 30, || answers(hands, node, "echo"))?;
    }
    let mut sockets = Vec::new();
    for node in nodes {
        sockets.push(Socket::open(hands, node, &format!("echo.{DOMAIN}"))?);
    }
    // nginx loads its configuration anew: the old workers go on with what they have.
    serve(hands, "reload")?;
    for node in nodes {
        eventually("each nginx to be loaded again", 30, || answers(hands, node, "reload"))?;
    }
    for socket in &mut sockets {
        socket.echoes().context("after nginx was loaded again")?;
    }
    let over = Arc::new(AtomicBool::new(false));
    let doors: Vec<_> = nodes.iter().map(|node| door(&hands.client, node, &over)).collect();
    let rolled = roll(hands);
    // So that the last one is seen to be open again.
    thread::sleep(Duration::from_secs(3));
    over.store(true, Ordering::Relaxed);
    for door in doors {
        let (node, shut) = door.join().map_err(|_| Error::new("knocking at a node"))?;
        println!("      443 of {node} was shut for {shut:.1} s");
        expect(shut > 0.0 && shut < SHUT, format!("443 of {node} was shut for {shut:.1} s"))?;
    }
    rolled
}

/// An Ingress without a certificate of its own in front of the demo, on every path.
fn serve(hands: &Hands, name: &str) -> Result<()> {
    let backend = json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    let object = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name, "namespace": "homelab" },
        "spec": { "ingressClassName": "nginx",
            "tls": [{ "hosts": [format!("{name}.{DOMAIN}")] }],
            "rules": [{ "host": format!("{name}.{DOMAIN}"), "http": { "paths": paths } }] } });
    hands.kubectl_apply("controller.json", &object.to_string()).map(drop)
}

fn answers(hands: &Hands, node: &str, name: &str) -> Result<std::result::Result<(), String>> {
    let host = format!("{name}.{DOMAIN}");
    let way = format!("{host}:443:{node}");
    let url = format!("https://{host}/");
    let words = ["-sSk", "--max-time", "5", "--resolve", &way, "-o", "/dev/null", "-w", "%{http_code}", &url];
    let said = hands.client.output("curl", &words)?;
    Ok(if said.stdout == "200" { Ok(()) } else { Err(format!("{}{}", said.stdout, said.stderr)) })
}

/// Knocks at 443 of a node until it is over, and says how long it was shut at a stretch (seconds).
fn door(client: &Vantage, node: &str, over: &Arc<AtomicBool>) -> JoinHandle<(String, f64)> {
    let (client, node, over) = (client.clone(), node.to_owned(), over.clone());
    thread::spawn(move || {
        let url = format!("https://{node}/");
        let (mut open, mut longest) = (Instant::now(), 0.0_f64);
        let mut was_open = true;
        while !over.load(Ordering::Relaxed) {
            let asked = Instant::now();
            let is_open = client.run("curl", &["-sk", "-m", "2", "-o", "/dev/null", &url]).is_ok();
            if is_open && !was_open {
                longest = longest.max(open.elapsed().as_secs_f64());
            }
            if is_open {
                open = asked;
            }
            was_open = is_open;
            thread::sleep(LOOK);
        }
        // Still shut at the end: so long at least.
        let left = if was_open { 0.0 } else { open.elapsed().as_secs_f64() };
        (node, longest.max(left))
    })
}
