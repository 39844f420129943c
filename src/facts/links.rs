//! What a link of a machine leads to, by how its name begins.

/// The networks of a cluster: k3s' own, Calico's and Cilium's.
const CLUSTER: [&str; 7] = ["cni", "flannel", "cali", "veth", "kube-", "tunl", "cilium"];
/// Bridges and links of containers and virtual machines.
const GUESTS: [&str; 7] = ["docker", "virbr", "lxc", "lxdbr", "incusbr", "podman", "vmnet"];
/// VPNs, and lines that are dialled.
const TUNNELS: [&str; 7] = ["wg", "tun", "tap", "tailscale", "zt", "ppp", "nebula"];

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Pods.
    Cluster,
    /// Containers and virtual machines beside the cluster.
    Guests,
    /// A VPN, or a line that is dialled.
    Tunnel,
    /// Anything else; the LAN, as a rule.
    Other,
}

impl Link {
    /// What the link of that name leads to.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let begins = |with: &[&str]| with.iter().any(|start| name.starts_with(start));
        match () {
            () if begins(&CLUSTER) || is_pod_of_cilium(name) => Self::Cluster,
            () if begins(&GUESTS) || is_bridge_of_docker(name) => Self::Guests,
            () if begins(&TUNNELS) => Self::Tunnel,
            () => Self::Other,
        }
    }
}

/// Docker calls the bridges of its other networks `br-` and twelve hexadecimal digits; `br-lan` is anybody's.
fn is_bridge_of_docker(name: &str) -> bool {
    let rest = name.strip_prefix("br-");
    rest.is_some_and(|rest| rest.len() == 12 && rest.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Cilium calls the link of a pod `lxc` and the beginning of a checksum, and that of its own probe `lxc_health` (cilium 1.20.2,
/// pkg/datapath/connector/add.go, `Endpoint2IfName`; pkg/health/health_connectivity_endpoint.go). LXC's own bridge is `lxcbr0`.
fn is_pod_of_cilium(name: &str) -> bool {
    let rest = name.strip_prefix("lxc");
    rest.is_some_and(|rest| {
        rest == "_health" || rest.len() == 12 && rest.chars().all(|c| c.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_known_by_how_its_name_begins() {
        for (name, wanted) in [
            ("cni0", Link::Cluster),
            ("flannel.1", Link::Cluster),
            ("tunl0", Link::Cluster),
            ("docker0", Link::Guests),
            ("br-0123456789ab", Link::Guests),
            ("lxcbr0", Link::Guests),
            ("lxc0123456789ab", Link::Cluster),
            ("lxc_health", Link::Cluster),
            ("tun0", Link::Tunnel),
            ("tailscale0", Link::Tunnel),
            ("br-lan", Link::Other),
            ("enp1s0", Link::Other),
            ("wlan0", Link::Other),
        ] {
            assert_eq!(Link::of(name), wanted, "{name}");
        }
    }
}
