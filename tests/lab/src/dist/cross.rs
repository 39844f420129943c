//! A program for arm64, built on amd64 in a clean Debian: rustup's compiler has no standard library for it unless one
//! downloads it, and Debian's own (`rustc-web`) has, beside a linker and a C library.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::arch::Arch;
use super::source::{cargo_home, sysroot};
use crate::command::run_within;
use crate::error::{Context, Result, bail};
use crate::paths::Cache;
use crate::root::Root;
use crate::{cargo, files};

const PACKAGES: [&str; 6] = [
    "gcc",
    "gcc-aarch64-linux-gnu",
    "libc6-dev",
    "libc6-dev-arm64-cross",
    "libstd-rust-web-dev:arm64",
    "rustc-web",
];
const LIMIT: Duration = Duration::from_secs(3600);
const ENVIRONMENT: [&str; 5] = [
    "CARGO_HOME=/cargo",
    "CARGO_TARGET_DIR=/root/target",
    "RUSTC=/usr/bin/rustc",
    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc",
    "CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc",
];

/// Builds the sources, and puts the program into `work`.
pub(super) fn build(arch: Arch, commit: &str, source: &Path, work: &Path) -> Result<PathBuf> {
    if (Arch::here()?, arch) != (Arch::Amd64, Arch::Arm64) {
        bail!("only arm64 can be built for on another machine, and only on amd64");
    }
    run_within(cargo::command().args(["fetch", "--locked"]).current_dir(source), LIMIT)?;
    let root = Root::unpack(&Cache::find()?, &PACKAGES)?;
    let (registry, tools) = (cargo_home()?.join("registry"), sysroot()?);
    let mounts: [(&Path, &str); 3] =
        [(source, "/homelab"), (&registry, "/cargo/registry"), (&tools, "/opt/rust")];
    let (commit, target) = (format!("HOMELAB_COMMIT={commit}"), arch.target());
    let mut words = vec!["env", &commit];
    words.extend(ENVIRONMENT);
    words.extend(["/opt/rust/bin/cargo", "build", "--quiet", "--release", "--locked", "--offline"]);
    words.extend(["--manifest-path=/homelab/Cargo.toml", "--package=homelab", "--target", &target]);
    run_within(&mut root.command(&mounts, &words), LIMIT)?;
    let (made, kept) = (root.path(&format!("root/target/{target}/release/homelab")), work.join("homelab"));
    std::fs::copy(&made, &kept).context(made.display())?;
    Ok(kept)
}

/// Whether the program, which cannot run here, holds the commit.
pub(super) fn names(program: &Path, commit: &str) -> Result<bool> {
    Ok(files::read(program)?.windows(commit.len()).any(|part| part == commit.as_bytes()))
}
