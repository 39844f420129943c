//! The configuration file: where it is, and whether it may be used.

mod trust;

use std::path::{Path, PathBuf};

use crate::config::{self, Config};
use crate::error::{Error, Result};
use crate::machine::zones;

/// Where the units of the package and of the tarball lie.
const UNITS: [&str; 2] = ["/usr/lib/systemd/system", "/usr/local/lib/systemd/system"];

/// Where the file is looked for when neither `--config` nor `$HOMELAB_CONFIG` names it.
const PLACES: [&str; 2] = ["homelab.yaml", "/etc/homelab/homelab.yaml"];

/// A configuration with its file.
#[derive(Debug)]
pub struct Opened {
    /// Where it was found, as it was given or looked for.
    pub path: PathBuf,
    /// The file's text.
    pub text: String,
    /// What it says.
    pub config: Config,
}

/// Where the programs that NixOS writes files with put them; nobody else may change anything there.
const STORE: &str = "/nix/store";

impl Opened {
    /// Whether NixOS generated the file: it, or what it links to, lies in the store.
    #[must_use]
    pub fn is_generated(&self) -> bool {
        is_in_store(&self.path) || is_in_store(&self.target())
    }

    /// The file itself, behind every link to it.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.path.canonicalize().unwrap_or_else(|_| self.path.clone())
    }
}

fn is_in_store(path: &Path) -> bool {
    path.starts_with(STORE)
}

/// Reads the configuration from `given`, or from the first place that has one.
///
/// # Errors
/// When there is no file, it cannot be read, or anything in it cannot be used; the message lists every problem.
pub fn load(given: Option<&Path>) -> Result<Config> {
    open(given).map(|opened| opened.config)
}

/// The same, with the file.
///
/// # Errors
/// As [`load`].
pub fn open(given: Option<&Path>) -> Result<Opened> {
    let path = find(given)?;
    if given.is_none() {
        trust::usable(&path)?;
    }
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Error::usage(format!("cannot read the configuration `{}`", path.display()))
            .because(error)
            .hint("name another file with `--config FILE` or `$HOMELAB_CONFIG`")
    })?;
    let mut config = config::read(&path, &text)?;
    zones::read(&mut config, &path)?;
    Ok(Opened { path, text, config })
}

/// Which file it is: `given`, or the first place that has one.
///
/// # Errors
/// When there is none.
pub fn find(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let found = PLACES.iter().map(PathBuf::from).find(|path| path.exists());
    found.ok_or_else(|| {
        Error::usage("there is no configuration")
            .because(format!("looked for {}", PLACES.map(|p| format!("`{p}`")).join(" and ")))
            .hint("`homelab init` writes one; or name another file with `--config FILE` or `$HOMELAB_CONFIG`")
    })
}

/// Where a new file goes that nobody named: root's where every command finds it from anywhere, anybody else's here.
#[must_use]
pub fn place_for_new() -> PathBuf {
    PLACES[usize::from(rustix::process::geteuid().is_root())].into()
}

/// The folder for a secret of a new configuration: root's own, or the one that is meant for a user's settings (XDG Base
/// Directory Specification 0.8), never the folder of the configuration, which may be a repository.
#[must_use]
pub fn folder_for_secrets() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return Path::new(PLACES[1]).parent().unwrap_or(Path::new("/")).to_owned();
    }
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let settings = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    settings.unwrap_or_default().join("homelab")
}

/// Where the systemd units of the package and of the tarball read the credential of the DNS provider, if such units are on this
/// machine (modules/debian).
#[must_use]
pub fn credential_of_units() -> Option<PathBuf> {
    let there = UNITS.iter().any(|folder| Path::new(folder).join("homelab-apply.service").exists());
    there.then(|| Path::new(PLACES[1]).with_file_name(super::token::CREDENTIAL))
}

/// Whether a command that is given no file uses this one.
#[must_use]
pub fn is_found(path: &Path) -> bool {
    find(None).is_ok_and(|found| found.canonicalize().ok() == path.canonicalize().ok())
}

/// How a file is named to people who come later: NixOS' units are given one in the store, which the next switch leaves
/// behind; the link to it in `/etc` lasts.
#[must_use]
pub fn lasting(path: &Path) -> &Path {
    let real = |path: &Path| path.canonicalize().ok();
    let same = |other: &&Path| real(other).is_some() && real(other) == real(path);
    Some(Path::new(PLACES[1])).filter(same).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_store_is_generated_and_a_link_is_judged_by_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let (own, link) = (folder.path().join("own.yaml"), folder.path().join("link.yaml"));
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        std::fs::write(&own, text).unwrap();
        std::os::unix::fs::symlink(&own, &link).unwrap();
        let opened = open(Some(&link)).unwrap();
        assert!(!opened.is_generated());
        assert_eq!(opened.target(), own.canonicalize().unwrap());
        let generated = Opened { path: "/nix/store/0-homelab.yaml".into(), ..opened };
        assert!(generated.is_generated());
        assert!(!is_in_store(Path::new("/nix/storehouse/homelab.yaml")));
    }
}
