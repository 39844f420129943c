//! The pods of ingress-nginx (its static manifest for bare metal, v1.15.1, but for what is said here).

use super::{ELECTION, arguments, settings};
use crate::ingress::pod::{Pod, Rule, rule};

const READ: &[&str] = &["get", "list", "watch"];

pub(super) const POD: Pod = Pod {
    arguments,
    // Its leader would write the addresses of its own pods alone.
    trial: &["--update-status=false"],
    settings,
    files: None,
    fields: &[("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace")],
    variables: &[("LD_PRELOAD", "/usr/local/lib/libmimalloc.so")],
    ports: [80, 443],
    health: ("/healthz", 10254),
    before_end: &["/wait-shutdown"],
    // Ports 80 and 443 of the node are shut from the moment at which nginx is told to end until the next pod is ready: with
    // upstream's 300 s, one open websocket keeps them shut for five minutes.
    grace: 5,
    requests: ("100m", "90Mi"),
    user: (101, 82),
    writes_files: true,
    scratch: "",
    wildcard_by_ingress: false,
    capabilities: &["NET_BIND_SERVICE"],
    // Without those of the admission webhook.
    in_cluster: &[
        rule("", &["configmaps", "endpoints", "nodes", "pods", "secrets", "namespaces"], &["list", "watch"]),
        rule("", &["nodes"], &["get"]),
        rule("", &["services"], READ),
        rule("networking.k8s.io", &["ingresses", "ingressclasses"], READ),
        rule("discovery.k8s.io", &["endpointslices"], READ),
        rule("networking.k8s.io", &["ingresses/status"], &["update"]),
        rule("", &["events"], &["create", "patch"]),
    ],
    at_home: &[
        rule("", &["namespaces"], &["get"]),
        rule("", &["configmaps", "pods", "secrets", "endpoints"], READ),
        rule("coordination.k8s.io", &["leases"], &["create"]),
        Rule { names: &[ELECTION], ..rule("coordination.k8s.io", &["leases"], &["get", "update"]) },
    ],
    writes_status: true,
};
