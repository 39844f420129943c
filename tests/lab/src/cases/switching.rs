//! One ingress controller takes the place of the other, on a lab that somebody asks all the while; and two nodes on the one that
//! writes no addresses itself: homelab does, as its timer would.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::hands::{DOMAIN, Hands, WHOAMI, expect};
use super::nodes::published;
use crate::cluster::Node;
use crate::command::output_within;
use crate::error::{Context, Result};
use crate::network::{AUTHORITATIVE, ROUTER_LAN};
use crate::vantage::Place;

const NGINX: &str = "ingress-nginx";
const TRAEFIK: &str = "traefik";
/// Between two requests, and between two looks at DNS.
const EACH: Duration = Duration::from_millis(100);
/// New connections may fail for so long (seconds).
const GAP: f64 = 10.0;
/// A lost or changed address has to have left status and DNS within this (seconds).
const FOLLOWS: f64 = 120.0;
/// As homelab-addresses.timer has it: no systemd runs on the lab's nodes.
const TIMER: Duration = Duration::from_secs(30);
const LIMIT: Duration = Duration::from_secs(25);
/// More than any case takes.
const MOST: Duration = Duration::from_secs(1800);

/// The switch and the way back: what a visitor notices, and that no record and no certificate does.
pub(super) fn there_and_back(hands: &Hands) -> Result<()> {
    let went = [(NGINX, TRAEFIK), (TRAEFIK, NGINX)].into_iter().try_for_each(|(from, to)| {
        hands.up_well(&with(hands, from)?, &[])?;
        switch(hands, from, to)
    });
    hands.restore()?;
    went
}

fn switch(hands: &Hands, from: &str, to: &str) -> Result<()> {
    let nodes = hands.node_addresses()?;
    published(hands, &nodes)?;
    let before = certificates(hands)?;
    let since = hands.control("GET", "/requests", None)?["last"].as_u64().unwrap_or(0);
    let config = with(hands, to)?;
    let diff = hands.homelab(&["diff", "--config"]).arg(&config).output();
    let told = diff.map(|ended| String::from_utf8_lossy(&ended.stderr).into_owned()).unwrap_or_default();
    expect(told.contains("new connections will fail for some seconds"), &told)?;
    let is_over = AtomicBool::new(false);
    let (asked, went) = thread::scope(|scope| {
        let begin = |node: &String| {
            let node = node.clone();
            scope.spawn(|| visit(hands, node, &is_over))
        };
        let visitors: Vec<_> = nodes.iter().map(begin).collect();
        let went = hands.up_well(&config, &[]);
        // So that the last answer is one of the new controller.
        thread::sleep(Duration::from_secs(2));
        is_over.store(true, Ordering::Relaxed);
        let asked: Vec<Asked> = visitors.into_iter().filter_map(|visitor| visitor.join().ok()).collect();
        (asked, went)
    });
    let said = went?.stderr;
    expect(said.contains("new connections fail for some seconds"), &said)?;
    for Asked { node, requests, failed, longest } in &asked {
        println!(
            "      {from} -> {to}, {node}: {failed} of {requests} requests failed, {longest:.1} s at a stretch"
        );
        expect(*longest < GAP, format!("{node} took no new connection for {longest:.1} s"))?;
    }
    expect(asked.len() == nodes.len(), "not every node was asked")?;
    // external-dns looks once a minute, whether something has happened or not.
    thread::sleep(Duration::from_secs(70));
    hands.no_record_was_written(&since)?;
    let after = certificates(hands)?;
    expect(after == before, format!("certificates were issued again: {after:?}, not {before:?}"))?;
    let sets = hands.kubectl(&["get", "daemonsets", "-A", "-o", "name"])?;
    let left = |name: &str| sets.lines().any(|line| line.contains(name));
    expect(!left("-trial"), format!("the trial was not removed:\n{sets}"))?;
    let mark = hands.audit_mark()?;
    hands.up_well(&config, &[])?;
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|request| request.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("a second up wrote {writes:?}"))
}

