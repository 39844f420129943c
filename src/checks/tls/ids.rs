//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// This machine trusts the lab's own authority.
pub const AUTHORITY_TRUSTED: CheckId = CheckId("tls.authority-trusted");
/// What the Secret of a certificate of no service holds is good, and renewed in time.
pub const STORED: CheckId = CheckId("tls.stored");
/// A node shows some certificate when asked for the name.
pub const HANDSHAKE: CheckId = CheckId("tls.handshake");
/// What a node shows is what the Secret of the Ingress holds.
pub const SERVED_SECRET: CheckId = CheckId("tls.secret");
/// That certificate is for the name, in date, and trusted or from the test authority asked for.
pub const LEAF: CheckId = CheckId("tls.leaf");
/// That certificate is renewed before it ends.
pub const RENEWAL: CheckId = CheckId("tls.renewal");
