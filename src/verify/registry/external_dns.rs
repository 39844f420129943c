//! external-dns and the records it keeps.

use super::{Def, id};
use crate::verify::model::CheckId;

/// The TXT record beside the record names this lab as its owner.
pub const OWNER: CheckId = CheckId("edns.owner");
/// The record at the provider has the Ingress's addresses: private, not proxied, no CNAME.
pub const RECORDS: CheckId = CheckId("edns.records");

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(OWNER, "the record belongs to this lab").needs(&[id::TOKEN]).in_up(),
    Def::error(RECORDS, "the record holds the addresses of the Ingress")
        .needs(&[id::TOKEN, id::HOST_IN_ZONE, id::STATUS, OWNER])
        .in_up(),
];
