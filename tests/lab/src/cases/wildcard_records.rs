//! One record for all names, there and back, on a lab that somebody asks once a second all the while.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::doctor::Ask;
use super::hands::{Hands, WHOAMI, eventually, expect};
use crate::error::Result;
use crate::network::CLOUDFLARE_API;

const FILE: &str = "wildcard-records.yaml";
/// Beside the lab's own configuration.
const CERTIFICATE: &str = "certificates: wildcard\n";
const RECORD: &str = "records: wildcard\n";
const STAR: &str = "*.home.example.test";
const CLAIM: &str = "a-homelab.wildcard.home.example.test";
/// A second service, and a name that nobody has.
const PLAIN: &str = "plain.home.example.test";
const NOBODY: &str = "nobody.home.example.test";
/// A name that a wildcard of DNS would take, and the certificate's does not.
const DEEP: &str = "a.deep.home.example.test";
const SECOND: Duration = Duration::from_secs(1);
/// Longer than the whole takes.
const MOST: u32 = 1800;

pub(super) fn there_and_back(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    // What other cases need, whatever became of this one.
    if went.is_err() {
        hands.remove_records("A", PLAIN)?;
        hands.remove_records("TXT", &format!("_acme-challenge.{PLAIN}"))?;
    }
    hands.restore()?;
    went
}

fn steps(hands: &Hands) -> Result<()> {
    let nodes = hands.node_addresses()?;
    let services = format!(
        "services:\n  plain: {{ url: \"http://{CLOUDFLARE_API}:8080\" }}\n  deep: {{ url: \"http://{CLOUDFLARE_API}:8080\", host: {DEEP} }}\n"
    );
    // The certificate for all names comes first, so that the turn is that of the records alone.
    let each = hands.config_with("each-record.yaml", &format!("{CERTIFICATE}{services}"))?;
    hands.up_well(&each, &[])?;
    let before = records(hands)?;
    let page = unknown(hands, NOBODY, &nodes[0])?;
    expect(page.contains("404") && page.contains("<center>nginx</center>"), &page)?;

    let one = hands.config_with(FILE, &format!("{CERTIFICATE}{RECORD}{services}"))?;
    asked_meanwhile(hands, || {
        hands.up_well(&one, &[])?;
        eventually("the records of single names to go", 90, || gone(hands)).map(drop)
    })?;
    expect(sorted(hands.contents("A", STAR)?) == nodes, "the wildcard does not have the nodes' addresses")?;
    expect(hands.contents("TXT", CLAIM)?.len() == 1, "nobody owns the wildcard record")?;
    expect(
        hands.ingress_addresses("homelab", "wildcard-record")? == nodes,
        "its Ingress has other addresses",
    )?;
    expect(sorted(hands.contents("A", DEEP)?) == nodes, "a deeper name has no record of its own")?;
    for name in [NOBODY, PLAIN] {
        expect(sorted(hands.dig(name)?) == nodes, format!("{name} does not resolve"))?;
    }
    expect(unknown(hands, NOBODY, &nodes[0])? == page, "an unknown name gets another page than before")?;
    hands.expect_404(&nodes[0])?;
    expect(!hands.up_well(&one, &[])?.stderr.contains("written"), "a second up wrote something")?;

    let ask = Ask { config: Some(FILE), ..Ask::NODE };
    let well = ask.run(hands)?;
    expect(well.failures().is_empty(), well.lines())?;
    // What others have at a name, or below it, comes before the wildcard, and is named.
    hands.add_record(&json!({ "type": "A", "name": PLAIN, "content": "10.99.0.10", "ttl": 60 }))?;
    named(hands, &ask, "edns.owner", &[PLAIN, "10.99.0.10", "comes before the wildcard record"])?;
    hands.remove_records("A", PLAIN)?;
    let challenge = format!("_acme-challenge.{PLAIN}");
    hands.add_record(&json!({ "type": "TXT", "name": challenge, "content": "\"left over\"", "ttl": 60 }))?;
    named(hands, &ask, "edns.records", &[PLAIN, &challenge, "does not answer"])?;
    hands.remove_records("TXT", &challenge)?;

    asked_meanwhile(hands, || {
        hands.up_well(&each, &[])?;
        eventually("the same records as before", 90, || {
            let now = records(hands)?;
            Ok(if now == before { Ok(()) } else { Err(format!("{now:?}, not {before:?}")) })
        })
        .map(drop)
    })
}

