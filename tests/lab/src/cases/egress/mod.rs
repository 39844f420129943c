//! Where pods may go, under what homelab renders and an engine enforces: each way is tried, from pods of both nodes, and the ways in
//! beside them. Without an engine, `up` says so.

pub(super) mod cilium;
mod from_pods;
mod memory;
mod restricted;
mod ways;
mod without;

use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;

use super::doctor::Ask;
use super::hands::{Hands, eventually, expect};
use crate::cluster::Policies;
use crate::error::{Context, Result};
use crate::network::CLIENT;
use crate::process::Process;
use crate::vantage::{Place, Vantage};
use from_pods::{FREE, HOUSE, NAMESPACE, SUBJECTS, Subject, TARGETS, Target, WHOLE};
pub(super) use restricted::programs as own_programs;
pub(super) use without::an_engine as without_an_engine;

/// A program on a machine of the house.
const LAN_PORT: u16 = 8088;
/// One on each node, among the ports that Services may have there.
const HIGH_PORT: u16 = 32_700;
const FILE: &str = "egress.yaml";

/// kube-router is no k3s: its engine is the one of k3s, an older version of it (v2.1.0, the one that the Go registry has).
pub(super) fn each_way(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    // What other cases need, whatever became of this one.
    clean(hands)?;
    went
}

/// What pods are to reach, or not, on machines of the house and on nodes.
fn serve(hands: &Hands) -> Result<()> {
    for place in [Place::Client, Place::Node, Place::Node2] {
        let mut server = Vantage::find(&hands.run, place)?.daemon("busybox");
        let listen =
            if place == Place::Client { format!("{CLIENT}:{LAN_PORT}") } else { HIGH_PORT.to_string() };
        server.args(["httpd", "-f", "-p", &listen]);
        Process::start(&hands.run, &server_of(place), &server)?;
    }
    Ok(())
}

fn clean(hands: &Hands) -> Result<()> {
    Policies(&hands.run).end()?;
    for place in [Place::Client, Place::Node, Place::Node2] {
        if let Ok(program) = Process::find(&hands.run, &server_of(place)) {
            program.stop(&hands.run)?;
        }
    }
    hands.restore()?;
    hands.kubectl(&["delete", "namespace", NAMESPACE, WHOLE, "--ignore-not-found", "--timeout=90s"]).map(drop)
}

fn steps(hands: &Hands) -> Result<()> {
    serve(hands)?;
    from_pods::start(hands)?;
    let config = config(hands, |_| true)?;

    // The policies are there, and nobody enforces them: all goes on, every target is known to answer, and `up` says so.
    let said = hands.up_with(&config, &[])?;
    let told = format!("{}{}", said.stdout, said.stderr);
    let is_told = said.status.code() == Some(1) && told.contains("nobody enforces policies on node");
    expect(is_told, format!("{}\n{told}", said.status))?;
    expect(policies(hands)? == 6, "not one policy for each list")?;
    each_pod(hands, |_| true)?;

    let began = Instant::now();
    Policies(&hands.run).start()?;
    for place in Place::NODES {
        closes(hands, place)?;
    }
    println!("      the engine enforces on both nodes after {:.1} s", began.elapsed().as_secs_f64());
    hands.up_well(&config, &[])?;
    let tried = each_pod(hands, |(subject, target)| subject.reaches.contains(&target.name))?;
    println!("      {tried} ways out are as they should be");
    let tried = ways_in(hands)?;
    println!("      {tried} ways in, from the LAN and from pods of both nodes, are open to all of them");
    let ask = Ask { config: Some(FILE), flags: &["--active"], ..Ask::NODE };
    let well = ask.run(hands)?;
    expect(well.failures().is_empty(), well.lines())?;
    first_moments(hands)?;
    changes(hands)?;

    Policies(&hands.run).end()?;
    each_pod(hands, |_| true)?;
    nothing_is_left(hands)
}

/// The lab's own configuration with a service for each program that has a word, kept in where `is_kept` says so, and the namespace.
fn config(hands: &Hands, is_kept: impl Fn(&Subject) -> bool) -> Result<PathBuf> {
    let services: String = SUBJECTS
        .iter()
        .filter_map(|subject| {
            let name = subject.name;
            let egress = subject.egress.filter(|_| is_kept(subject));
            let egress = egress.map(|words| format!(", egress: [{words}]")).unwrap_or_default();
            subject.egress.map(|_| format!("  {name}: {{ service: {NAMESPACE}/{name}, port: 80{egress} }}\n"))
        })
        .collect();
    hands.config_with(FILE, &format!("services:\n{services}egress: {{ {WHOLE}: [\"lan:{LAN_PORT}\"] }}\n"))
}

