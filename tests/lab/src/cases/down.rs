//! `homelab down`: the zone and the cluster are as before the first `up`, and what is others' stays.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::doctor::Ask;
use super::hands::{Hands, WHOAMI, ZONE, eventually, expect};
use crate::command::{Output, output_within};
use crate::error::{Context, Result, bail};
use crate::files;
use crate::paths::Run;

const LIMIT: Duration = Duration::from_secs(420);
/// What the lab noted before the first `up`.
const BEFORE: &str = "before-homelab.json";
/// What the cluster writes by itself, over and over.
const PASSING: [&str; 4] = ["events", "events.events.k8s.io", "pods", "leases.coordination.k8s.io"];
/// What a strangers' namespace has.
const THEIRS: &str = "neighbour";

/// Notes what is there before the first `up`.
pub(crate) fn note_before(run: &Run) -> Result<()> {
    let hands = Hands::of(run, false)?;
    files::write_json(&run.path(BEFORE), &json!({ "zone": hands.records()?, "cluster": names(&hands)? }))
}

fn before(hands: &Hands) -> Result<Value> {
    files::read_json(&hands.run.path(BEFORE))
        .context("a lab that was started by an older tree: start it anew")
}

/// Every object of every kind that can be listed and that nothing else made, by kind, namespace and name.
fn names(hands: &Hands) -> Result<BTreeSet<String>> {
    let kinds = hands.kubectl(&["api-resources", "--verbs=list,delete", "-o", "name"])?;
    let kinds: Vec<&str> = kinds.split_whitespace().filter(|kind| !PASSING.contains(kind)).collect();
    let list = hands.get(&[&kinds.join(","), "-A"])?;
    let items = list["items"].as_array().context("a list")?;
    // cert-manager's leases lie in a namespace that is not its own.
    let leases = hands.get(&["leases", "-n", "kube-system"])?;
    let leases = leases["items"].as_array().cloned().unwrap_or_default();
    let leases = leases
        .iter()
        .filter(|one| one["metadata"]["name"].as_str().is_some_and(|n| n.starts_with("cert-manager")));
    let is_made = |one: &&Value| one["metadata"]["ownerReferences"].is_array();
    let name = |one: &Value| {
        let text = |key: &str| one["metadata"][key].as_str().unwrap_or_default();
        format!("{} {}/{}", one["kind"].as_str().unwrap_or_default(), text("namespace"), text("name"))
    };
    Ok(items.iter().filter(|one| !is_made(one)).chain(leases).map(name).collect())
}

/// What is there that was not before the first `up`, and what is there no more.
fn changed(hands: &Hands) -> Result<(Vec<String>, Vec<String>)> {
    let before = before(hands)?;
    let before: BTreeSet<String> =
        serde_json::from_value(before["cluster"].clone()).context("what was noted of the cluster")?;
    let now = names(hands)?;
    Ok((now.difference(&before).cloned().collect(), before.difference(&now).cloned().collect()))
}

pub(super) fn zone_is_as_before(hands: &Hands) -> Result<()> {
    let before = before(hands)?;
    // A case about the ground has made a record of its own.
    let mut now = hands.records()?;
    now.retain(|record| record["name"] != "private.example.test");
    let now = json!(now);
    expect(now == before["zone"], format!("the zone was {}, and is {now}", before["zone"]))
}

/// `homelab down` with these flags, as it ended.
fn down(hands: &Hands, flags: &[&str]) -> Result<Output> {
    let mut command = hands.homelab(&["down", "--yes", "--config"]);
    command.arg(hands.run.homelab_config()).args(flags);
    output_within(&mut command, LIMIT)
}

fn down_well(hands: &Hands, flags: &[&str]) -> Result<Output> {
    let began = Instant::now();
    let output = down(hands, flags)?;
    let said = format!("{}\n{}", output.stdout, output.stderr);
    expect(output.status.success(), format!("down {flags:?} ended with {}:\n{said}", output.status))?;
    println!("      down {flags:?} took {:.1} s", began.elapsed().as_secs_f64());
    if hands.show {
        println!("{said}");
    }
    Ok(output)
}

