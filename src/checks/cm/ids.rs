//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// cert-manager's definitions are all there, of one version.
pub const CM_CRDS: CheckId = CheckId("cm.crds");
/// The Deployments of cert-manager have ready pods.
pub const CM_PODS: CheckId = CheckId("cm.pods");
/// The API server can call cert-manager's webhooks.
pub const CM_WEBHOOK: CheckId = CheckId("cm.webhook");
/// The issuers have an account at their ACME server.
pub const ISSUER: CheckId = CheckId("cm.issuer");
/// The lab's own authority lasts, and may sign what is asked of it.
pub const OWN_AUTHORITY: CheckId = CheckId("cm.own-authority");
/// cert-manager sees the record that it wrote for a challenge.
pub const SELFCHECK: CheckId = CheckId("cm.selfcheck");
/// The internet finds the lab's own server for challenges.
pub const CHALLENGE_SERVER: CheckId = CheckId("cm.challenge-server");
/// Public DNS leads from each challenge into the zone that the lab may write.
pub const CHALLENGE_CNAME: CheckId = CheckId("cm.challenge-cname");
/// The CAA records let the authority issue.
pub const CAA: CheckId = CheckId("cm.caa");
/// No challenge is refused, failed or stuck.
pub const CHALLENGE: CheckId = CheckId("cm.challenge");
/// The authority's rate limits leave room.
pub const ACME_RATE_LIMIT: CheckId = CheckId("cm.rate-limit");
/// cert-manager's Certificate for the host is ready.
pub const CERTIFICATE: CheckId = CheckId("cm.certificate");
