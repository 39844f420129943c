//! What the lab needs of the machine: root, Go, and Debian's packages.

use std::process::Command;
use std::time::Duration;

use crate::command::{output, run, run_within};
use crate::error::{Context, Result, bail};

const GO_AT_LEAST: (u32, u32) = (1, 24);

const PACKAGES: [&str; 29] = [
    "busybox-static",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "curl",
    "debian-archive-keyring",
    "bind9-dnsutils",
    "dnsmasq-base",
    "dumb-init",
    "faketime",
    "iproute2",
    "ipset",
    "iptables",
    "knot",
    "libnginx-mod-http-headers-more-filter",
    "libnginx-mod-http-lua",
    "libnginx-mod-stream",
    "lua-cjson",
    "mmdebstrap",
    "nginx-light",
    "openssl",
    "pdns-backend-sqlite3",
    "pdns-server",
    "pebble",
    "python3",
    "python3-venv",
    "runc",
    "socat",
    "sqlite3",
];

/// The packages whose files go into images: their versions are part of those images' recipes.
const IN_IMAGES: [&str; 12] = [
    "busybox-static",
    "curl",
    "dumb-init",
    "knot",
    "libnginx-mod-http-headers-more-filter",
    "libnginx-mod-http-lua",
    "libnginx-mod-stream",
    "lua-cjson",
    "nginx-light",
    "pdns-backend-sqlite3",
    "pdns-server",
    "sqlite3",
];

pub(crate) fn check_root() -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    bail!("the lab makes network namespaces, mounts and containers: run it as root")
}

pub(crate) fn check_go() -> Result<()> {
    let found = run(Command::new("go").args(["env", "GOVERSION"]))
        .context("Go is needed to build the parts (go.dev/dl, 1.24 or newer)")?;
    if go_is_new_enough(found.trim()) {
        return Ok(());
    }
    bail!(
        "Go {}.{} or newer is needed to build the parts, found {}",
        GO_AT_LEAST.0,
        GO_AT_LEAST.1,
        found.trim()
    )
}

fn go_is_new_enough(version: &str) -> bool {
    let mut numbers =
        version.trim_start_matches("go").split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= GO_AT_LEAST,
        _ => false,
    }
}

/// Installs the packages that are missing, without starting their services.
pub(crate) fn install_missing() -> Result<()> {
    let missing = missing()?;
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing Debian packages: {}", missing.join(" "));
    let limit = Duration::from_secs(900);
    run_within(apt().args(["update", "-q"]), limit)?;
    run_within(apt().args(["install", "-y", "-q", "--no-install-recommends"]).args(&missing), limit)?;
    Ok(())
}

/// Installs packages that one case alone needs.
///
/// # Errors
/// Why they are not to be had, in a word or two: the case is then left out.
pub(crate) fn install_for_a_case(packages: &[&str]) -> std::result::Result<(), String> {
    let installed = query("${Package} ${db:Status-Status}\n", packages).unwrap_or_default();
    let is_installed = |name: &&&str| installed.lines().any(|line| line == format!("{name} installed"));
    if packages.iter().filter(is_installed).count() == packages.len() {
        return Ok(());
    }
    let limit = Duration::from_secs(900);
    let words = ["install", "-y", "-q", "--no-install-recommends"];
    run_within(apt().args(["update", "-q"]), limit)
        .and_then(|_| run_within(apt().args(words).args(packages), limit))
        .map(drop)
        .map_err(|error| format!("{} cannot be installed: {error}", packages.join(" ")))
}

/// In run level 1 no package starts its service.
fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    apt
}

fn missing() -> Result<Vec<&'static str>> {
    let installed = query("${Package} ${db:Status-Status}\n", &PACKAGES)?;
    let is_installed = |name: &str| installed.lines().any(|line| line == format!("{name} installed"));
    Ok(PACKAGES.into_iter().filter(|name| !is_installed(name)).collect())
}

/// Names and versions of the packages whose files go into images.
pub(crate) fn image_packages() -> Result<String> {
    query("${Package} ${Version}\n", &IN_IMAGES)
}

fn query(format: &str, packages: &[&str]) -> Result<String> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", format]).args(packages);
    // It fails if one of them is unknown, and still tells of the others.
    Ok(output(&mut query).context("the lab needs a Debian machine")?.stdout)
}

#[cfg(test)]
mod tests {
    use super::go_is_new_enough;

    #[test]
    fn go_versions_are_compared_by_number() {
        assert!(go_is_new_enough("go1.24"));
        assert!(go_is_new_enough("go1.26.8"));
        assert!(go_is_new_enough("go2.0"));
        assert!(!go_is_new_enough("go1.9.1"));
        assert!(!go_is_new_enough("devel"));
    }
}
