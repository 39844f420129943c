//! A lab that names itself: no account, no token, no public name, and no line to the internet; the nodes answer for the domain,
//! and the lab's own authority signs.

mod broken;

use std::time::Instant;

use serde_json::Value;

use super::doctor::certificates::attempts;
use super::doctor::names::resolv_conf_of;
use super::doctor::{Answer, Ask, Injury, a_healthy_lab};
use super::hands::{DOMAIN, Hands, WHOAMI, eventually, expect};
use super::{Case, Run, always_with, expose, page, root_page, with_all_and};
use crate::cluster::Node;
use crate::controller::Controller;
use crate::error::{Result, bail};
use crate::name_server::Provider;
use crate::network::{FILES, RESOLVERS, ROUTER_LAN, in_place};
use crate::router::Router;
use crate::vantage::{Place, Vantage};
use crate::{files, homelab};

const FILMS: &str = "films.home.example.test";
const MORE: &str = "services:\n  films: { service: homelab/whoami, port: 80 }\n";
/// A name that the lab's internet has.
const OUTSIDE: &str = "github.com";
/// glibc asks one server for 5 s, and then the next, or the same again (resolv.conf(5), `timeout`): twice, and a second for the rest.
const BOTH_ASKED: f64 = 11.0;
/// Where a machine's trusted roots end, and what was added to them begins.
const ADDED: &str = "# added as `homelab ca` says\n";

const CASES: &[Case] = &[
    always_with(
        Provider::Local,
        "local",
        "nothing beyond the house has a name or answers, and nothing has since the router came up",
        cut_off,
    ),
    always_with(
        Provider::Local,
        "local",
        "a lab without an account has names, certificates and a proof, and no other name",
        proof,
    ),
    always_with(
        Provider::Local,
        "local",
        "a phone gets the root by plain HTTP, with its fingerprint, and nobody gets its key",
        root_page::offers_the_root,
    ),
    // Here a certificate takes a second; a public authority's takes a minute (cert-manager waits that long for DNS), and those cases
    // run with `--all`.
    always_with(
        Provider::Local,
        "expose",
        "with the lab's own authority, a Service gets a name by one command, and loses it on every node",
        exposed,
    ),
    always_with(
        Provider::Local,
        "page",
        "with the lab's own authority, the start page tells which service is off, and when it is back",
        page_tells,
    ),
    always_with(
        Provider::Local,
        "renewal",
        "with the lab's own authority, homelab renew gives another certificate, and guesses at no name",
        renewed,
    ),
    with_all_and(
        Provider::Local,
        "local",
        "a renewed root is on the page by itself, with its new fingerprint",
        root_page::follows_a_renewal,
    ),
    with_all_and(Provider::Local, "local", "a removed service loses its name on every node", removal),
    with_all_and(
        Provider::Local,
        "local",
        "with one of two nodes lost, names go on, for the router and for a client that asks the nodes itself",
        a_lost_node,
    ),
];

/// What holds of a lab that is well, then each injury.
pub(super) fn cases() -> impl Iterator<Item = Case> {
    let case = |injury: &'static Injury| Case {
        group: "local",
        name: injury.name,
        always: injury.always,
        provider: Provider::Local,
        controller: Controller::IngressNginx,
        cluster_domain: None,
        run: Run::Injury(injury),
    };
    CASES.iter().cloned().chain(broken::INJURIES.iter().map(case))
}

/// What is broken in such a lab.
#[cfg(test)]
pub(super) fn injuries() -> impl Iterator<Item = &'static Injury> {
    broken::INJURIES.iter()
}

/// Lets the machines of the lab trust its root of now, and no earlier one of its own, as `homelab ca` says.
pub(super) fn trust_root(hands: &Hands) -> Result<()> {
    let root = files::read_text(homelab::write_root(&hands.run)?.as_ref())?;
    let others = others_trusted(hands)?;
    files::write(&hands.run.trust(), format!("{others}{ADDED}{root}"))
}

/// Takes it away again.
fn distrust_root(hands: &Hands) -> Result<()> {
    files::write(&hands.run.trust(), others_trusted(hands)?)
}

fn others_trusted(hands: &Hands) -> Result<String> {
    let text = files::read_text(&hands.run.trust())?;
    Ok(text.split(ADDED).next().unwrap_or_default().to_owned())
}

/// What a server says, sorted.
fn dig(hands: &Hands, server: &str, words: &[&str]) -> Result<Vec<String>> {
    let server = format!("@{server}");
    let text = hands.client.run("dig", &[&["+short", "+time=1", "+tries=1", &server], words].concat())?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    Ok(lines)
}

/// Whether a page opens for who trusts this root.
pub(super) fn answer(hands: &Hands, root: &str, host: &str) -> Result<std::result::Result<(), String>> {
    let url = format!("https://{host}/");
    let words = ["-sS", "--max-time", "5", "--cacert", root, "-o", "/dev/null", "-w", "%{http_code}", &url];
    let said = hands.client.output("curl", &words)?;
    Ok(if said.stdout == "200" { Ok(()) } else { Err(format!("{}{}", said.stdout, said.stderr)) })
}

