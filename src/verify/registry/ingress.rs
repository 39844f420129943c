//! Ports 80 and 443, the ingress controller and the Ingresses.

use super::{Def, id};
use crate::verify::model::CheckId;

/// A pod of the controller gives its 404, asked inside the cluster.
pub const CLUSTER_404: CheckId = CheckId("ingress.cluster-404");
/// A node gives the 404 on ports 80 and 443, asked with and without a name.
pub const NODE_404: CheckId = CheckId("ingress.node-404");
/// The status of the Ingress has addresses of ready nodes and no others.
pub const STATUS: CheckId = CheckId("ingress.status");

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(CLUSTER_404, "the ingress controller answers inside the cluster").needs(&[id::API]).in_up(),
    Def::error(NODE_404, "the ingress controller answers on the node's ports 80 and 443")
        .needs(&[CLUSTER_404])
        .in_up(),
    Def::error(STATUS, "the Ingress has the addresses of ready nodes").needs(&[id::API, CLUSTER_404]).in_up(),
];
