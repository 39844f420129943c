//! Three servers with etcd. Homelab asks one of them: on a server its own, on an agent k3s' balancer, elsewhere the one that
//! the context names.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::doctor::is_well;
use super::hands::{Hands, eventually, expect};
use crate::cluster::{Node, Servers};
use crate::command::{Output, output_within};
use crate::error::{Context, Result};
use crate::files;
use crate::network::{LAN_PREFIX, default_route, in_place};
use crate::vantage::{Place, Vantage};
use crate::wait;

const LIMIT: Duration = Duration::from_secs(400);
const SETTLED: Duration = Duration::from_secs(300);
/// What is new after the first server has gone.
const NEW: &str = "later.home.example.test";
const MORE: &str = "services:\n  later: { service: homelab/whoami, port: 80 }\n";

/// A case with three servers, and one server again when it ends.
fn with_three(hands: &Hands, body: fn(&Hands, &Servers) -> Result<()>) -> Result<()> {
    is_well(hands)?;
    let servers = Servers::join(&hands.run)?;
    let held = body(hands, &servers);
    let ended = servers.end();
    // Also after a failure: the cases that come next need the lab as it was.
    let restored = hands.restore();
    held.and(ended).and(restored)?;
    is_well(hands)
}

fn homelab(hands: &Hands, at: Place, kubeconfig: &Path, words: &[&str]) -> Result<Output> {
    let mut command = Vantage::find(&hands.run, at)?.command("homelab");
    command.args(words).arg("--kubeconfig").arg(kubeconfig).env("HOME", hands.run.path("home"));
    output_within(&mut command, LIMIT)
}

fn well(hands: &Hands, at: Place, kubeconfig: &Path, words: &[&str]) -> Result<Output> {
    let output = homelab(hands, at, kubeconfig, words)?;
    let said = format!("{words:?} at {}: {}\n{}{}", at.name(), output.status, output.stdout, output.stderr);
    expect(output.status.success(), said)?;
    Ok(output)
}

pub(super) fn the_first_is_killed(hands: &Hands) -> Result<()> {
    with_three(hands, |hands, servers| {
        let members = servers.members()?;
        expect(members.len() == 3, format!("etcd has the members {members:?}"))?;
        // What k3s writes on each server leads to that server itself.
        let own = hands.run.kubeconfig("admin");
        let config = hands.run.homelab_config().display().to_string();
        well(hands, Place::Node2, &own, &["up", "--config", &config])?;

        servers.kill_first()?;
        let began = Instant::now();
        let more = hands.config_with("later.yaml", MORE)?.display().to_string();
        well(hands, Place::Node2, &own, &["up", "--config", &more])?;
        println!("      up by the second server after {:.0} s", began.elapsed().as_secs_f64());
        expect(hands.browse(NEW)?.0 == "200", format!("{NEW} does not answer"))?;
        the_timer(hands, &own, &more)?;

        // The machine whose server has died, as an agent: by the balancer.
        let balanced = kubeconfig(hands, "balanced.kubeconfig", &Servers::balanced())?;
        well(hands, Place::Node, &balanced, &["up", "--config", &more])?;
        a_laptop(hands, &more)
    })
}

/// The two units of the module's timer: they fetch an account that may only read, and look by it.
fn the_timer(hands: &Hands, own: &Path, config: &str) -> Result<()> {
    let reader = hands.run.path("reader-of-the-second.kubeconfig");
    let file = reader.display().to_string();
    well(hands, Place::Node2, own, &["--quiet", "kubeconfig", "--config", config, "--file", &file])?;
    let report = hands.run.path("second-doctor.json").display().to_string();
    let words = ["--quiet", "doctor", "--wait", "1m", "--config", config, "--report", &report];
    // What pods complained of while the first went away is past after a while.
    let looked = || well(hands, Place::Node2, &reader, &words);
    wait::until_ok("the doctor to find the house well by the second server", SETTLED, looked).map(drop)
}

