//! external-dns and its records.

use serde_json::{Value, json};

use super::names::clean_router;
use super::provider::{AT_ANOTHER, ELSEWHERE, another_cloudflare, grant, no_faults, no_other_cloudflare};
use super::{Ask, Injury, injury};
use crate::cases::hands::{Hands, WHOAMI, ZONE, eventually};
use crate::error::Result;

/// What stands in the TXT record of the demo's host.
const REGISTRY: &str = "a-homelab.whoami.home.example.test";
/// A service that was removed long ago.
const OLD: &str = "old.home.example.test";
/// The configuration with an image of external-dns that is nowhere.
const NO_IMAGE: &str = "no-external-dns.yaml";

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "the token may not be used from where the pods are",
        id: "edns.pods",
        says: &["from location", "perhaps by IPv6"],
        ask: AT_ANOTHER,
        always: false,
        make: not_from_the_pods,
        undo: from_everywhere,
    },
    Injury {
        name: "the image of external-dns cannot be pulled",
        id: "edns.pods",
        says: &["external-dns:v0.0.0-none", "cannot be pulled"],
        ask: Ask { config: Some(NO_IMAGE), ..Ask::NODE },
        always: false,
        make: no_image,
        undo: Hands::restore,
    },
    Injury {
        name: "Cloudflare refuses what external-dns writes",
        id: "edns.sync",
        says: &["whoami.home.example.test", "(code 9003)", "cloudflare-proxied"],
        ask: Ask::NODE,
        always: true,
        make: refuse_writes,
        undo: |hands| no_faults(hands).and_then(|()| nudge(hands)),
    },
    injury("the record belongs to another lab", "edns.owner", &["belongs to `other`"], give_away, start_over),
    injury(
        "the TXT record was deleted",
        "edns.owner",
        &["external-dns does not own", REGISTRY],
        |hands| hands.remove_records("TXT", REGISTRY),
        start_over,
    ),
    injury(
        "a CNAME is in the way",
        "edns.owner",
        &["the CNAME record", "cannot have an address record"],
        alias,
        start_over,
    ),
    injury(
        "the record was deleted and its TXT record left",
        "edns.records",
        &["though its TXT record is there", "makes it again"],
        |hands| hands.remove_records("A", WHOAMI),
        nudge,
    ),
    injury(
        "the record is proxied",
        "edns.records",
        &["is proxied", "DNS only"],
        |hands| replace(hands, &json!({ "content": "8.8.4.4", "proxied": true, "ttl": 1 })),
        no_longer_proxied,
    ),
    injury(
        "the record holds a public address",
        "edns.records",
        &["the public address 8.8.4.4"],
        |hands| replace(hands, &json!({ "content": "8.8.4.4", "ttl": 60 })),
        nudge,
    ),
    injury(
        "the record holds an address of before",
        "edns.records",
        &["holds 10.99.0.99"],
        |hands| replace(hands, &json!({ "content": "10.99.0.99", "ttl": 60 })),
        nudge,
    ),
    injury(
        "an AAAA record of an earlier installation is left",
        "edns.records",
        &["the AAAA record fd00::1"],
        |hands| {
            hands
                .add_record(&json!({ "type": "AAAA", "name": WHOAMI, "content": "fd00::1", "ttl": 60 }))
                .map(drop)
        },
        |hands| hands.remove_records("AAAA", WHOAMI),
    ),
    injury(
        "external-dns is told to leave the Ingress alone",
        "edns.records",
        &["external-dns.alpha.kubernetes.io/controller: none"],
        |hands| annotate(hands, "external-dns.alpha.kubernetes.io/controller=none"),
        |hands| annotate(hands, "external-dns.alpha.kubernetes.io/controller-"),
    ),
    injury(
        "a record of a removed service is left",
        "edns.stale",
        &["old.home.example.test", "belongs to nothing"],
        leave_behind,
        nudge,
    ),
    injury(
        "a wildcard answers for every name",
        "edns.wildcard",
        &["*.home.example.test"],
        |hands| {
            let record =
                json!({ "type": "A", "name": "*.home.example.test", "content": "10.99.0.10", "ttl": 60 });
            hands.add_record(&record).map(drop)
        },
        |hands| hands.remove_records("A", "*.home.example.test"),
    ),
];

fn annotate(hands: &Hands, annotation: &str) -> Result<()> {
    hands.kubectl(&["-n", "homelab", "annotate", "--overwrite", "ingress", "whoami", annotation]).map(drop)
}