/// The router's line was down before its resolver came up (`lab::start`), and is. The internet itself goes on, so that this is what
/// keeps the lab from it.
fn cut_off(hands: &Hands) -> Result<()> {
    let of_world = format!("@{}", RESOLVERS[0]);
    let there = hands.world.run("dig", &["+short", "+time=2", "+tries=1", OUTSIDE, "A", &of_world])?;
    expect(there.trim() == FILES, format!("the lab's internet says {there:?} for {OUTSIDE}"))?;
    let line = in_place(Place::Router, &["-brief", "link", "show", "dev", "wan"])?;
    expect(!line.contains("LOWER_UP"), format!("the line is up: {line}"))?;

    for place in [Place::Node, Place::Node2, Place::Client] {
        let at = Vantage::find(&hands.run, place)?;
        let name = place.name();
        for server in [ROUTER_LAN, RESOLVERS[0]] {
            let asked = ["+short", "+time=1", "+tries=1", OUTSIDE, "A", &format!("@{server}")];
            let said = at.output("dig", &asked)?.stdout;
            expect(!said.contains(FILES), format!("{name} has {OUTSIDE} from {server}: {said}"))?;
        }
        let found = at.output("getent", &["ahosts", OUTSIDE])?;
        expect(!found.status.success(), format!("{name} resolves {OUTSIDE}: {}", found.stdout))?;
        let page = format!("https://{FILES}/");
        let said = at.output("curl", &["-sS", "--max-time", "3", "-o", "/dev/null", &page])?;
        // curl, "Exit codes": 7, no connection; 28, no time left.
        let code = said.status.code();
        expect(matches!(code, Some(7 | 28)), format!("{name} reaches {FILES}: {code:?} {}", said.stderr))?;
    }

    let log = files::read_text(&Router::find(&hands.run)?.queries())?;
    let from_others = |line: &&str| {
        let name = line.split_once(" reply ").and_then(|(_, rest)| rest.split_whitespace().next());
        name.is_some_and(|name| name != "error" && !name.to_ascii_lowercase().ends_with(DOMAIN))
    };
    let heard: Vec<&str> = log.lines().filter(from_others).take(3).collect();
    expect(heard.is_empty(), format!("the router was answered from beyond the house: {heard:#?}"))
}

fn proof(hands: &Hands) -> Result<()> {
    // As it is when `homelab up` has just ended, also where this is not the first run.
    distrust_root(hands)?;
    let nodes = hands.node_addresses()?;
    for node in &nodes {
        hands.expect_404(node)?;
        let own = dig(hands, node, &[WHOAMI])?;
        expect(own == nodes, format!("{node} says {own:?}"))?;
        for (words, wanted) in
            [(["example.com", "A"], "status: REFUSED"), (["home.example.test", "AXFR"], "Transfer failed")]
        {
            let said = hands
                .client
                .output("dig", &["+time=2", "+tries=1", &format!("@{node}"), words[0], words[1]])?
                .stdout;
            expect(said.contains(wanted), format!("{words:?} at {node}:\n{said}"))?;
        }
    }
    let mut resolved = hands.dig(WHOAMI)?;
    resolved.sort();
    expect(resolved == nodes, format!("the router says {resolved:?}, the nodes are {nodes:?}"))?;

    let root = homelab::write_root(&hands.run)?;
    answer(hands, &root, WHOAMI)?.or_else(|why| bail!("{WHOAMI}: {why}"))?;
    let url = format!("https://{WHOAMI}/");
    let others = hands.client.output("curl", &["-sS", "--max-time", "10", &url])?;
    // curl, "Exit codes": 60, the peer's certificate cannot be authenticated.
    expect(others.status.code() == Some(60), format!("who does not trust it: {}", others.stdout))?;

    // Nobody has added the root to this machine yet: that is all that the doctor says, and that there is no internet is no trouble.
    let told = Ask::NODE.run(hands)?;
    let failed: Vec<&str> = told.failures().iter().filter_map(|check| check["id"].as_str()).collect();
    expect(told.code == Some(0) && failed == ["tls.authority-trusted"], told.lines())?;
    is_calm(&told)?;
    trust_root(hands)?;
    a_healthy_lab(hands)?;

    let mark = hands.audit_mark()?;
    hands.restore()?;
    let writes = hands.audited(mark)?.iter().filter(|request| request.is_write()).count();
    expect(writes == 0, format!("a second up wrote {writes} times"))
}

/// What lies beyond the house is passed over, and nothing counts as not looked at.
fn is_calm(told: &Answer) -> Result<()> {
    let checks = told.report["checks"].as_array().map_or(&[][..], Vec::as_slice);
    let unknown: Vec<String> =
        checks.iter().filter(|check| check["outcome"] == "unknown").map(Value::to_string).collect();
    expect(unknown.is_empty(), format!("not looked at: {}", unknown.join("\n")))?;
    for (id, outcome, words) in [
        ("host.clock", "skip", "works without the internet"),
        ("dns.own-server", "pass", ""),
        ("dns.forwarding", "pass", ""),
        ("dns.resolver", "pass", ""),
        ("dns.system", "pass", ""),
        ("dns.public", "skip", "only the nodes know these names"),
        ("dns.public-name", "skip", "none answers"),
        ("cf.token", "skip", "there is no provider"),
    ] {
        let is = |check: &&Value| check["id"] == id && check["outcome"] == outcome;
        let said = checks.iter().filter(is).any(|check| check.to_string().contains(words));
        let found: Vec<String> =
            checks.iter().filter(|check| check["id"] == id).map(Value::to_string).collect();
        expect(said, format!("{id} is not `{outcome}` with `{words}`: {}", found.join("\n")))?;
    }
    Ok(())
}

