//! external-dns and its records.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::names::clean_router;
use super::provider::{AT_ANOTHER, ELSEWHERE, another_cloudflare, grant, no_faults, no_other_cloudflare};
use super::{Ask, Injury, injury};
use crate::cases::hands::{DOMAIN, Hands, WHOAMI, ZONE, eventually};
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
        says: &["from location", "perhaps an IPv6 one"],
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
        &["although its TXT record exists", "creates it again"],
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
        &["contains 10.99.0.99"],
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
    // external-dns#2059.
    injury(
        "an Ingress is of a second class of the same controller",
        "edns.records",
        &["homelab/inner", "has the class `internal`", "reads only Ingresses of class `nginx`"],
        second_class,
        |hands| {
            leave(hands, "inner")?;
            hands.kubectl(&["delete", "ingressclass", "internal", "--ignore-not-found"]).map(drop)
        },
    ),
    // external-dns#2059: one from before there was a default class.
    injury(
        "an Ingress is of no class",
        "edns.records",
        &["homelab/classless", "has no class"],
        classless,
        |hands| leave(hands, "classless"),
    ),
    // external-dns, docs/annotations/annotations.md: `ingress-hostname-source`.
    injury(
        "an Ingress has its names read from an annotation that it does not have",
        "edns.records",
        &["homelab/unnamed", "ingress-hostname-source: annotation-only"],
        |hands| {
            let annotation =
                json!({ "external-dns.alpha.kubernetes.io/ingress-hostname-source": "annotation-only" });
            enter(hands, "unnamed", Some("nginx"), &annotation)
        },
        |hands| leave(hands, "unnamed"),
    ),
    // external-dns#2036, external-dns#2737.
    injury(
        "an earlier external-dns had the same owner and another TXT prefix",
        "edns.owner",
        &[
            "marked as `home.example.test`'s by the TXT record `k8s.a-whoami.home.example.test`",
            "a different name",
        ],
        |hands| give_to(hands, "k8s.a-whoami.home.example.test", "home.example.test"),
        |hands| take_from(hands, "k8s.a-whoami.home.example.test"),
    ),
    // external-dns, docs/registry/txt.md: `--txt-suffix`.
    injury(
        "another lab marks its records by a suffix",
        "edns.owner",
        &["belongs to `other`", "--txt-suffix=-txt"],
        |hands| give_to(hands, "a-whoami-txt.home.example.test", "other"),
        |hands| take_from(hands, "a-whoami-txt.home.example.test"),
    ),
    // external-dns, docs/registry/txt.md: the form of before 0.12.
    injury(
        "the TXT record is of a form without the record's type",
        "edns.owner",
        &["before 0.12"],
        |hands| give_to(hands, WHOAMI, "home.example.test"),
        |hands| take_from(hands, WHOAMI),
    ),
    // external-dns, docs/registry/txt.md: `--txt-encrypt-enabled`.
    injury(
        "the TXT record is encrypted",
        "edns.owner",
        &["seems encrypted", "txt-encrypt"],
        encrypt,
        start_over,
    ),
    // external-dns PR#6090.
    Injury {
        name: "Cloudflare says that an identical record exists",
        id: "edns.sync",
        says: &["(code 81058)", "same content"],
        ask: Ask::NODE,
        always: false,
        make: |hands| refuse(hands, 81058, "An identical record already exists."),
        undo: |hands| no_faults(hands).and_then(|()| nudge(hands)),
    },
    Injury {
        name: "Cloudflare refuses with a code that nobody knows",
        id: "edns.sync",
        says: &["(code 99123)", "does not know, 99123"],
        ask: Ask::NODE,
        always: false,
        make: |hands| refuse(hands, 99123, "Something new."),
        undo: |hands| no_faults(hands).and_then(|()| nudge(hands)),
    },
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

/// How soon external-dns comes after an event, at the latest (`--min-event-sync-interval`, 5 s by default in 0.22).
const AFTER_AN_EVENT: Duration = Duration::from_secs(6);

/// Another A record in place of the demo's. The run that an earlier change has called for may put it right before anybody has
/// looked; so it is replaced once more after that.
fn replace(hands: &Hands, facts: &Value) -> Result<()> {
    let mut record = facts.clone();
    (record["type"], record["name"]) = (json!("A"), json!(WHOAMI));
    let put = || {
        hands.remove_records("A", WHOAMI)?;
        hands.add_record(&record).map(drop)
    };
    put()?;
    sleep(AFTER_AN_EVENT);
    let stays = hands.records_of("A", WHOAMI)?.iter().any(|found| found["content"] == record["content"]);
    if stays { Ok(()) } else { put() }
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
    refuse(hands, 9003, "Target 10.99.0.10 is not allowed for a proxied record.")
}

/// An Ingress that homelab did not make, of that class or of none.
fn enter(hands: &Hands, name: &str, class: Option<&str>, annotations: &Value) -> Result<()> {
    let backend = json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let mut ingress = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name, "namespace": "homelab", "annotations": annotations },
        "spec": { "rules": [{ "host": format!("{name}.{DOMAIN}"), "http": { "paths": [path] } }] } });
    if let Some(class) = class {
        ingress["spec"]["ingressClassName"] = class.into();
    }
    hands.kubectl_apply(&format!("{name}.json"), &ingress.to_string()).map(drop)
}

fn leave(hands: &Hands, name: &str) -> Result<()> {
    hands
        .kubectl(&["-n", "homelab", "delete", "ingress", name, "--ignore-not-found", "--wait=true"])
        .map(drop)
}

fn second_class(hands: &Hands) -> Result<()> {
    let class = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": { "name": "internal" }, "spec": { "controller": "k8s.io/ingress-nginx" } });
    hands.kubectl_apply("internal-class.json", &class.to_string())?;
    enter(hands, "inner", Some("internal"), &json!({}))
}

/// The API server gives a default class only while there is one.
fn classless(hands: &Hands) -> Result<()> {
    const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
    hands.kubectl(&["annotate", "ingressclass", "nginx", &format!("{DEFAULT}-")])?;
    let made = enter(hands, "classless", None, &json!({}));
    hands.kubectl(&["annotate", "--overwrite", "ingressclass", "nginx", &format!("{DEFAULT}=true")])?;
    made
}

/// The demo's record with an old address, and a TXT record of that name and owner in place of its own.
fn give_to(hands: &Hands, txt: &str, owner: &str) -> Result<()> {
    hands.remove_records("TXT", REGISTRY)?;
    replace(hands, &json!({ "content": "10.99.0.99", "ttl": 60 }))?;
    hands.add_record(&owned_by(owner, txt, "ingress/homelab/whoami")).map(drop)
}

fn take_from(hands: &Hands, txt: &str) -> Result<()> {
    hands.remove_records("TXT", txt)?;
    start_over(hands)
}

fn encrypt(hands: &Hands) -> Result<()> {
    hands.remove_records("TXT", REGISTRY)?;
    let cipher = format!("\"{}\"", "Ab3/+9zQ".repeat(12));
    hands.add_record(&json!({ "type": "TXT", "name": REGISTRY, "content": cipher, "ttl": 60 })).map(drop)
}

/// The provider refuses whatever is written, in these words.
fn refuse(hands: &Hands, code: u32, message: &str) -> Result<()> {
    let fault = json!({ "target": "api", "method": "POST", "status": 400, "code": code, "message": message });
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
