//! `homelab backup` and `restore`: a lab from nothing has the certificates of the old one, and orders none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::down;
use super::hands::{Hands, WHOAMI, expect};
use crate::command::{Output, output, run};
use crate::error::{Context, Result};

/// What tells of an order at the ACME server: without `--purge`, some of these stay.
const ORDERED: [&str; 3] = ["orders", "challenges", "certificaterequests"];
const PASSPHRASE: &str = "five words of the lab itself";

/// A verb with the backup's folder and passphrase, as it ended.
fn with_backup(hands: &Hands, verb: &str, folder: &Path, flags: &[&str]) -> Result<Output> {
    let passphrase = hands.config_file("backup-passphrase", PASSPHRASE)?;
    let mut command = hands.homelab(&[verb]);
    command.arg(folder).arg("--passphrase-file").arg(passphrase).args(flags);
    output(command.arg("--config").arg(hands.run.homelab_config()))
}

/// The same, and it has to end well; its JSON document.
pub(super) fn well(hands: &Hands, verb: &str, folder: &Path, flags: &[&str]) -> Result<Value> {
    let ended = with_backup(hands, verb, folder, &[flags, &["--output", "json"]].concat())?;
    let said = format!("{}\n{}", ended.stdout, ended.stderr);
    expect(ended.status.success(), format!("{verb} ended with {}:\n{said}", ended.status))?;
    serde_json::from_str(&ended.stdout).context("its JSON")
}

/// How many Secrets of the document had each outcome.
fn outcomes(document: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in document["secrets"].as_array().into_iter().flatten() {
        *counts.entry(one["outcome"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    counts
}

/// The files of a folder, byte for byte.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let entries = fs::read_dir(folder).context(folder.display())?;
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.context("a file of the backup")?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, fs::read(&path).context(path.display())?))
    };
    entries.map(read).collect()
}

/// The serial number of the certificate that nginx serves.
fn served(hands: &Hands) -> Result<String> {
    let script = format!(
        "openssl s_client -connect {WHOAMI}:443 -servername {WHOAMI} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    );
    Ok(hands.client.run("bash", &["-c", &script])?.trim().to_owned())
}

/// The address of the account at the ACME server.
fn account(hands: &Hands) -> Result<String> {
    hands.kubectl(&["get", "clusterissuer", "acme", "-o", "jsonpath={.status.acme.uri}"])
}

fn nothing_was_ordered(hands: &Hands) -> Result<()> {
    for kind in ORDERED {
        let list = hands.get(&[kind, "-A"])?;
        let items = list["items"].as_array().context("a list")?;
        let names: Vec<&Value> = items.iter().map(|one| &one["metadata"]["name"]).collect();
        expect(names.is_empty(), format!("{kind}: {names:?}"))?;
    }
    Ok(())
}

/// Backup, everything away, restore, up: the same serial numbers, and no order at pebble.
pub(super) fn brings_the_same_certificates_back(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let folder = hands.run.path("backup");
    if folder.exists() {
        fs::remove_dir_all(&folder).context(folder.display())?;
    }
    let (serial, uri) = (served(hands)?, account(hands)?);
    expect(serial.starts_with("serial="), format!("no serial number: {serial}"))?;
    let first = well(hands, "backup", &folder, &[])?;
    let count = outcomes(&first).get("written").copied().unwrap_or_default();
    // The demo's certificate and the account; an earlier case may have left the account of another server.
    let all = |outcome: &str, document: &Value| {
        let wanted = BTreeMap::from([(outcome.to_owned(), count)]);
        expect(outcomes(document) == wanted, format!("not all {count} `{outcome}`: {document:#}"))
    };
    expect(count >= 2, format!("{first:#}"))?;
    all("written", &first)?;
    let before = files(&folder)?;
    let again = well(hands, "backup", &folder, &[])?;
    all("unchanged", &again)?;
    expect(before == files(&folder)?, "the second backup changed a file")?;

    down::purged(hands)?;
    let plan = well(hands, "restore", &folder, &["--dry-run"])?;
    expect(plan["namespaces"] == json!(["cert-manager", "homelab"]), format!("{plan:#}"))?;
    let restored = well(hands, "restore", &folder, &[])?;
    all("restored", &restored)?;
    let mark = hands.audit_mark()?;
    let again = well(hands, "restore", &folder, &[])?;
    all("same", &again)?;
    expect(hands.audited(mark)?.iter().all(|request| !request.is_write()), "the second restore wrote")?;

    hands.restore()?;
    nothing_was_ordered(hands)?;
    expect(served(hands)? == serial, "another certificate is served")?;
    expect(account(hands)? == uri, "another account was made")?;
    expect(hands.browse(WHOAMI)?.0 == "200", "the lab does not come back")?;
    let after = well(hands, "backup", &folder, &[])?;
    all("unchanged", &after)?;
    is_the_labs_own(hands)
}

/// What was restored is the lab's: `down` keeps it, and `--purge` leaves none of it.
fn is_the_labs_own(hands: &Hands) -> Result<()> {
    let list = hands.homelab_well(&["down", "--dry-run", "--purge"])?;
    for name in ["Secret homelab/whoami-tls", "Secret cert-manager/acme-account"] {
        expect(list.contains(&format!("- {name}\n")), format!("`{name}` would not go:\n{list}"))?;
    }
    let list = hands.homelab_well(&["down", "--dry-run"])?;
    expect(!list.contains("- Secret homelab/whoami-tls\n"), format!("it would go:\n{list}"))
}

/// `cert export`: the certificate that nginx serves, in files that only their owner reads, and not written twice.
pub(super) fn a_certificate_is_exported(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let folder = hands.run.path("exported");
    if folder.exists() {
        fs::remove_dir_all(&folder).context(folder.display())?;
    }
    let export = || -> Result<Value> {
        let mut command = hands.homelab(&["cert", "export", "whoami", "--output", "json", "--dir"]);
        let text = run(command.arg(&folder).arg("--config").arg(hands.run.homelab_config()))?;
        serde_json::from_str(&text).context("its JSON")
    };
    let first = export()?;
    expect(first["changed"] == true, format!("{first:#}"))?;
    let chain = folder.join("fullchain.pem");
    let chain = chain.display();
    let serial = hands.node.run("bash", &["-c", &format!("openssl x509 -noout -serial -in {chain}")])?;
    expect(serial.trim() == served(hands)?, format!("another certificate: {serial}"))?;
    let modes = hands.node.run("bash", &["-c", &format!("stat -c %a {}/*.pem", folder.display())])?;
    expect(modes == "600\n600\n", format!("modes: {modes}"))?;
    let again = export()?;
    expect(again["changed"] == false, format!("{again:#}"))
}
