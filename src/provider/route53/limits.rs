//! Quotas (Route 53 developer guide, "Quotas").

use crate::evidence::Fault;
use crate::provider::traits::RefusedFor;

/// Records that a hosted zone may have, unless more were asked for.
pub(super) const RECORDS: usize = 10_000;
pub(super) const OF_A_ZONE: &str = "of a hosted zone";
/// What a change beyond it is refused with (DNSControl#908). The limit of 1000 in a request has other words.
pub(super) const FULL: &str = "MAX_RRSETS_BY_ZONE";

/// What the account's zone beyond its quota is refused with (API reference, CreateHostedZone): 500 zones, unless more were asked for.
pub(super) const TOO_MANY_ZONES: &str = "TooManyHostedZones";

/// What every call is refused with in an account that is not signed up to the end, or suspended (API reference, "Common errors", has
/// the first).
pub(super) const SUSPENDED: [&str; 2] = ["OptInRequired", "SubscriptionRequiredException"];
/// Why.
pub(super) const WHY_SUSPENDED: &str =
    "the AWS account is not fully signed up, or is suspended, often for an unpaid bill";
/// The next step.
pub(super) const UNSUSPEND: &str = "sign in to the console as the owner of the account, and look at Billing and at the mails of Amazon: they say what is missing";

/// A change that is refused since the zone is full.
#[must_use]
pub(super) fn refused_for(fault: &Fault) -> Option<RefusedFor> {
    match fault {
        Fault::Refused { message, .. } if message.contains(FULL) => Some(RefusedFor::Room),
        _ => None,
    }
}
