//! Where pods may go, under the policies of an engine that enforces them: each way is tried, from pods of both nodes, and the ways in
//! beside them.

pub(super) mod cilium;
mod from_pods;
mod policies;

use std::time::Instant;

use serde_json::Value;

use super::hands::{Hands, eventually, expect};
use crate::cluster::Policies;
use crate::error::{Context, Result};
use crate::network::CLIENT;
use crate::process::Process;
use crate::vantage::{Place, Vantage};
use from_pods::{FREE, NAMESPACE, SUBJECTS, Subject, TARGETS, Target};

/// A program on a machine of the house.
const LAN_PORT: u16 = 8088;
const LAN_PROGRAM: &str = "egress-lan";

/// kube-router is no k3s: its engine is the one of k3s, an older version of it (v2.1.0, the one that the Go registry has).
pub(super) fn each_way(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    // What other cases need, whatever became of this one.
    Policies(&hands.run).end()?;
    if let Ok(program) = Process::find(&hands.run, LAN_PROGRAM) {
        program.stop(&hands.run)?;
    }
    hands.kubectl(&["delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=90s"])?;
    went
}

fn steps(hands: &Hands) -> Result<()> {
    let mut server = hands.client.daemon("busybox");
    server.args(["httpd", "-f", "-p", &format!("{CLIENT}:{LAN_PORT}")]);
    Process::start(&hands.run, LAN_PROGRAM, &server)?;
    from_pods::start(hands)?;
    policies::apply(hands)?;
    // It is there, and nobody enforces it: all goes on, and every target is known to answer.
    each_pod(hands, |_| true)?;

    let began = Instant::now();
    Policies(&hands.run).start()?;
    for place in Place::NODES {
        closes(hands, &format!("none-{}", place.name()))?;
    }
    println!("      the engine enforces on both nodes after {:.1} s", began.elapsed().as_secs_f64());
    let tried = each_pod(hands, |(subject, target)| subject.reaches.contains(&target.name))?;
    println!("      {tried} ways out are as they should be");
    let tried = ways_in(hands)?;
    println!("      {tried} ways in, from the LAN and from pods of both nodes, are open to all of them");
    changes(hands)?;
    first_moments(hands)?;

    Policies(&hands.run).end()?;
    each_pod(hands, |_| true)?;
    nothing_is_left(hands)
}

/// Every pod, every target: reached where `may` says so, and otherwise not.
fn each_pod(hands: &Hands, may: impl Fn((&Subject, &Target)) -> bool) -> Result<usize> {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for place in Place::NODES {
        let targets = from_pods::addresses(hands, place)?;
        for subject in &SUBJECTS {
            let pod = format!("{}-{}", subject.name, place.name());
            for (target, open) in TARGETS.iter().zip(from_pods::look(hands, &pod, &targets)?) {
                let may = may((subject, target));
                tried += 1;
                if open != may {
                    let said = if open { "is open" } else { "is shut" };
                    wrong.push(format!("{pod} to {}: {said}", target.name));
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
        let service = hands.get(&["service", "-n", NAMESPACE, subject.name])?;
        let port = &service["spec"]["ports"][0]["nodePort"];
        for node in hands.node_addresses()? {
            let url = format!("http://{node}:{port}/");
            hands.client.run("curl", &["-sS", "-o", "/dev/null", "--max-time", "5", &url])?;
            tried += 1;
        }
        let address = service["spec"]["clusterIP"].as_str().context("the address of a Service")?;
        for place in Place::NODES {
            let pod = format!("{FREE}-{}", place.name());
            let url = format!("http://{address}/");
            let curl = ["curl", "-sS", "-o", "/dev/null", "--max-time", "5", &url];
            hands.kubectl(&[&["exec", "-n", NAMESPACE, &pod, "--"][..], &curl].concat())?;
            tried += 1;
        }
    }
    Ok(tried)
}

/// A policy that goes and comes back counts at once, without a restart of anything.
fn changes(hands: &Hands) -> Result<()> {
    let (pod, target) = ("none-node2", "a machine of the house");
    policies::delete(hands, "none")?;
    let opens = eventually(&format!("{pod} to reach {target}"), 30, || {
        let open = from_pods::to(hands, pod, target)?;
        Ok(if open { Ok(()) } else { Err("it is shut".to_owned()) })
    })?;
    policies::apply(hands)?;
    let shuts = closes(hands, pod)?;
    println!("      a policy that goes counts after {opens:.1} s, one that comes after {shuts:.1} s");
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

fn closes(hands: &Hands, pod: &str) -> Result<f64> {
    eventually(&format!("{pod} to be kept in"), 30, || {
        let open = from_pods::to(hands, pod, "a machine of the house")?;
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

/// The one address in an object.
fn text(object: &Value, pointer: &str) -> Result<String> {
    let found = object.pointer(pointer).and_then(Value::as_str);
    Ok(found.context(format_args!("{pointer} of {}", object["metadata"]["name"]))?.to_owned())
}