fn policies(hands: &Hands) -> Result<usize> {
    let words = [
        "get",
        "networkpolicies",
        "--all-namespaces",
        "--no-headers",
        "-l",
        "app.kubernetes.io/managed-by=homelab",
    ];
    let all = hands.kubectl(&words)?;
    Ok(all.lines().filter(|line| line.contains("homelab-egress")).count())
}

fn server_of(place: Place) -> String {
    format!("egress-{}", place.name())
}

/// Every pod, every target: reached where `may` says so, and otherwise not.
fn each_pod(hands: &Hands, may: impl Fn((&Subject, &Target)) -> bool) -> Result<usize> {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for place in Place::NODES {
        let targets = from_pods::addresses(hands, place)?;
        for subject in &SUBJECTS {
            for (target, open) in TARGETS.iter().zip(from_pods::look(hands, subject, place, &targets)?) {
                tried += 1;
                if open != may((subject, target)) {
                    let said = if open { "is open" } else { "is shut" };
                    wrong.push(format!("{} to {}: {said}", subject.pod(place), target.name));
                }
            }
        }
    }
    expect(wrong.is_empty(), wrong.join("\n"))?;
    Ok(tried)
}

/// What a policy on ways out must not shut: from a machine on the LAN through each node, from a pod on each node, and the answers.
fn ways_in(hands: &Hands) -> Result<usize> {
    let mut tried = 0;
    for subject in &SUBJECTS {
        let service = hands.get(&["service", "-n", subject.namespace, subject.name])?;
        let port = &service["spec"]["ports"][0]["nodePort"];
        for node in hands.node_addresses()? {
            let url = format!("http://{node}:{port}/");
            hands.client.run("curl", &["-sS", "-o", "/dev/null", "--max-time", "5", &url])?;
            tried += 1;
        }
        let address = text(&service, "/spec/clusterIP")?;
        for place in Place::NODES {
            let (pod, url) = (Subject::find(FREE)?.pod(place), format!("http://{address}/"));
            let curl = ["curl", "-sS", "-o", "/dev/null", "--max-time", "5", &url];
            hands.kubectl(&[&["exec", "-n", NAMESPACE, &pod, "--"][..], &curl].concat())?;
            tried += 1;
        }
    }
    Ok(tried)
}

/// A word that leaves the configuration takes its policy with it, and counts at once; as does one that comes back.
fn changes(hands: &Hands) -> Result<()> {
    hands.up_well(&config(hands, |subject| subject.name != "none")?, &[])?;
    expect(policies(hands)? == 5, "the policy is still there")?;
    let opens = eventually("the pod that was kept in to reach the house", 30, || {
        let open = from_pods::to(hands, Subject::find("none")?, Place::Node2, HOUSE)?;
        Ok(if open { Ok(()) } else { Err("it is shut".to_owned()) })
    })?;
    hands.up_well(&config(hands, |_| true)?, &[])?;
    let shuts = closes(hands, Place::Node2)?;
    println!("      a policy that goes counts {opens:.1} s after `up`, one that comes {shuts:.1} s after it");
    Ok(())
}

/// How long a new pod goes where it may not: its first packets leave before the engine knows of it.
fn first_moments(hands: &Hands) -> Result<()> {
    let log = from_pods::newcomer(hands)?;
    let lines: Vec<&str> = log.lines().collect();
    let shut = lines.iter().position(|line| line.ends_with("shut"));
    let shut = shut.context(format_args!("it was never kept in:\n{log}"))?;
    let at = lines[shut].split(' ').next().unwrap_or_default();
    println!(
        "      a new pod that may go nowhere is kept in from {at} s after its start on; {shut} ways were open before"
    );
    expect(
        !lines[shut..].iter().any(|line| line.ends_with("open")),
        format!("it was let through again:\n{log}"),
    )
}

fn closes(hands: &Hands, place: Place) -> Result<f64> {
    eventually("the pod that may go nowhere to be kept in", 30, || {
        let open = from_pods::to(hands, Subject::find("none")?, place, HOUSE)?;
        Ok(if open { Err("it is open".to_owned()) } else { Ok(()) })
    })
}

fn nothing_is_left(hands: &Hands) -> Result<()> {
    for place in Place::NODES {
        let at = Vantage::find(&hands.run, place)?;
        let rules = at.run("iptables-save", &["-t", "filter"])?;
        let ours: Vec<&str> = rules.lines().filter(|line| line.contains("KUBE-ROUTER")).collect();
        expect(ours.is_empty(), ours.join("\n"))?;
        let sets = at.run("ipset", &["list", "-name"])?;
        expect(sets.trim().is_empty(), sets)?;
    }
    Ok(())
}

/// A text in an object.
fn text(object: &Value, pointer: &str) -> Result<String> {
    let found = object.pointer(pointer).and_then(Value::as_str);
    Ok(found.context(format_args!("{pointer} of {}", object["metadata"]["name"]))?.to_owned())
}