/// An image that does not come leaves everything as it is, and says on which node.
pub(super) fn without_its_image(hands: &Hands) -> Result<()> {
    hands.up_well(&with(hands, NGINX)?, &[])?;
    let text = text(hands, TRAEFIK)?;
    let mut lines: Vec<String> =
        text.lines().filter(|line| !line.trim().starts_with("traefik: ")).map(str::to_owned).collect();
    let at = lines.iter().position(|line| line == "images:").map_or(lines.len(), |at| at + 1);
    lines.insert(at, "  traefik: nowhere.example.test/traefik:none".to_owned());
    let config = hands.config_file("no-traefik.yaml", &(lines.join("\n") + "\n"))?;
    let ended = hands.up_with(&config, &[])?;
    let said = format!("{}{}", ended.stdout, ended.stderr);
    let works = hands.browse(WHOAMI);
    let sets = hands.kubectl(&["get", "daemonsets", "-A", "-o", "name"])?;
    hands.restore()?;
    expect(ended.status.code() == Some(1), &said)?;
    for part in ["stays and serves", "node `", "cannot be pulled", "nowhere.example.test"] {
        expect(said.contains(part), format!("{part}: {said}"))?;
    }
    expect(!sets.contains("traefik"), format!("left behind:\n{sets}"))?;
    expect(works?.0 == "200", "the page is gone")
}

/// Killed at moments of the switch, `up` again finishes, and `up` with the line of before goes back.
pub(super) fn killed_in_the_middle(hands: &Hands) -> Result<()> {
    let (there, back) = (with(hands, TRAEFIK)?, with(hands, NGINX)?);
    let went = [4.0, 8.0, 12.0, 16.0].into_iter().try_for_each(|after| {
        for (way, then) in [(&there, &there), (&back, &back), (&there, &back)] {
            let mut up = hands.homelab(&["--no-progress", "up", "--config"]);
            // It ends itself: what is late was too late.
            let _ = output_within(up.arg(way), Duration::from_secs_f64(after));
            hands.up_well(then, &[])?;
            expect(hands.browse(WHOAMI)?.0 == "200", format!("killed after {after} s, the page is gone"))?;
        }
        Ok(())
    });
    hands.restore()?;
    went
}

/// With homelab writing the addresses as the timer does, a lost node and a changed address leave status and DNS in under two
/// minutes, and at no moment is there no record of a node that is well.
pub(super) fn two_nodes_follow(hands: &Hands) -> Result<()> {
    let config = with(hands, TRAEFIK)?;
    hands.up_well(&config, &[])?;
    let account = hands.run.path("addresses.kubeconfig");
    let path = account.display().to_string();
    hands.homelab_well(&["kubeconfig", "--account", "addresses", "--file", &path])?;
    let is_over = AtomicBool::new(false);
    let missed = Mutex::new(Vec::new());
    let went = thread::scope(|scope| {
        scope.spawn(|| timer(hands, &config, &account, &is_over));
        for server in [AUTHORITATIVE[0], ROUTER_LAN] {
            let (missed, is_over) = (&missed, &is_over);
            scope.spawn(move || looks(hands, server, is_over, missed));
        }
        let went = lost_and_moved(hands);
        is_over.store(true, Ordering::Relaxed);
        went
    });
    hands.restore()?;
    went?;
    let missed = missed.into_inner().unwrap_or_default();
    expect(missed.is_empty(), format!("at these moments there was no record: {missed:?}"))
}

