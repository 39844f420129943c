//! Several organisations in one cluster: each has its names in its zone, and none takes another's.

mod fence;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::account::{self, by_hand};
use super::doctor::Ask;
use super::hands::{DOMAIN, Hands, eventually, expect};
use super::{Case, with_all_and};
use crate::error::{Context, Result};
use crate::files;
use crate::image::reference;
use crate::name_server::{Provider, route53};

pub(super) const CASES: &[Case] = &[with_all_and(
    Provider::Route53,
    "organisations",
    "two organisations share the cluster, each in its zone, and none takes a name of another's",
    share,
)];

/// Each with its namespaces.
pub(super) const ORGANISATIONS: [(&str, &[&str]); 2] =
    [("acme", &["office", "shop"]), ("globex", &["bench"])];
/// What the policy of the page lets a key read, and what `homelab zone policy` adds to that: it may say who uses the zone.
const READS: &str = "\"route53:ListResourceRecordSets\"";
const READS_AND_CLAIMS: &str = "[\"route53:ListResourceRecordSets\", \"route53:ListTagsForResource\", \"route53:ChangeTagsForResource\"]";
/// How long a record may take (seconds).
const LIMIT: u64 = 90;

fn share(hands: &Hands) -> Result<()> {
    let zones = make_zones(hands)?;
    let config = config(hands)?;
    for namespace in ["shop", "bench"] {
        hands.kubectl(&["create", "namespace", namespace])?;
        program(hands, namespace)?;
    }
    let first = hands.up_well(&config, &[])?;
    for host in ["web.acme", "wiki.globex"] {
        let host = format!("{host}.{DOMAIN}");
        let (status, _) = hands.browse(&host)?;
        expect(status == "200", format!("{host}: {status}\n{}", first.stderr))?;
        let leads = leads(hands, &host)?;
        expect(leads == hands.node_addresses()?, format!("{host} leads to {leads:?}"))?;
    }
    let signed = hands.get(&["certificate", "-n", "shop", "web-tls"])?;
    expect(signed["spec"]["issuerRef"]["kind"] == "Issuer", format!("{signed:#}"))?;
    let owner = text_of(hands, &format!("a-homelab.web.acme.{DOMAIN}"))?;
    expect(owner.contains(&format!("owner={DOMAIN}/acme/shop")), owner)?;
    // A second run has nothing to do.
    let mark = hands.audit_mark()?;
    hands.up_well(&config, &[])?;
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|one| one.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("{writes:?}"))?;
    fence::holds(hands)?;
    taken(hands)?;
    led_astray(hands, &config, &zones)?;
    gone(hands, zones.first().context("the first zone")?)
}

/// What the policy of the page allows, and that the key may say who uses the zone.
pub(super) fn rights() -> Result<String> {
    Ok(route53::policy()?.replace(READS, READS_AND_CLAIMS))
}

pub(super) fn make_zones(hands: &Hands) -> Result<Vec<String>> {
    let policy = rights()?;
    let make = |(name, _): &(&str, &[&str])| {
        let wanted = json!({ "do": "organisation", "name": format!("{name}.{DOMAIN}"), "text": policy });
        let made: Value = serde_json::from_str(&by_hand(hands, &wanted)?).context("a zone")?;
        let text = |key: &str| made[key].as_str().unwrap_or_default().to_owned();
        let file = key_file(hands, name);
        files::write(&file, text("key"))?;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&file, private).context("protecting a key")?;
        Ok(text("zone"))
    };
    ORGANISATIONS.iter().map(make).collect()
}

pub(super) fn key_file(hands: &Hands, name: &str) -> PathBuf {
    hands.run.path(&format!("key-of-{name}"))
}

pub(super) fn config(hands: &Hands) -> Result<PathBuf> {
    let mut text = "organisations:\n".to_owned();
    for (name, namespaces) in ORGANISATIONS {
        let (namespaces, file) = (namespaces.join(", "), key_file(hands, name));
        text += &format!("  {name}: {{ namespaces: [{namespaces}], tokenFile: {} }}\n", file.display());
    }
    text += "services:\n  web: { service: shop/program, port: 80, organisation: acme }\n  \
             wiki: { service: bench/program, port: 80, organisation: globex }\n";
    hands.config_with("organisations.yaml", &text)
}

pub(super) fn program(hands: &Hands, namespace: &str) -> Result<()> {
    let labels = json!({ "app": "program" });
    let container = json!({ "name": "program", "image": reference("whoami"), "args": ["--port=8080"] });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "program", "namespace": namespace },
        "spec": { "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels }, "spec": { "containers": [container] } } },
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "program", "namespace": namespace },
        "spec": { "selector": labels, "ports": [{ "port": 80, "targetPort": 8080 }] },
    });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [deployment, service] });
    hands.kubectl_apply(&format!("program-{namespace}.json"), &list.to_string()).map(drop)
}

/// Where a name leads in the house, in the order of the addresses.
fn leads(hands: &Hands, host: &str) -> Result<Vec<String>> {
    let mut found = hands.dig(host)?;
    found.sort();
    Ok(found)
}

