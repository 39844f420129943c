//! What the configuration loses, the world loses; what is not ours stays.

use serde_json::json;

use super::hands::{Hands, WHOAMI, eventually, expect};
use crate::error::Result;

const BOOKS: &str = "books.home.example.test";
const BY_HAND: &str = "by-hand.example.test";

/// A service taken out: Ingress, record, TXT and certificate go; a record made by hand stays.
pub(super) fn removal(hands: &Hands) -> Result<()> {
    let record = json!({ "type": "A", "name": BY_HAND, "content": "192.0.2.7", "ttl": 300 });
    if hands.contents("A", BY_HAND)?.is_empty() {
        hands.add_record(&record)?;
    }
    let more = "services:\n  books: { service: homelab/whoami, port: 80 }\n";
    hands.up_well(&hands.config_with("with-books.yaml", more)?, &[])?;
    expect(hands.browse(BOOKS)?.0 == "200", "the new service does not answer")?;
    hands.kubectl(&["get", "-n", "homelab", "ingress/books", "certificate/books-tls", "secret/books-tls"])?;
    hands.restore()?;
    let left = hands.kubectl(&["get", "-n", "homelab", "ingress,certificate,secret", "-o", "name"])?;
    expect(!left.contains("books"), format!("still there:\n{left}"))?;
    let took = eventually("the records of the removed service to go", 90, || {
        let mut left = hands.records()?;
        left.retain(|record| record["name"].as_str().is_some_and(|name| name.contains("books")));
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
    })?;
    println!("      its records were gone after {took:.1} s");
    // cert-manager must not make the Secret again.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let left = hands.kubectl(&["get", "-n", "homelab", "ingress,certificate,secret", "-o", "name"])?;
    expect(!left.contains("books"), format!("came back:\n{left}"))?;
    expect(hands.contents("A", BY_HAND)? == ["192.0.2.7"], "the record made by hand was touched")?;
    expect(!hands.contents("A", WHOAMI)?.is_empty(), "the demo lost its record")
}

/// A rolling restart of the ingress controller loses no record.
pub(super) fn rolling_restart(hands: &Hands) -> Result<()> {
    let before = hands.contents("A", WHOAMI)?;
    let since = hands.control("GET", "/requests", None)?["last"].as_u64().unwrap_or(0);
    hands.kubectl(&["-n", "ingress-nginx", "rollout", "restart", "daemonset/ingress-nginx-controller"])?;
    hands.kubectl(&[
        "-n",
        "ingress-nginx",
        "rollout",
        "status",
        "daemonset/ingress-nginx-controller",
        "--timeout=120s",
    ])?;
    // Longer than external-dns' interval of a minute, so that it has looked at least once.
    std::thread::sleep(std::time::Duration::from_secs(70));
    expect(hands.contents("A", WHOAMI)? == before, "the record changed")?;
    hands.no_record_was_written(&since)
}
