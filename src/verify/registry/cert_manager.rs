//! cert-manager, its issuer, its challenges and Certificates.

use super::{Def, id};
use crate::verify::model::CheckId;

/// cert-manager's Certificate for the host is ready.
pub const CERTIFICATE: CheckId = CheckId("cm.certificate");

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] =
    &[Def::error(CERTIFICATE, "cert-manager has issued the certificate").needs(&[id::TOKEN]).in_up()];
