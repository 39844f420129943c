//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// A resolver of this machine answers questions.
pub const RESOLVER: CheckId = CheckId("dns.resolver");
/// Questions to port 53 reach the server that they are sent to.
pub const INTERCEPTED: CheckId = CheckId("dns.intercepted");
/// Public DNS knows the zone, in the hands of the provider.
pub const ZONE: CheckId = CheckId("dns.zone");
/// Public DNS leads to the zone of each organisation.
pub const ORGANISATION: CheckId = CheckId("dns.organisation");
/// Each node's own name server answers for the domain.
pub const OWN_SERVER: CheckId = CheckId("dns.own-server");
/// Each node's own name server refuses what is not the domain's.
pub const NO_RECURSION: CheckId = CheckId("dns.no-recursion");
/// This machine's resolvers pass questions for the domain on to the nodes.
pub const HOUSE_FORWARDS: CheckId = CheckId("dns.forwarding");
/// Each node's own name server has the names of `dns.hosts`.
pub const HOUSE_HOSTS: CheckId = CheckId("dns.hosts");
/// The nodes have every name of the domain that public DNS has.
pub const SHADOWED: CheckId = CheckId("dns.shadowed");
/// Public DNS has no address for a domain that only the nodes know.
pub const PUBLIC_NAME: CheckId = CheckId("dns.public-name");
/// Each authoritative server has the addresses that the provider has.
pub const AUTHORITATIVE: CheckId = CheckId("dns.authoritative");
/// No resolver that validates DNSSEC refuses the zone.
pub const DNSSEC: CheckId = CheckId("dns.dnssec");
/// Each public resolver answers as the authoritative servers do.
pub const PUBLIC: CheckId = CheckId("dns.public");
/// No resolver of this machine takes the lab's domain for its own.
pub const LOCAL_ZONE: CheckId = CheckId("dns.local-zone");
/// This machine's resolver does not remember an absence from before the record.
pub const NEGATIVE_CACHE: CheckId = CheckId("dns.negative-cache");
/// This machine's resolver does not drop private addresses as rebinding.
pub const REBIND: CheckId = CheckId("dns.rebind");
/// This machine gets no address of `/etc/hosts`, a filter or the router instead.
pub const LOCAL_OVERRIDE: CheckId = CheckId("dns.local-override");
/// A program on this machine gets the addresses that the world gets.
pub const SYSTEM: CheckId = CheckId("dns.system");
