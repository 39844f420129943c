//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// This machine is in the network of the nodes.
pub const HOME: CheckId = CheckId("net.home");
/// Pods reach the API server at its Service's address.
pub const POD_API: CheckId = CheckId("net.pod-api");
/// CoreDNS runs.
pub const COREDNS: CheckId = CheckId("net.coredns");
/// CoreDNS takes what others have laid beside its Corefile.
pub const COREDNS_CUSTOM: CheckId = CheckId("net.coredns-custom");
/// Each pod of CoreDNS gives pods the names of the configuration.
pub const INSIDE_NAMES: CheckId = CheckId("net.inside-names");
/// Pods resolve names, the cluster's own and others.
pub const POD_DNS: CheckId = CheckId("net.pod-dns");
/// What pods resolve is not answered by a wildcard of a search domain.
pub const NDOTS: CheckId = CheckId("net.ndots");
/// Pods reach the provider and the certificate authority.
pub const EGRESS: CheckId = CheckId("net.egress");
/// The API server's node reaches pods of each node.
pub const CROSS_NODE: CheckId = CheckId("net.cross-node");
