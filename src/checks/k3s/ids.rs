//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// A kubeconfig is found, readable, usable, and of the cluster that answers.
pub const KUBECONFIG: CheckId = CheckId("k3s.kubeconfig");
/// The certificates between here and the API server are in date for two months.
pub const API_CERTIFICATES: CheckId = CheckId("k3s.certs");
/// The API server answers.
pub const API: CheckId = CheckId("k3s.api");
/// Nothing of k3s' traefik and servicelb is there, which would take ports 80 and 443.
pub const DISABLED: CheckId = CheckId("k3s.disabled");
/// No Service waits for a load balancer that is not there, or takes ports 80 and 443.
pub const LOAD_BALANCERS: CheckId = CheckId("k3s.load-balancers");
/// A node is ready, under no pressure, and takes pods.
pub const NODES: CheckId = CheckId("k3s.nodes");
/// A node's InternalIP is an address of the LAN, and the one that k3s was started with.
pub const INTERNAL_IP: CheckId = CheckId("k3s.node-address");
/// The pods of k3s itself run.
pub const SYSTEM_PODS: CheckId = CheckId("k3s.system-pods");