/// Only what the next `up` uses again is left: definitions, certificates, the account key, and their namespaces.
pub(super) fn only_certificates_are_left(hands: &Hands) -> Result<()> {
    let (more, less) = changed(hands)?;
    let is_meant = |name: &String| {
        let (kind, place) = name.split_once(' ').unwrap_or_default();
        match kind {
            "CustomResourceDefinition" | "APIService" => place.ends_with("cert-manager.io"),
            "Secret" => place.ends_with("-tls") || place.ends_with("-account"),
            "Namespace" => ["/homelab", "/cert-manager"].contains(&place),
            // What the cluster puts into each namespace.
            "ConfigMap" => place.ends_with("/kube-root-ca.crt"),
            "ServiceAccount" => place.ends_with("/default"),
            _ => false,
        }
    };
    let (kept, strange): (Vec<String>, Vec<String>) = more.into_iter().partition(is_meant);
    expect(strange.is_empty() && less.is_empty(), format!("left: {strange:#?}\ngone: {less:#?}"))?;
    expect(kept.iter().any(|name| name.ends_with("whoami-tls")), "the certificate was not kept")
}

/// The serial number, by which a certificate is known again.
fn certificate(hands: &Hands) -> Result<String> {
    hands.kubectl(&["get", "secret", "whoami-tls", "-n", "homelab", "-o", "jsonpath={.data.tls\\.crt}"])
}

/// The doctor has one error: that homelab is not installed.
fn the_doctor_names_that_alone(hands: &Hands) -> Result<()> {
    eventually("the doctor to say that homelab is not installed, and no more", 60, || {
        let answer = Ask::NODE.run(hands)?;
        let failures = answer.failures();
        let errors = failures.iter().filter(|check| check["severity"] == "error");
        let ids: Vec<&str> = errors.filter_map(|check| check["id"].as_str()).collect();
        Ok(if ids == ["lab.installed"] { Ok(()) } else { Err(answer.lines()) })
    })
    .map(drop)
}

pub(super) fn leaves_what_was_before(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let had = certificate(hands)?;
    let list = hands.homelab_well(&["down", "--dry-run"])?;
    expect(list.contains("- Ingress homelab/whoami\n"), format!("not in the list:\n{list}"))?;
    expect(list.contains(&format!("- DNS records of {WHOAMI}\n")), format!("not in the list:\n{list}"))?;
    down_well(hands, &[])?;
    zone_is_as_before(hands)?;
    only_certificates_are_left(hands)?;
    let again = down_well(hands, &[])?;
    expect(again.stdout.starts_with("nothing to delete"), format!("not nothing:\n{}", again.stdout))?;
    the_doctor_names_that_alone(hands)?;
    hands.restore()?;
    expect(had == certificate(hands)?, "the certificate was ordered again")?;
    expect(hands.browse(WHOAMI)?.0 == "200", "the lab does not come back")
}

pub(super) fn nothing_is_left(hands: &Hands) -> Result<()> {
    // The API server forgets the groups of definitions that are gone a moment later.
    eventually("nothing of the lab to be left", 30, || {
        let (more, less) = changed(hands)?;
        Ok(if more.is_empty() && less.is_empty() {
            Ok(())
        } else {
            Err(format!("left: {more:#?}\ngone: {less:#?}"))
        })
    })
    .map(drop)
}

/// Takes everything away, certificates and all.
pub(super) fn purged(hands: &Hands) -> Result<()> {
    down_well(hands, &["--purge"])?;
    nothing_is_left(hands)
}

pub(super) fn purge_leaves_nothing(hands: &Hands) -> Result<()> {
    let document = down_well(hands, &["--purge", "--output", "json"])?;
    zone_is_as_before(hands)?;
    nothing_is_left(hands)?;
    let document: Value = serde_json::from_str(&document.stdout).context("its JSON")?;
    expect(document["kept"] == json!([]) && document["spared"] == json!([]), format!("{document:#}"))?;
    hands.restore()
}

