//! The token and the zone at the provider.

use serde_json::json;

use super::{Ask, Injury};
use crate::cases::hands::{Hands, ZONE};
use crate::error::Result;

pub(super) const INJURIES: &[Injury] = &[Injury {
    name: "the token was revoked",
    id: "cf.token",
    says: &["revoked"],
    ask: Ask::NODE,
    always: true,
    make: revoke,
    undo: grant,
}];

fn revoke(hands: &Hands) -> Result<()> {
    hands.control("DELETE", &format!("/tokens/{}", hands.token()?), None).map(drop)
}

fn grant(hands: &Hands) -> Result<()> {
    let rights = json!({ "permissions": ["zone:read", "dns:edit"], "zones": [ZONE] });
    hands.control("PUT", &format!("/tokens/{}", hands.token()?), Some(&rights)).map(drop)
}
