//! What lies below k3s on this machine: its service and what that writes, the kernel's limits and modules, the file systems
//! under its folder, the container around it, and the rules of other firewalls.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::evidence::UnitSeen;

/// Everything of that kind; what could not be read is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GroundSeen {
    /// The service of k3s; `None` where there is none, or no systemd.
    pub unit: Option<UnitSeen>,
    /// What it wrote in the last minutes that tells something ([`TELLING`]); `None` where its journal could not be read.
    pub notes: Option<Vec<Note>>,
    /// Numbers of the kernel, by their path below `/proc/sys`, for example `net/ipv4/ip_forward`.
    pub numbers: BTreeMap<String, u64>,
    /// How many inotify instances root's processes hold; `None` where they could not be counted.
    pub inotify: Option<u64>,
    /// How many files are open, in the whole machine.
    pub open_files: Option<u64>,
    /// The links on which the kernel drops what it would answer by another one (`rp_filter` 1).
    pub strict_links: Vec<String>,
    /// How many packets it has dropped for that since it started; `None` where the kernel does not count them.
    pub reverse_drops: Option<u64>,
    /// The kernel's modules; `None` where it is not known which there are.
    pub modules: Option<ModulesSeen>,
    /// The file system on which containerd unpacks images; `None` before there is such a folder.
    pub images: Option<MountSeen>,
    /// The container that this machine is itself, as systemd names it (`lxc`, `docker`); `None` on a machine of its own.
    pub container: Option<String>,
    /// Whether `/dev/kmsg` can be opened for reading; `None` where nobody tried, for want of rights.
    pub kmsg: Option<bool>,
    /// The chain FORWARD of each kind of iptables; empty where it could not be read.
    pub forward: Vec<ForwardSeen>,
}

/// A line of k3s' journal, and how often one like it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The word by which it tells something.
    pub word: String,
    /// The last such line.
    pub line: String,
    /// How many there were.
    pub times: u32,
}

/// Which modules the running kernel has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModulesSeen {
    /// The running kernel, as `uname -r` says it.
    pub release: String,
    /// Whether the folder of this kernel's modules is there; a kernel that was updated has lost it until the next start.
    pub folder: bool,
    /// Those of the wanted ones that are neither loaded, nor built in, nor in that folder.
    pub missing: Vec<String>,
}

/// A file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MountSeen {
    /// The folder that was asked for.
    pub path: String,
    /// Its kind: `ext4`, `nfs4`, `zfs`.
    pub kind: String,
    /// The version of the kernel's ZFS, where it is that: 2.2 is the first on which overlayfs works.
    pub zfs: Option<String>,
}

/// A chain that packets on their way through the machine take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForwardSeen {
    /// The program that shows it: `nft` or `iptables-legacy`. Packets pass both kinds of tables.
    pub by: String,
    /// Its lines, as that program gives them.
    pub rules: Vec<String>,
}

/// The words by which a line of k3s' journal tells something, where k3s runs; a judge knows each.
pub const TELLING: [&str; 9] = [
    "Sending HTTP 502 response",
    "Slow SQL",
    "apply request took too long",
    "slow fdatasync",
    "leaderelection lost",
    "too many open files",
    "nf_conntrack: table full",
    "not supported as upperdir",
    "Failed to load kernel module br_netfilter",
];
