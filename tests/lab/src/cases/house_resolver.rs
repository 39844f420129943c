//! The nodes answer for the domain in the house, beside a provider in the world: the line is cut, the router drops private answers,
//! and then nothing of the lab is in public DNS.

use serde_json::Value;

use super::doctor::Ask;
use super::hands::{DOMAIN, Hands, WHOAMI, expect};
use crate::error::Result;
use crate::files;
use crate::name_server::to_nodes;
use crate::network::ROUTER_LAN;
use crate::router::{self, Router};
use crate::vantage::{Place, Vantage};

/// Beside the lab's own configuration.
const FILE: &str = "house-resolver.yaml";
const HIDDEN: &str = "unpublished.yaml";
const HOSTS: &str = "houseResolver: true, hosts: { printer: 10.99.0.70, ssh.nas: [10.99.0.72, 10.99.0.71] }";
/// Nothing passes between the house and the internet, and nobody says so: neither what the router forwards nor what it asks itself.
const CUT: [(&str, &str); 3] = [("FORWARD", "-o"), ("FORWARD", "-i"), ("OUTPUT", "-o")];

pub(super) fn proof(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    // What other cases need, whatever became of this one.
    let mended = line(hands, "-D");
    if went.is_ok() {
        expect(mended.is_err(), "the line was cut a second time")?;
    }
    hands.restore_router()?;
    went?;
    hands.is_public_again()
}

fn steps(hands: &Hands) -> Result<()> {
    let nodes = hands.node_addresses()?;
    let router = Router::find(&hands.run)?;
    // The router has not been told yet: that is a warning, since names come from public DNS.
    hands.up_well(&config(hands, FILE, HOSTS)?, &[])?;
    let ask = Ask { config: Some(FILE), ..Ask::NODE };
    let before = ask.run(hands)?;
    let failed: Vec<&str> = before.failures().iter().filter_map(|check| check["id"].as_str()).collect();
    expect(failed == ["dns.forwarding"], before.lines())?;
    for node in &nodes {
        expect(dig(hands, node, WHOAMI)? == nodes, format!("{node} does not have {WHOAMI}"))?;
        has_hosts(hands, node)?;
    }
    expect(
        hands.contents("A", &format!("printer.{DOMAIN}"))?.is_empty(),
        "a name of the house is published",
    )?;
    expect(!hands.contents("A", WHOAMI)?.is_empty(), "the service is not published any more")?;

    // A person enters the nodes in the router, which drops private answers of everybody else.
    files::write(&router::forwards(&hands.run), to_nodes(&[Place::Node, Place::Node2]))?;
    router.restart(true)?;
    expect(dig(hands, ROUTER_LAN, WHOAMI)? == nodes, "the router does not ask the nodes")?;
    has_hosts(hands, ROUTER_LAN)?;
    let well = ask.run(hands)?;
    expect(well.failures().is_empty(), well.lines())?;

    // With an empty cache: nothing of before the cut is remembered.
    line(hands, "-I")?;
    router.restart(true)?;
    expect(dig(hands, ROUTER_LAN, WHOAMI)? == nodes, "without the world, the name is gone")?;
    has_hosts(hands, ROUTER_LAN)?;
    expect(hands.browse(WHOAMI)?.0 == "200", "without the world, the page is gone")?;
    without_the_world(hands, &ask)?;
    line(hands, "-D")?;

    // Nothing of it is in public DNS, and what was there goes.
    hands.up_well(&config(hands, HIDDEN, "houseResolver: true, publish: false")?, &[])?;
    let mut left = hands.records()?;
    left.retain(|record| record["name"].as_str().is_some_and(|name| name.ends_with(WHOAMI)));
    expect(left.is_empty(), format!("still public: {left:?}"))?;
    expect(dig(hands, ROUTER_LAN, WHOAMI)? == nodes, "unpublished, the name is gone in the house, too")?;
    expect(hands.browse(WHOAMI)?.0 == "200", "unpublished, the page is gone")?;
    let printer = format!("printer.{DOMAIN}");
    expect(dig(hands, &nodes[0], &printer)?.is_empty(), "a name that was removed is still there")
}

/// True and calm: what it could not look at is unknown, nothing is said to be broken, and that the house goes on.
fn without_the_world(hands: &Hands, ask: &Ask) -> Result<()> {
    let answer = ask.run(hands)?;
    expect(answer.failures().is_empty() && answer.code == Some(3), answer.lines())?;
    let checks = answer.report["checks"].as_array().map_or(&[][..], Vec::as_slice);
    for (id, outcome, words) in [
        ("dns.own-server", "pass", ""),
        ("dns.forwarding", "pass", ""),
        ("dns.hosts", "pass", ""),
        ("dns.system", "pass", ""),
        ("dns.public", "skip", "goes on working"),
        ("cf.token", "unknown", "go on working"),
    ] {
        let is = |check: &&Value| check["id"] == id && check["outcome"] == outcome;
        let said = checks.iter().filter(is).any(|check| check.to_string().contains(words));
        expect(said, format!("{id} is not `{outcome}` with `{words}`:\n{}", answer.lines()))?;
    }
    Ok(())
}

/// The lab's own configuration with more in its section `dns`.
fn config(hands: &Hands, name: &str, more: &str) -> Result<std::path::PathBuf> {
    let text = hands.config()?;
    let lines = text.lines().map(|line| match line.starts_with("dns: ") {
        true => line.replace(" }", &format!(", {more} }}")),
        false => line.to_owned(),
    });
    hands.config_file(name, &(lines.collect::<Vec<_>>().join("\n") + "\n"))
}

/// What a server says to the client, sorted.
fn dig(hands: &Hands, server: &str, name: &str) -> Result<Vec<String>> {
    let text =
        hands.client.run("dig", &["+short", "+time=2", "+tries=2", name, "A", &format!("@{server}")])?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    Ok(lines)
}

fn has_hosts(hands: &Hands, server: &str) -> Result<()> {
    let wanted: [(&str, &[&str]); 2] =
        [("printer", &["10.99.0.70"]), ("ssh.nas", &["10.99.0.71", "10.99.0.72"])];
    for (name, addresses) in wanted {
        let found = dig(hands, server, &format!("{name}.{DOMAIN}"))?;
        expect(found == addresses, format!("{server} says {found:?} for {name}"))?;
    }
    Ok(())
}

/// Cuts the line to the internet (`-I`), or mends it (`-D`), as far as it is cut.
fn line(hands: &Hands, how: &str) -> Result<()> {
    let router = Vantage::find(&hands.run, Place::Router)?;
    let each = CUT.map(|(chain, way)| {
        router.run("iptables", &["--wait", how, chain, way, "wan", "-j", "DROP"]).map(drop)
    });
    each.into_iter().collect()
}
