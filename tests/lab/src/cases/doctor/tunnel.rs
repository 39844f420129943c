//! The way in from the internet by a tunnel.

use serde_json::json;

use super::{Ask, Injury};
use crate::cases::hands::{Hands, eventually};
use crate::cases::tunnel::{FILE, HOST, forget, open, own};
use crate::error::{Context, Result};

/// The configuration with a public service.
const PUBLIC: Ask = Ask { config: Some(FILE), ..Ask::NODE };
/// The TXT record by which external-dns knows the name's record for its own.
const CLAIM: &str = "cname-homelab.shop.example.test";

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "the tunnel's token was renewed at Cloudflare",
        id: "tunnel.connected",
        says: &["has no connection from the lab", "renewed or revoked"],
        ask: PUBLIC,
        always: false,
        make: renew,
        undo: close,
    },
    Injury {
        name: "a CNAME of somebody else is at the name of a tunnel",
        id: "edns.owner",
        says: &["does not own the CNAME record `shop.example.test` (elsewhere.test)", "made by hand"],
        ask: PUBLIC,
        always: false,
        make: in_the_way,
        undo: |hands| hands.remove_records("CNAME", HOST).and_then(|()| close(hands)),
    },
];

fn renew(hands: &Hands) -> Result<()> {
    open(hands)?;
    is_found(hands)?;
    let tunnel = own(hands)?;
    let id = tunnel["id"].as_str().context("the id of the tunnel")?;
    hands.control("POST", &format!("/tunnels/{id}/rotate"), None).map(drop)
}

fn in_the_way(hands: &Hands) -> Result<()> {
    open(hands)?;
    is_found(hands)?;
    hands.remove_records("TXT", CLAIM)?;
    hands.remove_records("CNAME", HOST)?;
    hands
        .add_record(
            &json!({ "type": "CNAME", "name": HOST, "content": "elsewhere.test", "ttl": 1, "proxied": true }),
        )
        .map(drop)
}

fn is_found(hands: &Hands) -> Result<()> {
    eventually("the name to lead to the tunnel", 90, || {
        let found = hands.contents("CNAME", HOST)?;
        Ok(if found.is_empty() { Err("no CNAME yet".to_owned()) } else { Ok(()) })
    })
    .map(drop)
}

fn close(hands: &Hands) -> Result<()> {
    hands.restore().and_then(|()| forget(hands))
}
