//! The services behind the names.

use super::{Def, id};
use crate::verify::model::CheckId;

/// The service answers at each node, asked by name, and not by a 502, 503 or 504.
pub const ANSWER: CheckId = CheckId("apps.answer");
/// The service answers at the address that this machine resolves, as for a browser.
pub const END_TO_END: CheckId = CheckId("apps.end-to-end");

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(ANSWER, "the service answers through the ingress")
        .needs(&[id::NODE_404, id::HANDSHAKE, id::LEAF])
        .in_up(),
    Def::error(END_TO_END, "the service answers by its name alone")
        .needs(&[id::SYSTEM, id::LEAF, ANSWER])
        .in_up(),
];
