//! The names of this group's checks.

use crate::checks::engine::CheckId;

/// The clock is right, by others' clocks.
pub const CLOCK: CheckId = CheckId("host.clock");
/// The kernel offers the cgroup controllers that k3s needs.
pub const CGROUP: CheckId = CheckId("host.cgroup");
/// k3s of this machine runs, and its log complains of nothing that lasts.
pub const K3S: CheckId = CheckId("host.k3s");
/// The kernel has the modules of k3s and flannel.
pub const MODULES: CheckId = CheckId("host.modules");
/// containerd can unpack images where k3s keeps them.
pub const FILE_SYSTEM: CheckId = CheckId("host.file-system");
/// A container that k3s runs in lets it.
pub const CONTAINER: CheckId = CheckId("host.container");
/// None of the kernel's limits is used up.
pub const LIMITS: CheckId = CheckId("host.limits");
/// The kernel passes on what pods send.
pub const FORWARDING: CheckId = CheckId("host.forwarding");
/// The kernel takes what comes in by any link of the house.
pub const REVERSE_PATH: CheckId = CheckId("host.reverse-path");
/// No other network uses the addresses of pods and services.
pub const CIDR_OVERLAP: CheckId = CheckId("host.cidr-overlap");
/// Disks have room.
pub const DISK: CheckId = CheckId("host.disk");
/// The node's address is still this machine's, on the side of the LAN.
pub const NODE_ADDRESS: CheckId = CheckId("host.node-address");
/// Nobody else listens on ports 80 and 443.
pub const PORTS: CheckId = CheckId("host.ports");
/// Loading the firewall leaves the rules of pods alone.
pub const FIREWALL_FLUSH: CheckId = CheckId("host.firewall-flush");
/// No DHCP client takes the links of pods for network cards.
pub const DHCPCD: CheckId = CheckId("host.dhcpcd");
/// Ports 80 and 443 answer on no address of the internet.
pub const EXPOSED: CheckId = CheckId("host.exposed");
/// k3s can hand the machine's resolvers to pods.
pub const RESOLV: CheckId = CheckId("host.resolv");
/// No search domain answers for names that nobody has.
pub const SEARCH_DOMAIN: CheckId = CheckId("host.search-domain");