/// What the zone's own servers have in a TXT record.
fn text_of(hands: &Hands, name: &str) -> Result<String> {
    hands.client.run("dig", &["+short", "+time=2", "+tries=2", name, "TXT", "@203.0.113.53"])
}

/// An Ingress of the organisation's own people gets its record, a stranger's record in its zone stays.
fn taken(hands: &Hands) -> Result<()> {
    hands.kubectl_apply("own.json", &fence::ingress("office", "desk", Some("desk.acme")).to_string())?;
    let host = format!("desk.acme.{DOMAIN}");
    eventually("the record of an Ingress that homelab did not make", LIMIT, || {
        let found = leads(hands, &host)?;
        Ok(if found == hands.node_addresses()? { Ok(()) } else { Err(format!("{found:?}")) })
    })?;
    let owner = text_of(hands, &format!("a-homelab.{host}"))?;
    expect(owner.contains(&format!("owner={DOMAIN}/acme/office")), owner)?;
    hands.kubectl(&["-n", "office", "delete", "ingress", "desk"])?;
    eventually("the record is gone with it", LIMIT, || {
        let found = text_of(hands, &format!("a-homelab.{host}"))?;
        Ok(if found.trim().is_empty() { Ok(()) } else { Err(found) })
    })
    .map(drop)
}

/// The doctor finds a delegation that is gone, and one that leads to a zone that is gone.
fn led_astray(hands: &Hands, config: &std::path::Path, zones: &[String]) -> Result<()> {
    let name = config.file_name().and_then(|name| name.to_str()).context("the file's name")?.to_owned();
    let ask = Ask { config: Some(Box::leak(name.into_boxed_str())), ..Ask::NODE };
    let told = |wanted: &str| -> Result<()> {
        let answer = ask.run(hands)?;
        let failed = answer.failures();
        let one = failed.iter().find(|check| check["id"] == "dns.organisation");
        let summary = one.map(|check| check["summary"].to_string()).unwrap_or_default();
        expect(summary.contains(wanted), format!("{wanted}: {summary}\n{}", answer.lines()))
    };
    let well = ask.run(hands)?;
    expect(well.failures().is_empty(), well.lines())?;
    let zone = format!("globex.{DOMAIN}");
    let delegation =
        |on: bool| by_hand(hands, &json!({ "do": "delegation", "name": zone, "on": on })).map(drop);
    delegation(false)?;
    told("has no NS records for")?;
    delegation(true)?;
    let id = zones.get(1).context("the second zone")?;
    by_hand(hands, &json!({ "do": "forget", "zone": id }))?;
    told("has no such zone any more")?;
    delegation(false)
}

/// What the account has of a zone.
fn in_account(hands: &Hands, id: &str) -> Result<Value> {
    Ok(account::zones(hands)?.into_iter().find(|zone| zone["id"] == id).unwrap_or_default())
}

/// An organisation that is taken out of the file takes its external-dns, its Issuers and its credential with it, the records that
/// this cluster wrote in its zone, and the claim on it: what others have there stays.
pub(super) fn gone(hands: &Hands, acme: &str) -> Result<()> {
    let nas = format!("nas.acme.{DOMAIN}");
    let added = json!({ "do": "add", "zone": acme, "name": nas, "kind": "A", "content": ["192.168.1.5"] });
    by_hand(hands, &added)?;
    let claim = format!("homelab/claim/{DOMAIN}");
    let before = in_account(hands, acme)?;
    let host = format!("a-homelab.web.acme.{DOMAIN} TXT");
    let has = |zone: &Value, record: &str| {
        zone["records"].as_array().is_some_and(|all| all.iter().any(|one| one == record))
    };
    expect(before["tags"][&claim].is_string() && has(&before, &host), format!("{before:#}"))?;
    hands.restore()?;
    let after = in_account(hands, acme)?;
    expect(after["tags"][&claim].is_null(), format!("{after:#}"))?;
    let left: Vec<String> =
        [format!("acme.{DOMAIN} NS"), format!("acme.{DOMAIN} SOA"), format!("{nas} A")].into();
    let mut records: Vec<&str> =
        after["records"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    records.sort_unstable();
    expect(records == left, format!("{records:?}"))?;
    for words in [
        ["-n", "external-dns", "deployment", "external-dns-for-acme"],
        ["-n", "external-dns", "secret", "homelab-dns-provider-for-acme"],
        ["-n", "shop", "issuer", "acme"],
        ["-n", "shop", "secret", "homelab-dns-provider"],
        ["-n", "shop", "role", "external-dns-for-acme"],
    ] {
        let words = [&["get", "--ignore-not-found", "-o", "name"][..], &words].concat();
        let left = hands.kubectl(&words)?;
        expect(left.trim().is_empty(), format!("{left} is still there"))?;
    }
    let policies = hands.kubectl(&["get", "validatingadmissionpolicies", "-o", "name"])?;
    expect(!policies.contains("homelab-organisations"), policies)?;
    for namespace in ["shop", "bench"] {
        hands.kubectl(&["-n", namespace, "get", "deployment", "program"])?;
        hands.kubectl(&["delete", "namespace", namespace])?;
    }
    let last = json!({ "do": "delegation", "name": format!("acme.{DOMAIN}"), "on": false });
    by_hand(hands, &last).map(drop)
}
