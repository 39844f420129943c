//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// The house is let in where the internet is kept out.
pub const SOURCE_NAT: CheckId = CheckId("public.source-nat");
/// The lab has an address of its own on the internet.
pub const CGNAT: CheckId = CheckId("public.cgnat");
/// The public record leads to the address that the lab has on the internet.
pub const ADDRESS: CheckId = CheckId("public.address");
/// The record of a public name is the public one, and that of every other name is not.
pub const RECORD: CheckId = CheckId("public.record");
/// The public address answers from inside the house.
pub const HAIRPIN: CheckId = CheckId("public.hairpin");
