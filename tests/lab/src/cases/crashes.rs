//! kill -9 at random moments, then one `up`: always the same end.

use std::process::Stdio;
use std::thread;
use std::time::Instant;

use serde_json::Value;

use super::hands::{Hands, expect};
use crate::error::{Context, Result, bail};

const NAMESPACES: [&str; 4] = ["ingress-nginx", "cert-manager", "external-dns", "homelab"];

/// Against API server and etcd: from nothing, killed, finished.
pub(super) fn kills_against_the_api(hands: &Hands) -> Result<()> {
    kills(hands, 20, &["--no-verify"], false)
}

/// The first five of them.
pub(super) fn five_kills_against_the_api(hands: &Hands) -> Result<()> {
    kills(hands, 5, &["--no-verify"], false)
}

/// Three times on the full stack, certificates and records included.
pub(super) fn kills_on_the_full_stack(hands: &Hands) -> Result<()> {
    kills(hands, 3, &[], true)
}

fn kills(hands: &Hands, times: u32, flags: &[&str], from_nothing: bool) -> Result<()> {
    hands.restore()?;
    let wanted = state(hands)?;
    // The moments lie within the time that a run takes when nobody kills it.
    clear(hands, from_nothing)?;
    let began = Instant::now();
    hands.up_well(&hands.run.homelab_config(), flags)?;
    let mut whole = began.elapsed();
    println!("      a whole run takes {:.2} s", whole.as_secs_f64());
    let mut killed = 0;
    // A fixed seed: the moments differ, the run can be repeated.
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..times * 2 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let after = whole.mul_f64((random >> 11) as f64 / (1u64 << 53) as f64);
        clear(hands, from_nothing)?;
        let mut command = hands.homelab(&["up", "--config"]);
        command.arg(hands.run.homelab_config()).args(flags).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().context("starting homelab")?;
        std::thread::sleep(after);
        let ended = child.try_wait().context("homelab")?.is_some();
        child.kill().and_then(|()| child.wait()).context("killing homelab")?;
        let began = Instant::now();
        hands.up_well(&hands.run.homelab_config(), flags)?;
        let now = state(hands)?;
        let how = if ended { "had ended by itself" } else { "killed" };
        killed += u32::from(!ended);
        if ended {
            // It takes no longer than that: later moments would kill nothing.
            whole = whole.min(after);
        }
        println!(
            "      {killed}/{times}: {how} after {:.2} s, finished in {:.1} s",
            after.as_secs_f64(),
            began.elapsed().as_secs_f64()
        );
        if now != wanted {
            bail!("killed after {after:?}, the end differs:\n{}", difference(&wanted, &now));
        }
        if killed == times {
            return Ok(());
        }
    }
    bail!("only {killed} of {} runs were still under way when they were killed", times * 2)
}

/// Takes away much of what `up` makes, so that there is work to be killed in. Without `everything`, what takes a minute
/// to come back stays: certificates, and the addresses in the Ingress status.
fn clear(hands: &Hands, everything: bool) -> Result<()> {
    let labelled = ["-l", "app.kubernetes.io/managed-by=homelab", "--ignore-not-found", "--wait=true"];
    let mut deletions = Vec::new();
    for namespace in NAMESPACES {
        let mut within = |what: &[&'static str]| deletions.push([what, &["-n", namespace]].concat());
        let of_kinds = |kinds| [&[kinds][..], &labelled].concat();
        within(&of_kinds("configmaps,roles,rolebindings,services"));
        if everything {
            within(&of_kinds("ingresses,certificates,deployments,daemonsets,secrets"));
        } else {
            within(&["secret", "homelab-dns-provider", "--ignore-not-found"]);
        }
    }
    let everywhere = "clusterissuers,clusterroles,clusterrolebindings,ingressclasses,\
validatingadmissionpolicies,validatingadmissionpolicybindings";
    deletions.push([&[everywhere][..], &labelled].concat());
    // Side by side: each waits for what it deletes.
    thread::scope(|scope| {
        let start = |words: Vec<&'static str>| {
            scope.spawn(move || hands.kubectl(&[&["delete"], &words[..]].concat()))
        };
        let started: Vec<_> = deletions.into_iter().map(start).collect();
        let ended =
            started.into_iter().map(|one| one.join().unwrap_or_else(|_| bail!("a deletion broke off")));
        ended.collect::<Result<Vec<_>>>()
    })?;
    let namespaces = ["get", "namespaces", "-o", "name", labelled[0], labelled[1]];
    expect(!hands.kubectl(&namespaces)?.is_empty(), "the namespaces went")
}

/// What is there, without what differs from run to run.
fn state(hands: &Hands) -> Result<Vec<(String, Value)>> {
    let kinds = "namespaces,customresourcedefinitions,ingressclasses,serviceaccounts,clusterroles,clusterrolebindings,roles,rolebindings,\
configmaps,services,deployments,daemonsets,mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings,priorityclasses,\
clusterissuers,ingresses";
    let list = hands.get(&[kinds, "-A", "-l", "app.kubernetes.io/managed-by=homelab"])?;
    let mut found = Vec::new();
    for item in list["items"].as_array().cloned().unwrap_or_default() {
        let metadata = &item["metadata"];
        let key = format!("{} {}/{}", item["kind"], metadata["namespace"], metadata["name"]);
        let hash = &metadata["annotations"]["homelab/hash"];
        found.push((key, serde_json::json!({ "hash": hash, "labels": metadata["labels"] })));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    expect(found.len() > 50, format!("only {} objects", found.len()))?;
    Ok(found)
}

fn difference(wanted: &[(String, Value)], now: &[(String, Value)]) -> String {
    let only = |a: &[(String, Value)], b: &[(String, Value)]| -> Vec<String> {
        a.iter().filter(|entry| !b.contains(entry)).map(|(key, _)| key.clone()).collect()
    };
    format!("missing or changed: {:?}\nnew or changed: {:?}", only(wanted, now), only(now, wanted))
}
