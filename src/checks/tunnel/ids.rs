//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// The token may make, see and delete tunnels.
pub const TUNNEL_PERMISSION: CheckId = CheckId("tunnel.permission");
/// The tunnel is there, and this lab's own.
pub const TUNNEL_EXISTS: CheckId = CheckId("tunnel.exists");
/// The tunnel leads each host of the configuration to the ingress controller, and no other.
pub const TUNNEL_RULES: CheckId = CheckId("tunnel.rules");
/// The connectors keep the tunnel open.
pub const TUNNEL_CONNECTED: CheckId = CheckId("tunnel.connected");
/// Public DNS leads the host to the tunnel.
pub const TUNNEL_RECORD: CheckId = CheckId("tunnel.record");
/// The provider's edge has a certificate for the host.
pub const TUNNEL_CERTIFICATE: CheckId = CheckId("tunnel.certificate");
