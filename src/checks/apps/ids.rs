//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// Every image can be pulled.
pub const IMAGES: CheckId = CheckId("apps.images");
/// Every claim has its volume, or waits for its first pod.
pub const CLAIMS: CheckId = CheckId("apps.pvc");
/// Every pod of a service runs.
pub const APP_PODS: CheckId = CheckId("apps.pods");
/// The Service that an Ingress names is there, has the port, and a pod that is ready.
pub const ENDPOINTS: CheckId = CheckId("apps.endpoints");
/// The service answers at each node, asked by name, and not by a 502, 503 or 504.
pub const ANSWER: CheckId = CheckId("apps.answer");
/// The service answers at the address that this machine resolves, as for a browser.
pub const END_TO_END: CheckId = CheckId("apps.end-to-end");