/// external-dns looks anew a few seconds after an Ingress has changed.
pub(super) fn nudge(hands: &Hands) -> Result<()> {
    annotate(hands, "lab/nudge=now")?;
    annotate(hands, "lab/nudge-")
}

/// What Cloudflare's proxy answers may be kept for five minutes, which the router would do.
fn no_longer_proxied(hands: &Hands) -> Result<()> {
    nudge(hands)?;
    eventually("external-dns to write the record again", 60, || {
        let found = hands.records_of("A", WHOAMI)?;
        Ok(if found.iter().any(|record| record["proxied"] == true) {
            Err(format!("{found:?}"))
        } else {
            Ok(())
        })
    })?;
    clean_router(hands)
}

/// Another A record in place of the demo's.
fn replace(hands: &Hands, facts: &Value) -> Result<()> {
    hands.remove_records("A", WHOAMI)?;
    let mut record = facts.clone();
    (record["type"], record["name"]) = (json!("A"), json!(WHOAMI));
    hands.add_record(&record).map(drop)
}

fn owned_by(owner: &str, name: &str, resource: &str) -> Value {
    let content =
        format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}\"");
    json!({ "type": "TXT", "name": name, "content": content, "ttl": 60 })
}

fn give_away(hands: &Hands) -> Result<()> {
    hands.remove_records("TXT", REGISTRY)?;
    hands.add_record(&owned_by("other", REGISTRY, "ingress/homelab/whoami")).map(drop)
}

fn alias(hands: &Hands) -> Result<()> {
    hands.remove_records("A", WHOAMI)?;
    hands.remove_records("TXT", REGISTRY)?;
    hands
        .add_record(&json!({ "type": "CNAME", "name": WHOAMI, "content": "box.example.net", "ttl": 60 }))
        .map(drop)
}

/// Nothing of that name, so that external-dns makes it anew.
fn start_over(hands: &Hands) -> Result<()> {
    for (kind, name) in [("A", WHOAMI), ("CNAME", WHOAMI), ("TXT", REGISTRY)] {
        hands.remove_records(kind, name)?;
    }
    nudge(hands)
}

fn leave_behind(hands: &Hands) -> Result<()> {
    hands.add_record(&json!({ "type": "A", "name": OLD, "content": "10.99.0.10", "ttl": 60 }))?;
    hands
        .add_record(&owned_by("home.example.test", &format!("a-homelab.{OLD}"), "ingress/homelab/old"))
        .map(drop)
}

/// What Cloudflare says to a proxied record with a private address, to whatever is written.
fn refuse_writes(hands: &Hands) -> Result<()> {
    let message = "Target 10.99.0.10 is not allowed for a proxied record.";
    let fault = json!({ "target": "api", "method": "POST", "status": 400, "code": 9003, "message": message });
    hands.control("POST", "/faults", Some(&fault))?;
    hands.remove_records("A", WHOAMI)?;
    nudge(hands)
}

/// All of the lab has one public address. So that the doctor is let in and the pods are not, it asks another Cloudflare.
fn not_from_the_pods(hands: &Hands) -> Result<()> {
    another_cloudflare(hands, "active", ["ada.ns.lab.test", "bob.ns.lab.test"])?;
    let rights =
        json!({ "permissions": ["zone:read", "dns:edit"], "zones": [ZONE], "allowed_ips": [ELSEWHERE] });
    hands.control("PUT", &format!("/tokens/{}", hands.token()?), Some(&rights))?;
    nudge(hands)
}

/// A new pod does not wait for the end of the old one's pause.
fn from_everywhere(hands: &Hands) -> Result<()> {
    grant(hands)?;
    no_other_cloudflare(hands)?;
    hands
        .kubectl(&["-n", "external-dns", "delete", "pods", "--selector=app.kubernetes.io/name=external-dns"])
        .map(drop)
}

fn no_image(hands: &Hands) -> Result<()> {
    let lines: Vec<String> = hands.config()?.lines().map(without_image).collect();
    let text = format!("{}\ntimeouts: {{ apply: 20s }}\n", lines.join("\n"));
    let config = hands.config_file(NO_IMAGE, &text)?;
    hands.up_with(&config, &[]).map(drop)
}

fn without_image(line: &str) -> String {
    match line.trim().starts_with("externalDns:") {
        true => "  externalDns: registry.k8s.io/external-dns/external-dns:v0.0.0-none".to_owned(),
        false => line.to_owned(),
    }
}