fn lost_and_moved(hands: &Hands) -> Result<()> {
    let both = hands.node_addresses()?;
    published(hands, &both)?;
    let lost = Node::find(&hands.run, Place::Node2)?;
    let gone = lost.address()?;
    let left: Vec<String> = both.iter().filter(|address| **address != gone).cloned().collect();
    lost.take_link_down()?;
    let took = published(hands, &left);
    lost.take_link_up()?;
    let took = took?;
    println!("      {gone} was lost, and had left status and DNS after {took:.0} s");
    let back = published(hands, &both)?;
    println!("      and was back after {back:.0} s");
    let new = "10.99.0.13";
    lost.change_address(new)?;
    let mut moved: Vec<String> = left.iter().cloned().chain([new.to_owned()]).collect();
    moved.sort();
    let followed = published(hands, &moved);
    lost.change_address(&gone)?;
    let followed = followed?;
    println!("      {gone} became {new}, in status and DNS after {followed:.0} s");
    let back = published(hands, &both)?;
    println!("      and back after {back:.0} s");
    for (what, took) in [("the lost node", took), ("the changed address", followed)] {
        expect(took < FOLLOWS, format!("{what} took {took:.0} s"))?;
    }
    Ok(())
}

/// A timer that has stopped is a warning; once an address is wrong for it, that is what the doctor names first, and what it says
/// cures it.
pub(super) fn timer_stopped(hands: &Hands) -> Result<()> {
    let config = with(hands, TRAEFIK)?;
    hands.up_well(&config, &[])?;
    let path = config.display().to_string();
    let write = |hands: &Hands| output_within(&mut hands.homelab(&["addresses", "--config", &path]), LIMIT);
    let went = write(hands).and_then(|_| stop(hands, &path));
    let cured = went.and_then(|()| write(hands)).and_then(|said| {
        expect(said.stdout.contains("1 written"), format!("{}{}", said.stdout, said.stderr))?;
        let nodes = hands.node_addresses()?;
        published(hands, &nodes).map(drop)
    });
    hands.restore()?;
    cured
}

fn stop(hands: &Hands, config: &str) -> Result<()> {
    let lease = ["-n", "homelab", "patch", "lease", "homelab-addresses", "--type=merge", "-p"];
    let long_ago = r#"{"spec":{"renewTime":"2026-01-01T00:00:00.000000Z"}}"#;
    hands.kubectl(&[&lease[..], &[long_ago]].concat())?;
    let failures = |hands: &Hands| -> Result<Vec<(String, String)>> {
        let words = ["--output", "json", "doctor", "--config", config];
        let said = output_within(&mut hands.homelab(&words), Duration::from_secs(60))?;
        let report: Value = serde_json::from_str(&said.stdout).context("the doctor's report")?;
        let all = report["checks"].as_array().cloned().unwrap_or_default();
        let failed =
            all.into_iter().filter(|check| check["outcome"] == "fail" && check["severity"] != "info");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(failed
            .map(|check| {
                (text(&check["id"]), format!("{} {}", text(&check["summary"]), text(&check["cause"])))
            })
            .collect())
    };
    let stopped = failures(hands)?;
    expect(stopped.len() == 1 && stopped[0].0 == "ingress.addresses", format!("{stopped:?}"))?;
    let wrong = r#"{"status":{"loadBalancer":{"ingress":[{"ip":"10.99.0.99"}]}}}"#;
    let status =
        ["-n", "homelab", "patch", "ingress", "whoami", "--subresource=status", "--type=merge", "-p", wrong];
    hands.kubectl(&status)?;
    let found = failures(hands)?;
    let first = found.iter().find(|(id, _)| id != "ingress.addresses");
    let named = first.is_some_and(|(id, text)| {
        id == "ingress.status" && text.contains("homelab-addresses.timer has not run for")
    });
    expect(named, format!("{found:?}"))
}

/// What the timer does, with the rights of its account.
fn timer(hands: &Hands, config: &Path, account: &Path, is_over: &AtomicBool) {
    let began = Instant::now();
    while !is_over.load(Ordering::Relaxed) && began.elapsed() < MOST {
        let at = Instant::now();
        let mut run = hands.homelab(&["--quiet", "addresses", "--config"]);
        run.arg(config).arg("--kubeconfig").arg(account);
        match output_within(&mut run, LIMIT) {
            Ok(said) if said.status.success() && said.stdout.is_empty() => {}
            Ok(said) => println!("      addresses: {}{}", said.stdout.trim(), said.stderr.trim()),
            Err(error) => println!("      addresses: {error}"),
        }
        while at.elapsed() < TIMER && !is_over.load(Ordering::Relaxed) {
            thread::sleep(EACH);
        }
    }
}

