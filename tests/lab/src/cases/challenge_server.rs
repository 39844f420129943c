//! A sub-zone that is delegated to the lab's own name server: the wildcard for names that nobody has in public DNS, what the internet
//! can see of it, and the doctor along the way.

mod broken;
mod outside;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::doctor::Ask;
use super::hands::{DOMAIN, Hands, WHOAMI, ZONE, eventually, expect};
use crate::command::{output, run};
use crate::error::{Context, Result};
use crate::files;
use crate::name_server::to_nodes;
use crate::network::{RESOLVERS, ROUTER_WAN, forward_public_dns};
use crate::router::{self, Router};
use crate::vantage::Place;

/// Beside the lab's own configuration.
const FILE: &str = "challenge-server.yaml";
/// The server's name, in the zone itself.
const SERVER: &str = "homelab-ns.home.example.test";
const CHALLENGE: &str = "_acme-challenge.home.example.test";
const CHECK: &str = "cm.challenge-server";
/// Where it listens: on the first node.
const AT_NODE: &str = "10.99.0.10:8053";
/// How often the zone is listed while a certificate is issued.
const EVERY: Duration = Duration::from_millis(500);
/// A name whose order the authority refuses.
pub(super) const REFUSED: &str = "refused";

pub(super) fn proof(hands: &Hands) -> Result<()> {
    let config = config(hands)?;
    let went = steps(hands, &config);
    // What other cases need, whatever became of this one.
    hands.control("DELETE", "/faults", None)?;
    // Before the way to the server: cert-manager takes by it back what it wrote.
    let restored = hands.plain_router().and_then(|()| hands.restore_unproved());
    // Public DNS has the names again when it is led there no more.
    let removed = delegate(hands, &config, "--remove").map(drop);
    forward_public_dns(&[])?;
    went?;
    restored?;
    removed?;
    hands.restore()?;
    expect(hands.records_of("NS", DOMAIN)?.is_empty(), "the delegation is left")?;
    hands.is_public_again()
}

fn steps(hands: &Hands, config: &Path) -> Result<()> {
    refused_without_the_way(hands, config)?;
    delegated(hands, config)?;
    forward_public_dns(&[("udp", AT_NODE), ("tcp", AT_NODE)])?;
    let to_house = to_nodes(&[Place::Node, Place::Node2]);
    files::write(&router::forwards(&hands.run), to_house)?;
    Router::find(&hands.run)?.restart(true)?;

    let seen = watched(|| zone(hands), || hands.up_well(config, &[]).map(drop))?;
    expect(seen.contains(&format!("TXT {CHALLENGE}.")), format!("no challenge was seen: {seen:?}"))?;
    let own = [
        format!("NS {DOMAIN}."),
        format!("SOA {DOMAIN}."),
        format!("A {SERVER}."),
        format!("TXT {CHALLENGE}."),
    ];
    let others: Vec<&String> = seen.iter().filter(|one| !own.contains(one)).collect();
    expect(others.is_empty(), format!("in the public zone: {others:?}"))?;
    expect(hands.browse(WHOAMI)?.0 == "200", "the page is not served with a certificate of its name")?;
    no_challenge_is_left(|| zone(hands))?;
    expect(
        !public(hands)?.iter().any(|one| one.contains(CHALLENGE)),
        "the provider's zone has a challenge, which is none of its business",
    )?;

    let ask = Ask { config: Some(FILE), ..Ask::NODE };
    let well = ask.run(hands)?;
    expect(well.failures().is_empty(), well.lines())?;
    hands.up_well(config, &[])?;
    refused_order(hands, DOMAIN, || zone(hands))?;
    outside::tried(hands)?;
    broken::told(hands, &ask, config)
}

/// Nothing is written, and so nothing is asked of the ACME server.
fn refused_without_the_way(hands: &Hands, config: &Path) -> Result<()> {
    let mark = hands.audit_mark()?;
    let ended = hands.up_with(config, &[])?;
    let said = format!("{}{}", ended.stdout, ended.stderr);
    for words in [format!("{DOMAIN}. NS {SERVER}."), format!("{SERVER}. A {ROUTER_WAN}")] {
        expect(ended.status.code() == Some(2) && said.contains(&words), format!("{}: {said}", ended.status))?;
    }
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|one| one.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("it wrote {writes:?}"))
}

/// `zone delegate` prints the records, and writes them into the provider's zone, but not over a stranger's.
fn delegated(hands: &Hands, config: &Path) -> Result<()> {
    let told = delegate(hands, config, "--table")?;
    let rows: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
    expect(
        rows[1..] == [vec![DOMAIN, "NS", SERVER], vec![SERVER, "A", ROUTER_WAN]],
        format!("zone delegate --table:\n{told}"),
    )?;
    let stranger =
        json!({ "zone": ZONE, "type": "NS", "name": DOMAIN, "content": "ns.stranger.test", "ttl": 60 });
    let stranger = hands.control("POST", "/records", Some(&stranger))?;
    let mut command = hands.homelab(&["zone", "delegate", "--write", "--config"]);
    let ended = output(command.arg(config))?;
    expect(
        ended.status.code() == Some(1) && ended.stderr.contains("ns.stranger.test"),
        format!("{}: {}{}", ended.status, ended.stdout, ended.stderr),
    )?;
    expect(hands.contents("NS", DOMAIN)? == ["ns.stranger.test"], "a stranger's record was changed")?;
    hands.remove_record(&stranger)?;
    let written = delegate(hands, config, "--write")?;
    expect(written.matches("entered in the zone").count() == 2, written)?;
    let again = delegate(hands, config, "--write")?;
    expect(again.matches("is there already").count() == 2, again)
}

