//! k3s' own configuration file, and what of this machine belongs into it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::evidence::Linked;
use crate::machine::k3s::output;
use crate::machine::{network, text};

/// Where k3s looks (k3s, pkg/configfilearg/defaultparser.go).
pub const PATH: &str = "/etc/rancher/k3s/config.yaml";
/// What starts k3s: a server's service and an agent's, of k3s' installer (k3s, install.sh) or of a package, and OpenRC's.
const SERVICES: [(&str, &str); 5] = [
    ("/etc/systemd/system/k3s.service", "systemctl restart k3s"),
    ("/usr/lib/systemd/system/k3s.service", "systemctl restart k3s"),
    ("/etc/systemd/system/k3s-agent.service", "systemctl restart k3s-agent"),
    ("/usr/lib/systemd/system/k3s-agent.service", "systemctl restart k3s-agent"),
    ("/etc/init.d/k3s", "service k3s restart"),
];
/// How the kernel calls the process of a server and of an agent (`/proc/PID/comm`).
const PROCESSES: [&str; 3] = ["k3s-server", "k3s-agent", "k3s"];
/// What a server writes when it has started.
const KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";
/// The manifest of k3s' own traefik, once it has run without `--disable=traefik` (k3s documentation, "Managing Packaged
/// Components").
const TRAEFIK: &str = "/var/lib/rancher/k3s/server/manifests/traefik.yaml";

/// What this machine is, as far as k3s' configuration depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Here {
    /// Its host name.
    pub hostname: Option<String>,
    /// Its name with a domain, where `/etc/hosts` has one, as `hostname -f` finds it.
    pub full_name: Option<String>,
    /// Its addresses with their links.
    pub linked: Vec<Linked>,
    /// The address that it uses toward its default gateway, which k3s takes.
    pub outward: Option<IpAddr>,
    /// The version of k3s, as `v1.36.3+k3s1`, where it is installed.
    pub version: Option<String>,
    /// How k3s is restarted, where it is installed as a service.
    pub restart: Option<&'static str>,
    /// Whether k3s runs, or has run, without such a service.
    pub has_run: bool,
    /// Whether k3s has installed its own traefik.
    pub has_traefik: bool,
    /// Whether NixOS gives k3s its flags.
    pub is_nixos: bool,
}

/// Looks at this machine.
#[must_use]
pub fn here() -> Here {
    let hostname = text("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned());
    let hosts = text("/etc/hosts").unwrap_or_default();
    let told = output("k3s", &["--version"]);
    Here {
        full_name: hostname.as_deref().and_then(|name| full_name(&hosts, name)),
        hostname,
        linked: network::linked(),
        outward: network::outward(),
        version: told.and_then(|told| told.split_whitespace().nth(2).map(str::to_owned)),
        restart: restart(),
        has_run: Path::new(KUBECONFIG).exists() || is_running(),
        has_traefik: Path::new(TRAEFIK).exists(),
        is_nixos: Path::new("/etc/NIXOS").exists(),
    }
}

fn restart() -> Option<&'static str> {
    SERVICES.iter().find(|(path, _)| Path::new(path).exists()).map(|(_, command)| *command)
}

fn is_running() -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut names = processes.filter_map(|process| std::fs::read_to_string(process.path().join("comm")).ok());
    names.any(|name| PROCESSES.contains(&name.trim()))
}

/// The first name of the line that has the host name, which is the machine's canonical one (hosts(5)).
fn full_name(hosts: &str, hostname: &str) -> Option<String> {
    let names = |line: &str| -> Vec<String> {
        let line = line.split('#').next().unwrap_or_default();
        line.split_whitespace().skip(1).map(str::to_owned).collect()
    };
    let lines = hosts.lines().map(names);
    let name = lines.filter(|names| names.iter().any(|name| name == hostname)).find_map(|names| {
        let first = names.into_iter().next()?;
        first.strip_prefix(hostname)?.starts_with('.').then_some(first)
    });
    name.filter(|name| !name.ends_with(".localdomain"))
}

/// A file of k3s' configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The file at `path`, if it is there.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<File>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(File { path: path.to_owned(), text })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::unfinished(format!("cannot read `{}`", path.display()))
            .because(error)
            .hint("run it as root: k3s' files are often readable by root only")),
    }
}

/// The files that k3s lays over the one at `path`, in its order: those of `PATH.d` by name, of which the last counts most
/// (k3s, pkg/configfilearg/parser.go, `dotDFiles`, at f646604).
#[must_use]
pub fn laid_over(path: &Path) -> Vec<PathBuf> {
    let mut folder = path.as_os_str().to_owned();
    folder.push(".d");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_yaml = |path: &PathBuf| {
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        path.is_file() && ending.is_some_and(|ending| ending == "yaml" || ending == "yml")
    };
    let mut files: Vec<PathBuf> = files.filter(is_yaml).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_is_the_first_one_of_the_line_with_the_host_name() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1\tnode1.lan node1 # Debian's installer\n";
        assert_eq!(full_name(hosts, "node1").as_deref(), Some("node1.lan"));
        assert_eq!(full_name(hosts, "node2"), None);
        assert_eq!(full_name("127.0.1.1 node1 node1.lan\n", "node1"), None, "the first one counts");
        assert_eq!(full_name("127.0.1.1 node1.localdomain node1\n", "node1"), None);
        assert_eq!(full_name("127.0.1.1 node10.lan node1\n", "node1"), None);
    }

    #[test]
    fn files_are_laid_over_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("config.yaml");
        let added = folder.path().join("config.yaml.d");
        std::fs::create_dir(&added).unwrap();
        for name in ["20-b.YML", "10-a.yaml", "30-c.yaml.off"] {
            std::fs::write(added.join(name), "").unwrap();
        }
        assert_eq!(laid_over(&main), [added.join("10-a.yaml"), added.join("20-b.YML")]);
        assert_eq!(laid_over(&folder.path().join("other.yaml")), Vec::<PathBuf>::new());
    }
}