/// What a neighbour has beside the lab, and what of it is still there.
pub(super) fn strangers_things_survive(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let host = "blog.home.example.test";
    let objects = [
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": THEIRS } }),
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "theirs", "namespace": "homelab",
            "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "home.example.test" } } }),
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "blog", "namespace": THEIRS },
            "spec": { "ingressClassName": "nginx", "rules": [{ "host": host, "http": { "paths": [{ "path": "/", "pathType": "Prefix",
                "backend": { "service": { "name": "blog", "port": { "number": 80 } } } }] } }] } }),
        json!({ "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": { "name": "own", "namespace": "homelab" },
            "spec": { "secretName": "own", "dnsNames": ["own.home.example.test"],
                "issuerRef": { "name": "acme", "kind": "ClusterIssuer", "group": "cert-manager.io" } } }),
    ];
    let text: Vec<String> = objects.iter().map(Value::to_string).collect();
    hands.kubectl_apply("theirs.yaml", &text.join("\n---\n"))?;
    hands.kubectl(&[
        "wait",
        "-n",
        "homelab",
        "certificate/own",
        "--for=condition=Ready",
        "--timeout=180s",
    ])?;
    eventually("the neighbour's record", 90, || {
        Ok(if hands.contents("A", host)?.is_empty() { Err("not there".to_owned()) } else { Ok(()) })
    })?;
    let record = hands.records_of("A", host)?;
    let output = down_well(hands, &["--purge"])?;
    let said =
        format!("{}\n{}", output.stdout, output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        &format!("Ingress {THEIRS}/blog ({host}): nothing serves it afterwards"),
        "Certificate homelab/own: nothing renews it afterwards",
        "Namespace homelab stays: not homelab's:",
        "up --adopt` installs everything again",
        "ConfigMap homelab/theirs",
        "CustomResourceDefinition certificates.cert-manager.io stays: not homelab's: `Certificate homelab/own",
    ] {
        expect(said.contains(part), format!("`{part}` is not in:\n{said}"))?;
    }
    hands.kubectl(&["get", "-n", "homelab", "configmap/theirs", "certificate/own", "secret/own"])?;
    hands.kubectl(&["get", "-n", THEIRS, "ingress/blog"])?;
    expect(hands.records_of("A", host)? == record, "the neighbour's record was touched")?;
    expect(hands.contents("A", WHOAMI)?.is_empty(), "the lab's own record is still there")?;
    // The neighbour moves out.
    // Their records have our owner, and nobody says any more that this cluster wrote them.
    hands.up_well(&hands.run.homelab_config(), &["--adopt"])?;
    hands.kubectl(&["delete", "-n", "homelab", "configmap/theirs", "certificate/own", "secret/own"])?;
    hands.kubectl(&["delete", "namespace", THEIRS])?;
    eventually("the neighbour's record to go", 90, || {
        Ok(if hands.contents("A", host)?.is_empty() { Ok(()) } else { Err("still there".to_owned()) })
    })
    .map(drop)
}

