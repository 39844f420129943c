//! A lab that names itself: no account, no token, no public name; the nodes answer for the domain, and the lab's own authority signs.

use std::time::Instant;

use super::doctor::Ask;
use super::hands::{Hands, WHOAMI, eventually, expect};
use super::{Case, always_with, root_page, with_all_and};
use crate::cluster::Node;
use crate::error::Result;
use crate::homelab;
use crate::name_server::Provider;
use crate::vantage::Place;

const FILMS: &str = "films.home.example.test";
const MORE: &str = "services:\n  films: { service: homelab/whoami, port: 80 }\n";

pub(super) const CASES: &[Case] = &[
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
    with_all_and(
        Provider::Local,
        "local",
        "a renewed root is on the page by itself, with its new fingerprint",
        root_page::follows_a_renewal,
    ),
    with_all_and(Provider::Local, "local", "a removed service loses its name on every node", removal),
    with_all_and(Provider::Local, "local", "with one of two nodes lost, names go on", a_lost_node),
];

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

fn proof(hands: &Hands) -> Result<()> {
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
    answer(hands, &root, WHOAMI)?.or_else(|why| crate::error::bail!("{WHOAMI}: {why}"))?;
    let url = format!("https://{WHOAMI}/");
    let others = hands.client.output("curl", &["-sS", "--max-time", "10", &url])?;
    // curl, "Exit codes": 60, the peer's certificate cannot be authenticated.
    expect(others.status.code() == Some(60), format!("who does not trust it: {}", others.stdout))?;

    // Nobody has added the root to this machine yet: that is all that the doctor says.
    let answer = Ask::NODE.run(hands)?;
    let failed: Vec<&str> = answer.failures().iter().filter_map(|check| check["id"].as_str()).collect();
    expect(failed == ["tls.authority-trusted"], answer.lines())?;
    let mark = hands.audit_mark()?;
    hands.restore()?;
    let writes = hands.audited(mark)?.iter().filter(|request| request.is_write()).count();
    expect(writes == 0, format!("a second up wrote {writes} times"))
}

fn removal(hands: &Hands) -> Result<()> {
    let nodes = hands.node_addresses()?;
    hands.up_well(&hands.config_with("films.yaml", MORE)?, &[])?;
    let root = homelab::write_root(&hands.run)?;
    answer(hands, &root, FILMS)?.or_else(|why| crate::error::bail!("{FILMS}: {why}"))?;
    hands.restore()?;
    let took = eventually("the name to go from every node", 120, || {
        let left: Vec<&String> = nodes
            .iter()
            .filter(|node| dig(hands, node, &[FILMS]).map_or(true, |found| !found.is_empty()))
            .collect();
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?} still answer")) })
    })?;
    println!("      gone from every node {took:.1} s after up");
    Ok(())
}

/// The router asks both nodes; so does a client that was given both as resolvers.
fn a_lost_node(hands: &Hands) -> Result<()> {
    let both = hands.node_addresses()?;
    let lost = Node::find(&hands.run, Place::Node2)?;
    let gone = lost.address()?;
    let root = homelab::write_root(&hands.run)?;
    lost.take_link_down()?;
    let began = Instant::now();
    let seen = eventually("the name to be answered by way of the router", 60, || {
        let found = hands.dig(WHOAMI)?;
        Ok(if found.is_empty() { Err("no address".to_owned()) } else { Ok(()) })
    })
    .and_then(|resolved| {
        let left: Vec<&String> = both.iter().filter(|address| **address != gone).collect();
        eventually("the service to answer, and the lost node to leave the name", 420, || {
            let named = dig(hands, left[0], &[WHOAMI])?;
            let named: Vec<&String> = named.iter().collect();
            if named != left {
                return Ok(Err(format!("the name has {named:?}")));
            }
            answer(hands, &root, WHOAMI)
        })
        .map(|_| resolved)
    });
    let served = began.elapsed().as_secs();
    lost.take_link_up()?;
    println!("      resolved after {:.1} s, the lost node left the name after {served} s", seen?);
    eventually("both nodes to be in the name again", 420, || {
        let named = dig(hands, &both[0], &[WHOAMI])?;
        Ok(if named == both { Ok(()) } else { Err(format!("the name has {named:?}")) })
    })
    .map(drop)
}
