//! The commit that is packed, and the program that is built of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::{Arch, Release, cross};
use crate::command::{run, run_in_terminal};
use crate::error::{Context, Result, bail};
use crate::paths::repository;
use crate::{cargo, files};

/// As many digits of a commit as `homelab --version` shows.
const DIGITS: usize = 12;

/// What `git` says of the checkout.
pub(super) struct Commit {
    pub(super) hash: String,
    /// Seconds since 1970.
    time: u64,
    /// Its time in UTC, to the second, in digits: sorts as time does.
    moment: String,
    /// The tags that name it.
    tags: String,
    /// Whether files differ from it.
    pub(super) is_changed: bool,
}

#[derive(Deserialize)]
struct Manifest {
    workspace: Workspace,
}

#[derive(Deserialize)]
struct Workspace {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    version: String,
}

impl Commit {
    pub(super) fn checked_out() -> Result<Self> {
        let time = git(&["show", "--no-patch", "--format=%ct"])?;
        Ok(Self {
            hash: git(&["rev-parse", "HEAD"])?,
            time: time.parse().context(format_args!("the time of the commit, {time}"))?,
            moment: git(&["show", "--no-patch", "--format=%cd", "--date=format-local:%Y%m%d%H%M%S"])?,
            tags: git(&["tag", "--points-at", "HEAD"])?,
            is_changed: !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty(),
        })
    }

    /// Builds the program of the commit's own files, below `work`. Nothing of these folders' names goes into it.
    pub(super) fn build(&self, arch: Arch, work: &Path) -> Result<Release> {
        let (source, target) = (work.join("source"), work.join("target"));
        self.export(&source)?;
        let text = files::read_text(&source.join("Cargo.toml"))?;
        let manifest: Manifest = toml::from_str(&text).context("Cargo.toml")?;
        let cargo_home = cargo_home()?;
        let flags = [(cargo_home.as_path(), "/cargo"), (&source, "/homelab")]
            .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
        let mut cargo = cargo::command();
        cargo
            .args(["build", "--quiet", "--release", "--locked", "--package", "homelab"])
            .current_dir(&source);
        cargo.env("CARGO_TARGET_DIR", &target).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        cargo.env("HOMELAB_COMMIT", &self.hash).env("SOURCE_DATE_EPOCH", self.time.to_string());
        eprintln!("building {} in {}", self.hash, work.display());
        let status = run_in_terminal(&mut cargo)?;
        if !status.success() {
            bail!("cargo build ended with {status}, in {}", source.display());
        }
        let here = target.join("release/homelab");
        let program =
            if arch == Arch::here()? { here.clone() } else { cross::build(arch, &self.hash, &source, work)? };
        let commit = &self.hash[..DIGITS];
        let said = run(Command::new(&here).arg("--version"))?;
        if !said.contains(commit) || !cross::names(&program, commit)? {
            bail!("the program says that it is `{}`, not of {}", said.trim_end(), self.hash);
        }
        let version = version(&manifest.workspace.package.version, &self.tags, &self.moment, &self.hash);
        Ok(Release { version, commit: self.hash.clone(), time: self.time, source, program, arch, here })
    }

    /// The commit's files, and no others. They are as old as this copy: cargo compares their times with its last build.
    fn export(&self, folder: &Path) -> Result<()> {
        files::remove_folder(folder)?;
        files::make_folder(folder)?;
        let packed = tempfile::NamedTempFile::new_in(folder).context("a file for the sources")?;
        let name = packed.path().display().to_string();
        git(&["archive", "--format=tar", "--output", &name, &self.hash])?;
        run(Command::new("tar").args(["-x", "--touch", "-f", &name]).current_dir(folder)).map(drop)
    }
}

/// Where cargo keeps what it has fetched.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(home).context("neither CARGO_HOME nor HOME is set")
}

/// Where the compiler lies, and cargo beside it.
pub(crate) fn sysroot() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok(PathBuf::from(run(Command::new(rustc).args(["--print", "sysroot"]))?.trim()))
}

fn git(words: &[&str]) -> Result<String> {
    let said = run(Command::new("git").args(words).env("TZ", "UTC").current_dir(repository()))?;
    Ok(said.trim().to_owned())
}

/// The version itself where a tag names it; otherwise one that is older than it, and newer than those of earlier commits.
fn version(of_cargo: &str, tags: &str, moment: &str, hash: &str) -> String {
    if tags.lines().any(|tag| tag == format!("v{of_cargo}")) {
        return of_cargo.to_owned();
    }
    format!("{of_cargo}~git{moment}.{}", &hash[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_tag_makes_a_release_and_anything_else_comes_before_it() {
        assert_eq!(version("0.1.0", "latest\nv0.1.0", "20261129053100", HASH), "0.1.0");
        assert_eq!(
            version("0.1.0", "v0.0.9", "20261129053100", HASH),
            "0.1.0~git20261129053100.0123456789ab"
        );
    }
}
