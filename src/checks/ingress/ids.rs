//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// No pod but the controller's asks for port 80 or 443 of a node.
pub const PORT_OWNER: CheckId = CheckId("ingress.port-owner");
/// The controller's DaemonSet has a ready pod on each node that can have one.
pub const PODS: CheckId = CheckId("ingress.pods");
/// A pod of the controller gives its 404, asked inside the cluster.
pub const CLUSTER_404: CheckId = CheckId("ingress.cluster-404");
/// The ports of a node lead to the controller's pod, which is ready.
pub const HOSTPORT: CheckId = CheckId("ingress.hostport");
/// A node gives the 404 on ports 80 and 443, asked with and without a name.
pub const NODE_404: CheckId = CheckId("ingress.node-404");
/// The IngressClass is there, one class is the default, and Ingresses name classes that exist.
pub const CLASS: CheckId = CheckId("ingress.class");
/// nginx runs the newest configuration that the controller wrote.
pub const RELOAD: CheckId = CheckId("ingress.reload");
/// Webhooks that are asked before an Ingress is written can answer.
pub const WEBHOOK: CheckId = CheckId("ingress.webhook");
/// Ingresses have no annotation that the controller refuses.
pub const ANNOTATIONS: CheckId = CheckId("ingress.annotations");
/// No two Ingresses have the same host and path.
pub const DUPLICATES: CheckId = CheckId("ingress.duplicates");
/// Every Secret that an Ingress names is made by somebody, and for all its hosts.
pub const TLS_SECRET: CheckId = CheckId("ingress.tls-secret");
/// The status of the Ingress has addresses of ready nodes and no others.
pub const STATUS: CheckId = CheckId("ingress.status");
/// Where the controller does not write the nodes' addresses, a timer does.
pub const ADDRESSES: CheckId = CheckId("ingress.addresses");
/// An Ingress that is made for a moment is served; with `--active` only.
pub const SCRATCH: CheckId = CheckId("ingress.scratch");
/// Another controller would read the annotations of every Ingress as this one does; with `--check` alone.
pub const MIGRATION: CheckId = CheckId("ingress.migration");
/// The controller's project still makes releases.
pub const EOL: CheckId = CheckId("ingress.eol");
