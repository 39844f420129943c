//! Names in a zone that the lab may not write: the certificate comes by a CNAME record into one that it may, and nothing else of
//! the names is ever in public DNS.

use std::path::Path;

use serde_json::{Value, json};

use super::challenge_server::{REFUSED, no_challenge_is_left, refused_order, watched};
use super::doctor::Ask;
use super::hands::{DOMAIN, Hands, expect};
use crate::command::run;
use crate::error::{Context, Result};
use crate::files;
use crate::name_server::to_nodes;
use crate::router::{self, Router};
use crate::vantage::Place;
use crate::world::COMPANY;

/// Beside the lab's own configuration.
const FILE: &str = "challenge-zone.yaml";
const INTRANET: &str = "intranet.company.test";
/// A name in the zone that the lab's token may write.
const CHALLENGES: &str = "acme.example.test";
const CNAME: &str = "cm.challenge-cname";

pub(super) fn proof(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    // What other cases need, whatever became of this one.
    for record in records_of(hands, COMPANY)? {
        hands.remove_record(&record)?;
    }
    hands.restore_router()?;
    went?;
    hands.is_public_again()
}

fn steps(hands: &Hands) -> Result<()> {
    let config = config(hands)?;
    let (name, target) = delegated(hands, &config)?;
    expect(
        name == format!("_acme-challenge.{INTRANET}") && target == format!("{name}.{CHALLENGES}"),
        &target,
    )?;

    refused_without_the_record(hands, &config, &format!("{name}. CNAME {target}."))?;

    // Somebody in the company enters it, and the router is told of the nodes.
    let to_company = to_nodes(&[Place::Node, Place::Node2]).replace(DOMAIN, INTRANET);
    files::write(&router::forwards(&hands.run), to_company)?;
    Router::find(&hands.run)?.restart(true)?;
    let record = hands.control("POST", "/records", Some(&entry(&name, &target)))?;
    let seen = watched(|| public(hands), || hands.up_well(&config, &[]).map(drop))?;
    expect(seen.contains(&format!("TXT {target}")), format!("no challenge was seen at {target}: {seen:?}"))?;
    let named: Vec<&String> =
        seen.iter().filter(|one| one.contains(INTRANET) && !one.contains(&name)).collect();
    expect(named.is_empty(), format!("in public DNS: {named:?}"))?;

    let whoami = format!("whoami.{INTRANET}");
    expect(hands.browse(&whoami)?.0 == "200", "the page is not served with a certificate of its name")?;
    no_challenge_is_left(|| public(hands))?;
    let ask = Ask { config: Some(FILE), ..Ask::NODE };
    let well = ask.run(hands)?;
    expect(well.failures().is_empty(), well.lines())?;

    let refused = format!("_acme-challenge.{REFUSED}.{INTRANET}");
    let alias =
        hands.control("POST", "/records", Some(&entry(&refused, &format!("{refused}.{CHALLENGES}"))))?;
    refused_order(hands, INTRANET, || public(hands))?;
    hands.remove_record(&alias)?;

    misled(hands, &ask, &record, (&name, &target))
}

/// The record goes, and another answers in its place: a warning, since the certificate that is there serves.
fn misled(hands: &Hands, ask: &Ask, record: &Value, (name, target): (&str, &str)) -> Result<()> {
    hands.remove_record(record)?;
    told(hands, ask, &["no CNAME record", &format!("{name}. CNAME {target}.")])?;
    let wildcard =
        hands.control("POST", "/records", Some(&entry(&format!("*.{COMPANY}"), "gate.lab.test")))?;
    told(hands, ask, &["by a wildcard record", "gate.lab.test"])?;
    let slip = hands.control("POST", "/records", Some(&entry(name, &format!("{target}.{COMPANY}"))))?;
    told(hands, ask, &["the final dot is missing"])?;
    hands.remove_record(&slip)?;
    hands.control("POST", "/records", Some(&entry(name, target)))?;
    let well = ask.run(hands)?;
    expect(well.failures().is_empty(), well.lines())?;
    hands.remove_record(&wildcard)
}

fn told(hands: &Hands, ask: &Ask, words: &[&str]) -> Result<()> {
    let answer = ask.run(hands)?;
    let failures = answer.failures();
    let of_record =
        failures.iter().find(|check| check["id"] == CNAME).context("nothing is said of the record")?;
    let said = of_record.to_string();
    expect(words.iter().all(|word| said.contains(word)), format!("without {words:?}: {said}"))?;
    let only = failures.iter().all(|check| check["id"] == CNAME && check["severity"] == "warning");
    expect(only, answer.lines())
}

/// Nothing is written, and so nothing is asked of the ACME server.
fn refused_without_the_record(hands: &Hands, config: &Path, record: &str) -> Result<()> {
    let mark = hands.audit_mark()?;
    let ended = hands.up_with(config, &[])?;
    let said = format!("{}{}", ended.stdout, ended.stderr);
    expect(ended.status.code() == Some(2) && said.contains(record), format!("{}: {said}", ended.status))?;
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|one| one.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("it wrote {writes:?}"))?;
    let orders = hands.get(&["orders.acme.cert-manager.io", "--all-namespaces"])?;
    expect(!orders.to_string().contains(INTRANET), format!("{orders:#}"))
}

/// Every record of every public zone: its type and its name.
fn public(hands: &Hands) -> Result<Vec<String>> {
    let state = hands.control("GET", "/state", None)?;
    let zones = state["zones"].as_array().context("the public zones")?;
    let records = zones.iter().flat_map(|zone| zone["records"].as_array().into_iter().flatten());
    let told = |record: &Value| {
        format!(
            "{} {}",
            record["type"].as_str().unwrap_or_default(),
            record["name"].as_str().unwrap_or_default()
        )
    };
    Ok(records.map(told).collect())
}

fn records_of(hands: &Hands, zone: &str) -> Result<Vec<Value>> {
    let state = hands.control("GET", "/state", None)?;
    let zones = state["zones"].as_array().context("the public zones")?;
    let of_zone = zones.iter().find(|one| one["name"] == zone).context("the company's zone")?;
    Ok(of_zone["records"].as_array().cloned().unwrap_or_default())
}

fn entry(name: &str, target: &str) -> Value {
    json!({ "zone": COMPANY, "type": "CNAME", "name": name, "content": target, "ttl": 60 })
}

/// The one record that `zone delegate` prints: name and target.
fn delegated(hands: &Hands, config: &Path) -> Result<(String, String)> {
    let text = run(hands.homelab(&["zone", "delegate", "--output", "json", "--config"]).arg(config))?;
    let told: Value = serde_json::from_str(&text).context("its JSON")?;
    let records = told["records"].as_array().cloned().unwrap_or_default();
    expect(records.len() == 1 && records[0]["type"] == "CNAME", format!("{told:#}"))?;
    let text = |key: &str| records[0][key].as_str().unwrap_or_default().to_owned();
    Ok((text("name"), text("target")))
}

/// The lab's own configuration, with a domain that is the company's.
fn config(hands: &Hands) -> Result<std::path::PathBuf> {
    let dns = format!("owner: {DOMAIN}, challengeZone: {CHALLENGES}, houseResolver: true");
    let text = hands.config()?;
    let lines = text.lines().map(|line| match line.split_once(": ") {
        Some(("domain", _)) => format!("domain: {INTRANET}"),
        Some(("dns", section)) => format!("dns: {}", section.replace(" }", &format!(", {dns} }}"))),
        _ => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    hands.config_file(FILE, &format!("{text}\ncertificates: wildcard\n"))
}
