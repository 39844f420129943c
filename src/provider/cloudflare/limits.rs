//! What a zone may have, and which zones the API does not change.

use jiff::Timestamp;

use super::fault::{FREE_DOMAIN, QUOTA};
use crate::evidence::{Fault, Zone};
use crate::provider::traits::RefusedFor;

/// Endings whose records the API refuses to change (cert-manager, docs/configuration/acme/dns01/cloudflare.md).
const FREE_ENDINGS: [&str; 5] = [".tk", ".ml", ".ga", ".cf", ".gq"];
/// Free zones made from then on have the smaller quota (cloudflare-docs#16600).
const SMALLER_QUOTA: &str = "2024-09-01T00:00:00Z";

/// How many records a zone may have, and why so many (developers.cloudflare.com, dns/manage-dns-records).
pub(super) fn quota(zone: &Zone) -> (usize, &'static str) {
    let border: Option<Timestamp> = SMALLER_QUOTA.parse().ok();
    let is_old = zone.created_on.zip(border).is_some_and(|(made, border)| made < border);
    match zone.plan.as_ref().map(|plan| plan.legacy_id.as_str()) {
        Some("pro" | "business" | "enterprise") => (3500, "of a paid zone"),
        _ if is_old => (1000, "of a Free zone from before September 2024"),
        Some("free") => (200, "of a Free zone"),
        _ => (200, "of a Free zone; a paid one may have more"),
    }
}

/// The ending of the zone's name under which the API changes nothing, and why.
pub(super) fn unchangeable(zone: &str) -> Option<(&'static str, &'static str)> {
    let ending = FREE_ENDINGS.iter().find(|ending| zone.ends_with(*ending))?;
    Some((
        ending,
        "Cloudflare's API refuses changes to records of domains that were once free of charge, such as .tk (code 1038); only the dashboard accepts them",
    ))
}

/// Whether a refusal is for the zone's ending or for want of room.
pub(super) fn refused_for(fault: &Fault) -> Option<RefusedFor> {
    match fault {
        Fault::Refused { code: FREE_DOMAIN, .. } => Some(RefusedFor::Ending),
        Fault::Refused { code: QUOTA, .. } => Some(RefusedFor::Room),
        _ => None,
    }
}
