//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// The file can be read, and everything in it can be used.
pub const VALID: CheckId = CheckId("config.valid");
/// Every host lies in the zone, those of other people's Ingresses included.
pub const HOST_IN_ZONE: CheckId = CheckId("config.host-in-zone");
/// Nobody asks the DNS provider to stand in front of a private address.
pub const TARGET_PRIVATE_UNPROXIED: CheckId = CheckId("config.target-private-unproxied");
/// No annotation bears the prefix that this external-dns passes over.
pub const ANNOTATION_PREFIX: CheckId = CheckId("config.annotation-prefix");
/// `ingress.config` takes none of the controller's guards away.
pub const GUARDED: CheckId = CheckId("config.guarded");
