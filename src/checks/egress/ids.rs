//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// Somebody in the cluster enforces what `egress` says.
pub const EGRESS_ENGINE: CheckId = CheckId("egress.engine");
/// A policy that is there is enforced on each node.
pub const EGRESS_ENFORCED: CheckId = CheckId("egress.enforced");
/// No policy keeps the lab's own programs from what they need.
pub const EGRESS_NEEDS: CheckId = CheckId("egress.needs");
/// Cilium sees what pods look up, wherever a rule is a name.
pub const EGRESS_DNS_RULE: CheckId = CheckId("egress.dns-rule");
/// A pattern of names is for those that it looks like.
pub const EGRESS_WILDCARD: CheckId = CheckId("egress.wildcard");
/// Cilium leads the nodes' ports to the ingress controller.
pub const EGRESS_HOSTPORT: CheckId = CheckId("egress.hostport");
/// What Cilium remembers of the names that pods may reach is known.
pub const EGRESS_CACHE: CheckId = CheckId("egress.cache");
