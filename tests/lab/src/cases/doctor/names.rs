//! Names, as each vantage resolves them.

use serde_json::json;

use super::{Ask, Injury};
use crate::cases::hands::{Hands, WHOAMI};
use crate::error::Result;

pub(super) const INJURIES: &[Injury] = &[Injury {
    name: "the authoritative servers do not know the record",
    id: "dns.authoritative",
    says: &[],
    ask: Ask::NODE,
    always: false,
    make: hide,
    undo: no_faults,
}];

fn hide(hands: &Hands) -> Result<()> {
    let fault = json!({ "target": "dns", "mode": "nxdomain", "name": WHOAMI });
    hands.control("POST", "/faults", Some(&fault)).map(drop)
}

fn no_faults(hands: &Hands) -> Result<()> {
    hands.control("DELETE", "/faults", None)?;
    hands.control("DELETE", "/cache", None).map(drop)
}
