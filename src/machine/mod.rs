//! The machine that homelab runs on, from its own files: what the kernel, the service manager and the firewall say.
//!
//! Nothing is sent and nothing is changed. What cannot be read, for want of permission or because the machine is no node
//! of the cluster, is left out.

pub mod authority;
pub mod backup;
pub mod browser;
pub mod configuration;
mod dhcpcd;
mod disk;
mod firewall;
mod ground;
mod k3s;
pub mod k3s_config;
pub(crate) mod k3s_settings;
mod kernel;
mod listeners;
mod network;
pub mod password;
mod program;
pub mod random;
mod resolv;
pub mod token;
pub mod upstream;
pub mod vault;
mod zones;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::evidence::MachineSeen;
use crate::facts::secret::Secret;

pub use k3s::unit as k3s_unit;
pub use listeners::by_port as listeners_by_port;
pub use network::networks;
pub use program::run_with_input;

/// What only a node has, or a machine that is made to become one.
const MARKS: [&str; 4] = ["/etc/rancher", "/var/lib/rancher", "/var/lib/kubelet", "/etc/NIXOS"];

/// Reads everything at once: files, and some programs that answer at once and are not waited for if they do not. `ports` are
/// those of programs on a node.
#[must_use]
pub fn look(ports: &[u16]) -> MachineSeen {
    let marks = MARKS.iter().filter(|mark| Path::new(mark).exists());
    let (controllers, old_cgroup) = kernel::controllers().unzip();
    MachineSeen {
        hostname: text("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()),
        marks: marks.map(|mark| (*mark).to_owned()).collect(),
        addresses: network::addresses(),
        linked: network::linked(),
        outward: network::outward(),
        routes: network::routes(),
        listeners: listeners::on(&[80, 443]),
        programs: listeners::by_port(ports),
        disks: disk::disks(),
        controllers,
        old_cgroup: old_cgroup.unwrap_or_default(),
        time_synchronised: kernel::time_synchronised(),
        flushes: firewall::flushes(),
        web_links: firewall::web_links(),
        dhcpcd: dhcpcd::running(),
        resolv: resolv::of_pods(),
        ground: ground::look(),
        ..MachineSeen::default()
    }
}

/// Every address of this machine but loopback and link-local ones; none where the kernel does not tell.
#[must_use]
pub fn addresses() -> Vec<IpAddr> {
    network::addresses().unwrap_or_default()
}

/// The file of a credential that systemd handed to this unit (`LoadCredential=`); `None` when there is none of that name.
#[must_use]
pub fn credential(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(PathBuf::from(folder).join(name)).filter(|path| path.exists())
}

/// An address that may be a secret itself: in the credential of that name, if there is one, else in the file `named`.
///
/// # Errors
/// When the file cannot be read or holds no address; in words, without the address.
pub fn secret_url(credential_name: &str, named: &Path) -> Result<Secret, String> {
    let path = credential(credential_name).unwrap_or_else(|| named.to_owned());
    let text = std::fs::read_to_string(&path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    Secret::url(&text).map_err(|why| format!("`{}`: {why}", path.display()))
}

/// The text of a file; `None` when it is not there or not for us.
fn text(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
