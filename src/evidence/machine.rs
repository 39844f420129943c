//! This machine, from its own files, and the clocks and resolvers that it can compare itself with.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use jiff::Timestamp;
use serde::Serialize;

use crate::evidence::GroundSeen;

/// What the machine says of itself; every part may be missing, as files of others cannot be read by everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MachineSeen {
    /// Its host name; a node bears it unless it was told otherwise.
    pub hostname: Option<String>,
    /// The folders and files by which it looks like a node, be it one to come: `/etc/rancher`, `/etc/NIXOS`.
    pub marks: Vec<String>,
    /// Its addresses, those of bridges and tunnels included.
    pub addresses: Option<Vec<IpAddr>>,
    /// Its addresses, each with its link; those of which the link is not known are left out.
    pub linked: Vec<Linked>,
    /// The address that it uses toward its default gateway; `None` without one.
    pub outward: Option<IpAddr>,
    /// Its IPv4 routes.
    pub routes: Option<Vec<Route>>,
    /// Who listens on ports 80 and 443, and can be reached from another machine.
    pub listeners: Option<Vec<Listener>>,
    /// Who listens on the ports of the programs on a node (`local`), loopback included; a port that was not looked at is not
    /// there.
    pub programs: BTreeMap<u16, Vec<Listener>>,
    /// The file systems that k3s and NixOS write to, each once.
    pub disks: Vec<Disk>,
    /// The cgroup controllers that the kernel offers.
    pub controllers: Option<Vec<String>>,
    /// Whether they are of cgroup version 1, of which k3s needs less.
    pub old_cgroup: bool,
    /// Whether systemd-timesyncd has synchronised the clock; `None` where it does not run.
    pub time_synchronised: Option<bool>,
    /// The file of firewall rules that begins by removing everybody's, if there is one.
    pub flushes: Option<String>,
    /// The links on which ports 80 and 443 answer, where the firewall keeps them to some; `None` where nothing is known.
    pub web_links: Option<Vec<String>>,
    /// dhcpcd, where it runs.
    pub dhcpcd: Option<DhcpcdSeen>,
    /// The resolvers that pods inherit.
    pub resolv: Option<ResolvSeen>,
    /// Other clocks, each against this machine's.
    pub clocks: Vec<ClockSeen>,
    /// What the resolver says below each search domain to a name that nobody has.
    pub wildcards: Vec<WildcardSeen>,
    /// What lies below k3s.
    pub ground: GroundSeen,
}

/// An address and its link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Linked {
    /// The name of the link.
    pub interface: String,
    /// The address.
    pub address: IpAddr,
}

/// dhcpcd's configuration, as far as it says which links it leaves alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DhcpcdSeen {
    /// Its file.
    pub file: String,
    /// Whether that could be read.
    pub read: bool,
    /// Names of links that it leaves alone, with `*` and `?` as in file names.
    pub denies: Vec<String>,
    /// Names of the only links that it takes; none when it takes all.
    pub allows: Vec<String>,
}

/// One IPv4 route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The interface it leaves by.
    pub interface: String,
    /// The network it leads to.
    pub network: Cidr,
    /// The next hop; `None` on the link itself.
    pub gateway: Option<Ipv4Addr>,
}

/// A block of IPv4 addresses (RFC 4632).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cidr {
    /// Its first address.
    pub address: Ipv4Addr,
    /// How many leading bits its addresses share.
    pub prefix: u8,
}

impl Cidr {
    /// Reads `10.42.0.0/16`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix) = (address.parse().ok()?, prefix.parse().ok()?);
        (prefix <= 32).then_some(Self { address, prefix })
    }

    /// Whether the address lies in it.
    #[must_use]
    pub fn holds(&self, address: Ipv4Addr) -> bool {
        let shift = 32 - u32::from(self.prefix.min(32));
        let cut = |address: Ipv4Addr| address.to_bits().checked_shr(shift).unwrap_or(0);
        cut(self.address) == cut(address)
    }

    /// Whether the other network is this one or a part of it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.prefix >= self.prefix && self.holds(other.address)
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    /// The name of its process; `None` when this user may not see it.
    pub process: Option<String>,
    /// Whether that process is in a pod.
    pub in_pod: bool,
}

/// How full a file system is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// The first of the known folders that lies on it.
    pub path: String,
    /// The used part of its space, in percent, as `df` counts.
    pub used: u8,
    /// The used part of its inodes, in percent; 0 where it has no fixed number.
    pub inodes: u8,
    /// The free space, in bytes.
    pub free: u64,
}

/// The `resolv.conf` that the kubelet gives to pods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ResolvSeen {
    /// The file; `None` when k3s takes none of the machine's own.
    pub path: Option<String>,
    /// Whether k3s was told to take it, so that it is not looked into.
    pub told: bool,
    /// The resolvers of that file, else of `/etc/resolv.conf`; at most three.
    pub servers: Vec<IpAddr>,
    /// Those after the third, which neither the C library nor a pod asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<IpAddr>,
    /// The first of them that has a link in it, `fe80::1%eth0`; it is not among the others.
    pub zoned: Option<String>,
    /// Its search domains.
    pub search: Vec<String>,
}

/// Another clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockSeen {
    /// Whose clock it is.
    pub of: Clock,
    /// By how many seconds this machine is ahead of it, or why it could not be read.
    pub ahead: Result<i64, String>,
}

impl ClockSeen {
    /// Compares an answer's date with the time at which the answer came.
    #[must_use]
    pub fn new(of: Clock, date: Result<Timestamp, String>, now: Timestamp) -> Self {
        Self { of, ahead: date.map(|date| now.as_second() - date.as_second()) }
    }
}

/// Whose clock it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// A server of the provider, on the internet.
    Internet,
    /// The API server of the cluster.
    ApiServer,
}

/// A search domain, asked for a name that nobody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WildcardSeen {
    /// The search domain.
    pub domain: String,
    /// The name that was asked for.
    pub asked: String,
    /// The addresses that came; none when there is no wildcard record, as it should be.
    pub answer: Result<Vec<IpAddr>, String>,
}