/// Looks at DNS all the while, and notes when a server had no record for the demo.
fn looks(hands: &Hands, server: &str, is_over: &AtomicBool, missed: &Mutex<Vec<String>>) {
    let (at, began) = (format!("@{server}"), Instant::now());
    while !is_over.load(Ordering::Relaxed) && began.elapsed() < MOST {
        let words = ["+short", "+time=2", "+tries=2", WHOAMI, "A", &at];
        // No answer at all says nothing of the record.
        let answered = hands.client.run("dig", &words);
        if let (Ok(text), Ok(mut all)) = (answered, missed.lock())
            && text.trim().is_empty()
        {
            all.push(format!("{:.1} s, {server}", began.elapsed().as_secs_f64()));
        }
        thread::sleep(EACH);
    }
}

/// What one visitor saw at one node.
struct Asked {
    node: String,
    requests: u32,
    failed: u32,
    /// How long no request was served at a stretch (seconds).
    longest: f64,
}

/// Asks a node for the demo ten times a second, each time by a new connection.
fn visit(hands: &Hands, node: String, is_over: &AtomicBool) -> Asked {
    let (way, url) = (format!("{WHOAMI}:443:{node}"), format!("https://{WHOAMI}/"));
    let words = ["-sk", "--max-time", "1", "--resolve", &way, "-o", "/dev/null", "-w", "%{http_code}", &url];
    let (began, mut served, mut was_served) = (Instant::now(), Instant::now(), true);
    let mut asked = Asked { node, requests: 0, failed: 0, longest: 0.0 };
    while !is_over.load(Ordering::Relaxed) && began.elapsed() < MOST {
        let at = Instant::now();
        let is_served = hands.client.output("curl", &words).is_ok_and(|said| said.stdout == "200");
        asked.requests += 1;
        asked.failed += u32::from(!is_served);
        if is_served {
            if !was_served {
                asked.longest = asked.longest.max(served.elapsed().as_secs_f64());
            }
            served = at;
        }
        was_served = is_served;
        thread::sleep(EACH.saturating_sub(at.elapsed()));
    }
    if !was_served {
        asked.longest = asked.longest.max(served.elapsed().as_secs_f64());
    }
    asked
}

/// The lab's own configuration with that controller.
fn with(hands: &Hands, controller: &str) -> Result<PathBuf> {
    hands.config_file(&format!("on-{controller}.yaml"), &text(hands, controller)?)
}

fn text(hands: &Hands, controller: &str) -> Result<String> {
    let config = hands.config()?;
    let lines = config.lines().filter(|line| !line.starts_with("ingress:"));
    let own: String = lines.map(|line| format!("{line}\n")).collect();
    Ok(format!("{own}ingress: {{ controller: {controller} }}\n"))
}

/// The certificates of the lab, each with how often it was issued and the version of its Secret.
fn certificates(hands: &Hands) -> Result<Vec<String>> {
    let all = hands.get(&["certificates", "-A"])?;
    let secrets = hands.get(&["secrets", "-A", "--field-selector=type=kubernetes.io/tls"])?;
    let items = |list: &Value| list["items"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let issued = items(&all).into_iter().filter(|one| one["spec"]["dnsNames"].to_string().contains(DOMAIN));
    let issued =
        issued.map(|one| format!("{} {}", text(&one["metadata"]["name"]), one["status"]["revision"]));
    let kept = items(&secrets).into_iter().map(|one| {
        let certificate = text(&one["data"]["tls.crt"]);
        format!("{} {} {}", text(&one["metadata"]["namespace"]), text(&one["metadata"]["name"]), certificate)
    });
    let mut found: Vec<String> = issued.chain(kept).collect();
    found.sort();
    Ok(found)
}