/// Starts a command of homelab, and kills it.
fn killed(hands: &Hands, words: &[&str], after: Duration) -> Result<()> {
    let mut command = hands.homelab(words);
    command.arg("--config").arg(hands.run.homelab_config()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().context("starting homelab")?;
    std::thread::sleep(after);
    let ended = child.try_wait().context("homelab")?.is_some();
    child.kill().and_then(|()| child.wait()).context("killing homelab")?;
    println!(
        "      {words:?} {} after {:.1} s",
        if ended { "had ended" } else { "killed" },
        after.as_secs_f64()
    );
    Ok(())
}

/// Killed at some moments of `down`, and of an `up` from nothing: the next `down` ends clean.
pub(super) fn killed_in_the_middle(hands: &Hands) -> Result<()> {
    for after in [400, 1500, 4000, 9000, 16_000] {
        hands.restore()?;
        killed(hands, &["down", "--yes"], Duration::from_millis(after))?;
        down_well(hands, &[])?;
        zone_is_as_before(hands)?;
        only_certificates_are_left(hands)?;
    }
    for after in [700, 3000, 9000] {
        down_well(hands, &["--purge"])?;
        killed(hands, &["up"], Duration::from_millis(after))?;
        down_well(hands, &["--purge"])?;
        zone_is_as_before(hands)?;
        nothing_is_left(hands)?;
    }
    hands.restore()
}

/// The API server goes away for some seconds in the middle: the run ends, or says what is left, and the next one finishes.
pub(super) fn the_api_server_restarts(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let mut command = hands.homelab(&["down", "--yes", "--config"]);
    command.arg(hands.run.homelab_config()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().context("starting homelab")?;
    std::thread::sleep(Duration::from_millis(4000));
    crate::cluster::restart_api_server(&hands.run)?;
    let output = child.wait_with_output().context("homelab")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => println!("      it went on"),
        Some(3) => {
            let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in ["objects were deleted", " down` again", "hint:"] {
                expect(flat.contains(part), format!("`{part}` is not in:\n{said}"))?;
            }
            println!("      it stopped, and said what is left");
        }
        _ => bail!("ended with {}:\n{said}", output.status),
    }
    down_well(hands, &[])?;
    zone_is_as_before(hands)?;
    only_certificates_are_left(hands)?;
    hands.restore()
}

/// Somebody has deleted cert-manager by hand, definitions and all.
pub(super) fn without_cert_manager(hands: &Hands) -> Result<()> {
    hands.restore()?;
    hands.kubectl(&["delete", "namespace", "cert-manager"])?;
    hands.kubectl(&["delete", "crd", "-l", "app.kubernetes.io/name=cert-manager"])?;
    down_well(hands, &[])?;
    zone_is_as_before(hands)?;
    let (more, less) = changed(hands)?;
    let strange: Vec<&String> = more.iter().filter(|name| !name.contains("homelab")).collect();
    expect(strange.is_empty() && less.is_empty(), format!("left: {more:#?}\ngone: {less:#?}"))?;
    down_well(hands, &["--purge"])?;
    nothing_is_left(hands)?;
    hands.restore()?;
    expect(hands.browse(WHOAMI)?.0 == "200", "the lab does not come back")
}

/// The token was revoked: nothing is deleted, until it is said that the records may stay.
pub(super) fn token_was_revoked(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let token = hands.token()?;
    hands.control("DELETE", &format!("/tokens/{token}"), None)?;
    let mark = hands.audit_mark()?;
    let output = down(hands, &[]);
    let ended = output.and_then(|output| {
        let said = format!("{}\n{}", output.stdout, output.stderr);
        expect(output.status.code() == Some(3), format!("{} instead of 3:\n{said}", output.status))?;
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "so nothing was deleted",
            "does not know the API token",
            &format!("the records of `{WHOAMI}`"),
            " down",
            "--keep-records",
        ] {
            expect(flat.contains(part), format!("`{part}` is not in:\n{said}"))?;
        }
        expect(hands.audited(mark)?.iter().all(|request| !request.is_write()), "something was written")?;
        let output = down_well(hands, &["--keep-records"])?;
        expect(output.stdout.contains("stay at"), format!("not said:\n{}", output.stdout))?;
        expect(!hands.contents("A", WHOAMI)?.is_empty(), "the record went")?;
        only_certificates_are_left(hands)
    });
    let rights = json!({ "permissions": ["zone:read", "dns:edit"], "zones": [ZONE] });
    hands.control("PUT", &format!("/tokens/{token}"), Some(&rights))?;
    ended?;
    hands.up_well(&hands.run.homelab_config(), &["--adopt"])?;
    down_well(hands, &[])?;
    zone_is_as_before(hands)?;
    hands.restore()
}