/// A kubeconfig with a context for each server: the first is the current one, and the second is named.
fn a_laptop(hands: &Hands, config: &str) -> Result<()> {
    let first = Node::find(&hands.run, Place::Node)?.address()?;
    let second = Node::find(&hands.run, Place::Node2)?.address()?;
    let file = kubeconfig(hands, "laptop.kubeconfig", &format!("https://{first}:6443"))?;
    let path = file.display().to_string();
    let authority = hands.run.pki().join("ca.crt").display().to_string();
    let (server, by) =
        (format!("--server=https://{second}:6443"), format!("--certificate-authority={authority}"));
    hands.kubectl(&["config", "--kubeconfig", &path, "set-cluster", "second", &server, &by])?;
    let words = ["set-context", "second", "--cluster=second", "--user=admin"];
    hands.kubectl(&[&["config", "--kubeconfig", &path][..], &words].concat())?;

    let output = homelab(hands, Place::Client, &file, &["up", "--config", config])?;
    let said = format!("{}\n{}", output.status, output.stderr);
    expect(output.status.code() == Some(3) && said.contains(&first) && said.contains("refused"), said)?;
    well(hands, Place::Client, &file, &["--context", "second", "up", "--config", config]).map(drop)
}

/// The administrator's kubeconfig with another server in it.
fn kubeconfig(hands: &Hands, name: &str, server: &str) -> Result<PathBuf> {
    let admin = files::read_text(&hands.run.kubeconfig("admin"))?;
    hands.config_file(name, &admin.replace("https://127.0.0.1:6443", server))
}

/// The machine of a member gets another address, as from DHCP, and k3s has not started again yet.
pub(super) fn a_member_moves(hands: &Hands) -> Result<()> {
    with_three(hands, |hands, servers| {
        let role = "node-role.kubernetes.io/etcd";
        hands.kubectl(&["label", "node", "node2", &format!("{role}=true")])?;
        let node = Node::find(&hands.run, Place::Node2)?;
        let old = node.address()?;
        let told = move_to("10.99.0.13").and_then(|()| told_of_the_move(hands, servers, &old));
        let back = move_to(&old).and_then(|()| node.route_to_others());
        hands.kubectl(&["label", "node", "node2", &format!("{role}-")])?;
        told.and(back)?;
        hands.kubectl(&["wait", "--for=condition=Ready", "node/node2", "--timeout=90s"]).map(drop)
    })
}

fn move_to(address: &str) -> Result<()> {
    in_place(Place::Node2, &["address", "flush", "dev", "eth0", "scope", "global"])?;
    in_place(Place::Node2, &["address", "add", &format!("{address}/{LAN_PREFIX}"), "dev", "eth0"])?;
    default_route(Place::Node2)
}

/// etcd knows the member by its old address, and the doctor on it says to take that back, not to restart k3s.
fn told_of_the_move(hands: &Hands, servers: &Servers, old: &str) -> Result<()> {
    let known = servers.members()?;
    let peer = format!("http://{old}:2380");
    expect(known.contains(&("node2".to_owned(), peer)), format!("etcd has the members {known:?}"))?;
    let balanced = kubeconfig(hands, "balanced.kubeconfig", &Servers::balanced())?;
    let config = hands.run.homelab_config().display().to_string();
    // The machines of the lab share a name, and one whose address has changed is known by its name alone.
    let named = ["--uts", "sh", "-c", "hostname node2 && exec homelab \"$@\"", "sh"];
    let words = ["doctor", "--output", "json", "--config", &config, "--kubeconfig"];
    eventually("the doctor on the member to name its address", 90, || {
        let mut doctor = Vantage::find(&hands.run, Place::Node2)?.command("unshare");
        doctor.args(named).args(words).arg(&balanced).env("HOME", hands.run.path("home"));
        let output = output_within(&mut doctor, LIMIT)?;
        let report: Value = serde_json::from_str(&output.stdout).context("the doctor's JSON")?;
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        let found = checks.iter().find(|check| check["id"] == MOVED && check["outcome"] == "fail");
        let Some(found) = found else { return Ok(Err(format!("{MOVED} does not fail"))) };
        let fix = found["fix"]["text"].as_str().unwrap_or_default();
        println!("      {}: {fix}", found["summary"].as_str().unwrap_or_default());
        let advice = !fix.contains("restart k3s") && found["fix"]["commands"].is_null();
        expect(fix.contains(old) && advice, format!("{found}"))?;
        Ok(Ok(()))
    })
    .map(drop)
}

/// The check that holds the node's address against those of this machine.
const MOVED: &str = "host.node-address";
