//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// The pod of external-dns runs.
pub const EDNS_PODS: CheckId = CheckId("edns.pods");
/// Its loop ends well, again and again.
pub const EDNS_SYNC: CheckId = CheckId("edns.sync");
/// The owner id is not what every external-dns is called.
pub const EDNS_OWNER_ID: CheckId = CheckId("edns.owner-id");
/// The TXT record beside the record names this lab as its owner.
pub const OWNER: CheckId = CheckId("edns.owner");
/// The record at the provider has the Ingress's addresses: private, not proxied, no CNAME.
pub const RECORDS: CheckId = CheckId("edns.records");
/// A Service that asks for a name by annotation has its record.
pub const SERVICE_NAMES: CheckId = CheckId("edns.services");
/// No record of this lab is left without its Ingress.
pub const EDNS_STALE: CheckId = CheckId("edns.stale");
/// The lab's own wildcard record is this lab's, and has the nodes' addresses.
pub const WILDCARD_RECORD: CheckId = CheckId("edns.wildcard-record");
/// No wildcard of others answers for every other name.
pub const EDNS_WILDCARD: CheckId = CheckId("edns.wildcard");
