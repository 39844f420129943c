//! The records move: from Cloudflare to the nodes and back, on a lab that somebody asks once a second all the while.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::hands::{DOMAIN, Hands, WHOAMI, eventually, expect};
use crate::error::Result;
use crate::files;
use crate::name_server::{Provider, to_nodes};
use crate::router::{self, Router};
use crate::vantage::Place;

/// The root outlives its last certificate, so that no device has to be told again.
const KEPT: &str = "cert-manager/homelab-ca-root";
const SECOND: Duration = Duration::from_secs(1);
/// Longer than any step takes.
const MOST: u32 = 1800;

pub(super) fn there_and_back(hands: &Hands) -> Result<()> {
    let (is_over, missed) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let began = Instant::now();
    let (asked, went) = thread::scope(|scope| {
        let visitor = scope.spawn(|| visit(hands, &is_over, &missed));
        let went = steps(hands);
        is_over.store(true, Ordering::Relaxed);
        (visitor.join().unwrap_or(0), went)
    });
    // What other cases need, whatever became of this one.
    hands.restore_router()?;
    went?;
    let missed = missed.into_inner().unwrap_or_default();
    println!(
        "      {asked} requests in {} s, of which {} had no answer: {missed:?}",
        began.elapsed().as_secs(),
        missed.len()
    );
    Ok(())
}

/// Asks once a second, by the name; gives how often. Notes each request that was not served, with the second.
fn visit(hands: &Hands, is_over: &AtomicBool, missed: &Mutex<Vec<(u32, i32)>>) -> u32 {
    let url = format!("https://{WHOAMI}/");
    let words = ["-sk", "--max-time", "4", "-o", "/dev/null", "-w", "%{http_code}", &url];
    let mut asked = 0;
    while !is_over.load(Ordering::Relaxed) && asked < MOST {
        let began = Instant::now();
        let served = hands.client.output("curl", &words);
        let code = served.as_ref().map_or(-1, |said| said.status.code().unwrap_or(-1));
        let is_served = served.is_ok_and(|said| said.stdout == "200");
        if let (false, Ok(mut all)) = (is_served, missed.lock()) {
            all.push((asked, code));
        }
        asked += 1;
        thread::sleep(SECOND.saturating_sub(began.elapsed()));
    }
    asked
}

fn steps(hands: &Hands) -> Result<()> {
    let cloud = hands.run.homelab_config();
    let nodes = local(hands)?;
    let router = Router::find(&hands.run)?;
    let forwards = to_nodes(&[Place::Node, Place::Node2]);
    let before = (records(hands)?, things(hands)?);
    expect(!hands.contents("A", WHOAMI)?.is_empty(), "the service is not published")?;

    // The nodes answer, and nobody asks them yet: what the house uses stays.
    let first = hands.up_with(&nodes, &[])?;
    let said = format!("{}{}", first.stdout, first.stderr);
    expect(first.status.code() == Some(1) && said.contains("dns.forwarding"), &said)?;
    expect(said.contains("the records at Cloudflare, in the zone `example.test` stay"), &said)?;
    expect(!hands.contents("A", WHOAMI)?.is_empty(), "the record went before the new way was proven")?;

    // A person enters the nodes in the router, and runs it again.
    files::write(&router::forwards(&hands.run), &forwards)?;
    router.restart(false)?;
    let moved = hands.up_well(&nodes, &[])?;
    let said = format!("{}{}", moved.stdout, moved.stderr);
    expect(said.contains("no record of the lab is left at Cloudflare"), &said)?;
    let left: Vec<String> = records(hands)?.into_iter().filter(|name| name.contains(DOMAIN)).collect();
    let strangers: Vec<String> =
        before.0.iter().filter(|name| name.contains("notes.home")).cloned().collect();
    expect(left == strangers, format!("left at Cloudflare: {left:?}"))?;
    let gone = things(hands)?;
    let of_move = gone.iter().filter(|name| name.contains("external-dns"));
    expect(of_move.count() == 0, format!("left in the cluster: {gone:?}"))?;
    expect(!hands.up_well(&nodes, &[])?.stderr.contains("written"), "a second up wrote something")?;

    // Back. The router still asks the nodes: they stay, and it is said why.
    let back = hands.up_well(&cloud, &[])?;
    let said = format!("{}{}", back.stdout, back.stderr);
    expect(said.contains("still asks them for `home.example.test`"), &said)?;
    let servers = || {
        hands.kubectl(&[
            "-n",
            "name-server",
            "get",
            "daemonset",
            "name-server",
            "--ignore-not-found",
            "-o",
            "name",
        ])
    };
    expect(!servers()?.trim().is_empty(), "the name servers went though the router asks them")?;
    files::write(&router::forwards(&hands.run), "")?;
    router.restart(false)?;
    hands.up_well(&cloud, &[])?;
    expect(servers()?.trim().is_empty(), "the name servers are still there")?;
    expect(hands.browse(WHOAMI)?.0 == "200", "the page is gone")?;

    // Everything is as it was, but for the root.
    eventually("the same records, Secrets and Certificates as before", 120, || {
        let now = (records(hands)?, things(hands)?);
        let mut things = now.1.clone();
        things.retain(|name| name != &format!("Secret {KEPT}"));
        Ok(match now.0 == before.0 && things == before.1 {
            true => Ok(()),
            false => Err(format!("{now:?}, not {before:?}")),
        })
    })
    .map(drop)
}

/// The lab's own configuration, for nodes that answer themselves.
fn local(hands: &Hands) -> Result<PathBuf> {
    let text = hands.config()?;
    let lines = text.lines().filter(|line| !line.starts_with("email: ") && !line.starts_with("acme: "));
    let lines = lines.map(|line| match line.starts_with("dns: ") {
        true => format!("dns: {}", Provider::Local.section(&hands.run)),
        false => line.to_owned(),
    });
    hands.config_file("moved.yaml", &(lines.collect::<Vec<_>>().join("\n") + "\n"))
}

/// Every record of the zone, by type and name.
fn records(hands: &Hands) -> Result<BTreeSet<String>> {
    let text = |record: &serde_json::Value, key: &str| record[key].as_str().unwrap_or_default().to_owned();
    Ok(hands
        .records()?
        .iter()
        .map(|record| format!("{} {}", text(record, "type"), text(record, "name")))
        .collect())
}

/// Every Secret and Certificate of the cluster. What cert-manager names anew for each order is not counted.
fn things(hands: &Hands) -> Result<BTreeSet<String>> {
    let list = hands.kubectl(&[
        "get",
        "secrets,certificates.cert-manager.io",
        "--all-namespaces",
        "-o",
        "jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{\"\\n\"}{end}",
    ])?;
    Ok(list.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect())
}
