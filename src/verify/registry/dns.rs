//! Each name, as each vantage resolves it.

use super::{Def, id};
use crate::verify::model::CheckId;

/// A resolver of this machine answers questions.
pub const RESOLVER: CheckId = CheckId("dns.resolver");
/// Questions to port 53 reach the server that they are sent to.
pub const INTERCEPTED: CheckId = CheckId("dns.intercepted");
/// Public DNS knows the zone, in the hands of the provider.
pub const ZONE: CheckId = CheckId("dns.zone");
/// Each authoritative server has the addresses that the provider has.
pub const AUTHORITATIVE: CheckId = CheckId("dns.authoritative");
/// No resolver that validates DNSSEC refuses the zone.
pub const DNSSEC: CheckId = CheckId("dns.dnssec");
/// Each public resolver answers as the authoritative servers do.
pub const PUBLIC: CheckId = CheckId("dns.public");
/// This machine's resolver does not remember an absence from before the record.
pub const NEGATIVE_CACHE: CheckId = CheckId("dns.negative-cache");
/// This machine's resolver does not drop private addresses as rebinding.
pub const REBIND: CheckId = CheckId("dns.rebind");
/// This machine gets no address of `/etc/hosts`, a filter or the router instead.
pub const LOCAL_OVERRIDE: CheckId = CheckId("dns.local-override");
/// A program on this machine gets the addresses that the world gets.
pub const SYSTEM: CheckId = CheckId("dns.system");

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(RESOLVER, "this machine's resolver answers"),
    Def::warning(INTERCEPTED, "questions to port 53 reach the server that they are sent to").before_up(),
    Def::error(ZONE, "the zone is in public DNS, at the provider's name servers").before_up(),
    Def::error(AUTHORITATIVE, "the authoritative server answers with the record")
        .needs(&[id::RECORDS, ZONE])
        .in_up(),
    Def::error(DNSSEC, "resolvers that validate DNSSEC accept the zone").needs(&[AUTHORITATIVE]).in_up(),
    Def::error(PUBLIC, "a public resolver answers with the record").needs(&[AUTHORITATIVE, DNSSEC]).in_up(),
    Def::error(NEGATIVE_CACHE, "no resolver remembers that the name was missing")
        .needs(&[AUTHORITATIVE])
        .in_up(),
    Def::error(REBIND, "the local resolver lets private addresses through").needs(&[AUTHORITATIVE]).in_up(),
    Def::error(LOCAL_OVERRIDE, "nothing local answers in place of the record")
        .needs(&[AUTHORITATIVE])
        .in_up(),
    Def::error(SYSTEM, "this machine resolves the name")
        .needs(&[AUTHORITATIVE, DNSSEC, NEGATIVE_CACHE, REBIND, LOCAL_OVERRIDE, RESOLVER])
        .in_up(),
];