fn delegate(hands: &Hands, config: &Path, flag: &str) -> Result<String> {
    run(hands.homelab(&["zone", "delegate", flag, "--config"]).arg(config))
}

/// An order that the authority refuses, since it alone does not see the record: the record is there meanwhile, and goes all the same.
pub(super) fn refused_order(
    hands: &Hands,
    domain: &str,
    listed: impl Fn() -> Result<Vec<String>> + Sync,
) -> Result<()> {
    let name = format!("{REFUSED}.{domain}");
    let challenge = format!("_acme-challenge.{name}");
    let fault = json!({ "target": "dns", "mode": "nxdomain", "name": challenge, "server": format!("{}:53", RESOLVERS[0]) });
    hands.control("POST", "/faults", Some(&fault))?;
    let certificate = json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": { "name": REFUSED, "namespace": "default" },
        "spec": { "secretName": REFUSED, "dnsNames": [name], "issuerRef": { "name": "acme", "kind": "ClusterIssuer" } },
    });
    let went = watched(&listed, || {
        hands.kubectl_apply("refused.json", &certificate.to_string())?;
        eventually("the authority to refuse the order", 120, || {
            let status = &hands.get(&["certificate", "-n", "default", REFUSED])?["status"];
            Ok(if status["lastFailureTime"].is_string() { Ok(()) } else { Err(status.to_string()) })
        })
        .map(drop)
    });
    hands.control("DELETE", "/faults", None)?;
    let left = no_challenge_is_left(&listed);
    hands.kubectl(&["-n", "default", "delete", "certificate", REFUSED, "--ignore-not-found"])?;
    hands.kubectl(&["-n", "default", "delete", "secret", REFUSED, "--ignore-not-found"])?;
    let seen = went?;
    expect(
        seen.iter().any(|one| one.starts_with(&format!("TXT {challenge}"))),
        format!("no challenge was seen: {seen:?}"),
    )?;
    left
}

/// Waits until no listing has a challenge any more.
pub(super) fn no_challenge_is_left(listed: impl Fn() -> Result<Vec<String>>) -> Result<()> {
    eventually("the challenge to be gone", 60, || {
        let left: Vec<String> =
            listed()?.into_iter().filter(|one| one.starts_with("TXT _acme-challenge")).collect();
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
    })
    .map(drop)
}

/// What was listed while something went on, each once.
pub(super) fn watched(
    listed: impl Fn() -> Result<Vec<String>> + Sync,
    act: impl FnOnce() -> Result<()>,
) -> Result<Vec<String>> {
    let (over, seen) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let ended = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let now = listed().unwrap_or_default();
                if let Ok(mut seen) = seen.lock() {
                    seen.extend(now);
                }
                thread::sleep(EVERY);
            }
        });
        let ended = act();
        over.store(true, Ordering::Relaxed);
        ended
    });
    ended?;
    let mut seen = seen.into_inner().unwrap_or_default();
    seen.extend(listed()?);
    seen.sort();
    seen.dedup();
    Ok(seen)
}

/// Every record of the server's zone, as the server itself lists it: type and name.
fn zone(hands: &Hands) -> Result<Vec<String>> {
    let knotc = ["knotc", "-c", "/etc/challenge-server/knot.conf", "zone-read", DOMAIN];
    let exec = ["-n", "challenge-server", "exec", "deployment/challenge-server", "--"];
    let text = hands.kubectl(&[&exec[..], &knotc].concat())?;
    // `[zone.] owner. ttl TYPE data`
    let row = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (name, _, kind) = (words.next()?, words.next()?, words.next()?);
        Some(format!("{kind} {name}"))
    };
    Ok(text.lines().filter_map(row).collect())
}

/// Every record of every zone at the lab's provider.
fn public(hands: &Hands) -> Result<Vec<String>> {
    let state = hands.control("GET", "/state", None)?;
    let zones = state["zones"].as_array().context("the public zones")?;
    let records = zones.iter().flat_map(|zone| zone["records"].as_array().into_iter().flatten());
    Ok(records.map(Value::to_string).collect())
}

/// The lab's own configuration, whose names are not published any more.
fn config(hands: &Hands) -> Result<PathBuf> {
    let server = format!("{{ address: {ROUTER_WAN}, node: {} }}", Place::Node.name());
    let dns = format!("houseResolver: true, challengeZone: {DOMAIN}, challengeServer: {server}");
    let text = hands.config()?;
    let lines =
        text.lines().map(|line| match line.strip_prefix("dns: ").and_then(|dns| dns.strip_suffix(" }")) {
            Some(section) => format!("dns: {section}, {dns} }}"),
            None => line.to_owned(),
        });
    let text = lines.collect::<Vec<_>>().join("\n");
    hands.config_file(FILE, &format!("{text}\ncertificates: wildcard\n"))
}
