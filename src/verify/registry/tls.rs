//! What a browser sees of each host: the certificate and the answer.

use super::{Def, id};
use crate::verify::model::CheckId;

/// A node shows some certificate when asked for the name.
pub const HANDSHAKE: CheckId = CheckId("tls.handshake");
/// That certificate is for the name, in date, and trusted or from the test authority asked for.
pub const LEAF: CheckId = CheckId("tls.leaf");
/// A sixth of that certificate's life or more is left.
pub const RENEWAL: CheckId = CheckId("tls.renewal");

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(HANDSHAKE, "the node speaks TLS for the name").needs(&[id::NODE_404]).in_up(),
    Def::error(LEAF, "the certificate served is good for the name")
        .needs(&[HANDSHAKE, id::CERTIFICATE, id::CLOCK])
        .in_up(),
    Def::warning(RENEWAL, "the certificate is renewed in time").needs(&[HANDSHAKE, LEAF]).in_up(),
];