/// Does something while a client asks once a second, by the name; each request has to be served.
fn asked_meanwhile(hands: &Hands, run: impl FnOnce() -> Result<()>) -> Result<()> {
    let (is_over, missed) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let (asked, went) = thread::scope(|scope| {
        let visitor = scope.spawn(|| visit(hands, &is_over, &missed));
        let went = run();
        is_over.store(true, Ordering::Relaxed);
        (visitor.join().unwrap_or(0), went)
    });
    went?;
    let missed = missed.into_inner().unwrap_or_default();
    println!("      {asked} requests, one a second, of which {} had no answer", missed.len());
    expect(missed.is_empty(), format!("not served: {missed:?}"))
}

fn visit(hands: &Hands, is_over: &AtomicBool, missed: &Mutex<Vec<(u32, String)>>) -> u32 {
    let url = format!("https://{WHOAMI}/");
    let words = ["-sk", "--max-time", "4", "-o", "/dev/null", "-w", "%{http_code}", &url];
    let mut asked = 0;
    while !is_over.load(Ordering::Relaxed) && asked < MOST {
        let began = Instant::now();
        let said =
            hands.client.output("curl", &words).map_or_else(|error| error.to_string(), |said| said.stdout);
        if let (false, Ok(mut all)) = (said == "200", missed.lock()) {
            all.push((asked, said));
        }
        asked += 1;
        thread::sleep(SECOND.saturating_sub(began.elapsed()));
    }
    asked
}

/// What the controller answers to a name that nobody has, asked at a node by HTTPS and by HTTP, without what differs each time.
fn unknown(hands: &Hands, name: &str, node: &str) -> Result<String> {
    let mut all = String::new();
    for (scheme, port) in [("http", 80), ("https", 443)] {
        let (url, to) = (format!("{scheme}://{name}/"), format!("{name}:{port}:{node}"));
        let words = ["-sSki", "--http1.1", "--max-time", "10", "--resolve", &to, &url];
        let said = hands.client.run("curl", &words)?;
        let lines = said.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
        all.push_str(&lines.collect::<Vec<_>>().join("\n"));
    }
    Ok(all)
}

fn gone(hands: &Hands) -> Result<std::result::Result<(), String>> {
    let mut left = Vec::new();
    for name in [WHOAMI, PLAIN] {
        for (kind, name) in [("A", name.to_owned()), ("TXT", format!("a-homelab.{name}"))] {
            left.extend(hands.contents(kind, &name)?.into_iter().map(|content| format!("{name} {content}")));
        }
    }
    Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
}

fn named(hands: &Hands, ask: &Ask, id: &str, words: &[&str]) -> Result<()> {
    let answer = ask.run(hands)?;
    let is = |check: &&&Value| check["id"] == id && words.iter().all(|word| check.to_string().contains(word));
    let failures = answer.failures();
    expect(failures.iter().any(|check| is(&check)), answer.lines())?;
    expect(failures.len() == 1, format!("more than one thing is told:\n{}", answer.lines()))
}

/// Every record of the zone, by type, name and content.
fn records(hands: &Hands) -> Result<BTreeSet<String>> {
    let text = |record: &Value, key: &str| record[key].as_str().unwrap_or_default().to_owned();
    let told = |record: &Value| ["type", "name", "content"].map(|key| text(record, key)).join(" ");
    Ok(hands.records()?.iter().map(told).collect())
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}
