//! The configuration file: where it is, and whether it may be used.

mod trust;

use std::path::{Path, PathBuf};

use crate::config::{self, Config};
use crate::error::{Error, Result};

/// Where the file is looked for when neither `--config` nor `$HOMELAB_CONFIG` names it.
const PLACES: [&str; 2] = ["homelab.yaml", "/etc/homelab/homelab.yaml"];

/// Reads the configuration from `given`, or from the first place that has one.
///
/// # Errors
/// When there is no file, it cannot be read, or anything in it cannot be used; the message lists every problem.
pub fn load(given: Option<&Path>) -> Result<Config> {
    let path = find(given)?;
    if given.is_none() {
        trust::usable(&path)?;
    }
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Error::usage(format!("cannot read the configuration `{}`", path.display()))
            .because(error)
            .hint("name another file with `--config FILE` or `$HOMELAB_CONFIG`")
    })?;
    config::read(&path, &text)
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
