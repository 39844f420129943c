//! The API token and the zone at Cloudflare.

use super::Def;
use crate::verify::model::CheckId;

/// The token reads the zone at the DNS provider.
pub const TOKEN: CheckId = CheckId("cf.token");

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[Def::error(TOKEN, "the DNS provider lets the API token in").in_up()];
