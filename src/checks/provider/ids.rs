//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// A token is found, readable, and has the shape of one.
pub const TOKEN_SOURCE: CheckId = CheckId("cf.token-source");
/// The file with the token is closed to other users.
pub const TOKEN_PRIVATE: CheckId = CheckId("cf.token-private");
/// The rate limit of the DNS provider leaves room for calls.
pub const CF_RATE: CheckId = CheckId("cf.rate");
/// The DNS provider knows the token and lets it in from here, now.
pub const TOKEN: CheckId = CheckId("cf.token");
/// The token may find the zone and read its records.
pub const CF_PERMISSIONS: CheckId = CheckId("cf.permissions");
/// The token sees the zone, and the DNS provider serves it.
pub const CF_ZONE: CheckId = CheckId("cf.zone");
/// The API may change records under the zone's ending.
pub const FREE_DOMAIN: CheckId = CheckId("cf.free-domain");
/// The token may change records.
pub const DNS_EDIT: CheckId = CheckId("cf.dns-edit");
/// The token of each organisation sees its zone, and is no other's.
pub const ORGANISATION_TOKEN: CheckId = CheckId("cf.organisation");
/// The token may change no zone but its own.
pub const LEAST_RIGHTS: CheckId = CheckId("cf.least-rights");
/// The zone has room for more records.
pub const RECORDS_LIMIT: CheckId = CheckId("cf.records-limit");
/// The Secrets in the cluster hold the same token.
pub const TOKEN_COPIES: CheckId = CheckId("cf.copies");