fn exposed(hands: &Hands) -> Result<()> {
    trust_root(hands)?;
    expose::names_a_service(hands)?;
    hands.restore()?;
    goes_from_every_node(hands, expose::BOOKS)
}

fn page_tells(hands: &Hands) -> Result<()> {
    trust_root(hands)?;
    page::tells_what_is_off(hands)
}

fn renewed(hands: &Hands) -> Result<()> {
    trust_root(hands)?;
    attempts::renewed_on_request(hands)
}

fn removal(hands: &Hands) -> Result<()> {
    hands.up_well(&hands.config_with("films.yaml", MORE)?, &[])?;
    let root = homelab::write_root(&hands.run)?;
    answer(hands, &root, FILMS)?.or_else(|why| bail!("{FILMS}: {why}"))?;
    hands.restore()?;
    goes_from_every_node(hands, FILMS)
}

fn goes_from_every_node(hands: &Hands, host: &str) -> Result<()> {
    let nodes = hands.node_addresses()?;
    let took = eventually("the name to go from every node", 120, || {
        let left: Vec<&String> = nodes
            .iter()
            .filter(|node| dig(hands, node, &[host]).map_or(true, |found| !found.is_empty()))
            .collect();
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?} still answer")) })
    })?;
    println!("      gone from every node {took:.1} s after up");
    Ok(())
}

/// The router keeps to the node that is lost; and a client was given both as its resolvers, the lost one first.
fn a_lost_node(hands: &Hands) -> Result<()> {
    let both = hands.node_addresses()?;
    let lost = Node::find(&hands.run, Place::Node2)?;
    let gone = lost.address()?;
    let left: Vec<&String> = both.iter().filter(|address| **address != gone).collect();
    let Some(stays) = left.first() else { bail!("there is no other node than {gone}") };
    let root = homelab::write_root(&hands.run)?;
    keeps_to_the_second(hands)?;
    lost.take_link_down()?;
    let began = Instant::now();
    let seen = by_itself(hands, &[ROUTER_LAN]).and_then(|by_router| {
        let first = by_itself(hands, &[&gone, stays.as_str()])?;
        eventually("the service to answer, and the lost node to leave the name", 420, || {
            let named = dig(hands, stays, &[WHOAMI])?;
            let named: Vec<&String> = named.iter().collect();
            if named != left {
                return Ok(Err(format!("the name has {named:?}")));
            }
            answer(hands, &root, WHOAMI)
        })?;
        Ok((by_router, first))
    });
    let served = began.elapsed().as_secs();
    lost.take_link_up()?;
    let (by_router, first) = seen?;
    println!("      with the router, which kept to the lost node, a client resolves after {by_router:.1} s");
    println!("      with both nodes as its resolvers, the lost one first, after {first:.1} s");
    println!("      the lost node left the name after {served} s");
    for (with, took) in [("the router", by_router), ("both nodes", first)] {
        expect(took < BOTH_ASKED, format!("with {with}, the client waited {took:.1} s"))?;
    }
    eventually("both nodes to be in the name again", 420, || {
        let named = dig(hands, &both[0], &[WHOAMI])?;
        Ok(if named == both { Ok(()) } else { Err(format!("the name has {named:?}")) })
    })
    .map(drop)
}

/// The router begins with an empty cache, and asks the second node alone from then on: dnsmasq keeps to the server of a domain that
/// was the first to answer, and the first node says nothing until that has happened.
fn keeps_to_the_second(hands: &Hands) -> Result<()> {
    broken::firewall(hands, Place::Node, "-I", "DROP")?;
    let asked = Router::find(&hands.run)?
        .restart(false)
        .and_then(|()| dig(hands, ROUTER_LAN, &[DOMAIN, "NS"]))
        .and_then(|found| expect(!found.is_empty(), "the router has no answer from the second node"));
    asked.and(broken::firewall(hands, Place::Node, "-D", "DROP"))
}

/// The seconds until the client has an address by its own resolver, as its programs ask (`getaddrinfo`), with these servers in its
/// `/etc/resolv.conf`. It has the router again afterwards.
fn by_itself(hands: &Hands, servers: &[&str]) -> Result<f64> {
    resolv_conf_of(hands, Place::Client, servers)?;
    let seen = eventually("the name to be answered to the client itself", 60, || {
        let found = hands.client.output("getent", &["ahosts", WHOAMI])?;
        Ok(if found.status.success() { Ok(()) } else { Err(format!("{servers:?}: no address")) })
    });
    resolv_conf_of(hands, Place::Client, &[ROUTER_LAN])?;
    seen
}
