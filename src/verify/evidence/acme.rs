//! The way of a certificate: what the webhook, the authority and the CAA records say.

use serde::Serialize;

/// The way of a certificate, as far as it can be tried without asking for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AcmeSeen {}
