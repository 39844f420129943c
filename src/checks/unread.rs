//! Lists that could not be read: why stands behind the words of every judge that lacks one.

use super::engine::{Judged, Outcome};
use crate::evidence::{Evidence, Listing};

/// How a judge that lacks a list ends its sentence.
const UNREAD: &str = " not read";
/// So many reasons are told.
const REASONS: usize = 2;

/// Why a list could not be read stands behind the words of every judge that lacks it.
pub(super) fn tell_why(evidence: &Evidence, judged: &mut [Judged]) {
    let listings = evidence.cluster.iter().flat_map(|cluster| cluster.objects.0.values());
    let mut reasons: Vec<&str> = listings
        .filter_map(|listing| match listing {
            Listing::Failed(why) => Some(why.as_str()),
            Listing::Items(_) | Listing::Unserved => None,
        })
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons.truncate(REASONS);
    if reasons.is_empty() {
        return;
    }
    for one in judged {
        if let Outcome::Unknown { why } = &mut one.outcome
            && why.ends_with(UNREAD)
        {
            *why = format!("{why}: {}", reasons.join("; "));
        }
    }
}
