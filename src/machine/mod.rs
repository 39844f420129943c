//! The machine that homelab runs on, from its own files: what the kernel, the service manager and the firewall say.
//!
//! Nothing is sent and nothing is changed. What cannot be read, for want of permission or because the machine is no node
//! of the cluster, is left out.

pub mod authority;
mod dhcpcd;
mod disk;
mod firewall;
mod k3s;
mod kernel;
mod listeners;
mod network;
mod program;
mod resolv;
pub mod token;
pub mod upstream;

use std::path::Path;

use crate::evidence::MachineSeen;

pub use k3s::unit as k3s_unit;
pub use network::networks;
pub use program::run_with_input;

/// What only a node has, or a machine that is made to become one.
const MARKS: [&str; 4] = ["/etc/rancher", "/var/lib/rancher", "/var/lib/kubelet", "/etc/NIXOS"];

/// Reads everything at once; some files at most, no program that waits.
#[must_use]
pub fn look() -> MachineSeen {
    let marks = MARKS.iter().filter(|mark| Path::new(mark).exists());
    MachineSeen {
        hostname: text("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()),
        marks: marks.map(|mark| (*mark).to_owned()).collect(),
        addresses: network::addresses(),
        linked: network::linked(),
        outward: network::outward(),
        routes: network::routes(),
        listeners: listeners::on(&[80, 443]),
        disks: disk::disks(),
        controllers: kernel::controllers(),
        time_synchronised: kernel::time_synchronised(),
        flushes: firewall::flushes(),
        web_links: firewall::web_links(),
        dhcpcd: dhcpcd::running(),
        resolv: resolv::of_pods(),
        ..MachineSeen::default()
    }
}

/// The text of a file; `None` when it is not there or not for us.
fn text(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
