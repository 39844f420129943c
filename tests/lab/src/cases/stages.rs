//! What needs no lab: format, lints, and the tests that cargo runs.

use std::process::Command;

use crate::command::run_in_terminal;
use crate::error::{Result, bail};
use crate::paths::repository;
use crate::{cargo, homelab};

pub(super) struct Stage {
    pub(super) name: &'static str,
    /// Runs without `--all`, too.
    pub(super) always: bool,
    pub(super) run: fn() -> Result<()>,
}

const fn always(name: &'static str, run: fn() -> Result<()>) -> Stage {
    Stage { name, always: true, run }
}

const fn with_all(name: &'static str, run: fn() -> Result<()>) -> Stage {
    Stage { name, always: false, run }
}

pub(super) const STAGES: [Stage; 11] = [
    always("the sources are formatted", format),
    always("no lint has a warning", lints),
    always("every dependency's licence is allowed", super::licences::check),
    always("the NixOS module and the flake hold as far as they can without nixpkgs", nix),
    always("unit, golden and command-line tests pass", tests),
    always(
        "kube-score finds nothing in what homelab renders that docs/security.md does not explain",
        super::scores::are_explained,
    ),
    with_all(
        "Cilium's own parser takes every policy that homelab renders for it, and its engine lets pods go where they should",
        super::egress::cilium::agrees,
    ),
    always("the package's own files are all that its code and its tests need", super::package::compiles),
    with_all("the package builds and passes its tests from its own files alone", super::package::builds),
    with_all(
        "the Debian package is installed, upgraded and removed in a clean root, and its units run",
        super::install::debian::package,
    ),
    with_all(
        "cargo installs it on a clean Debian, by path and from a git repository",
        super::install::cargo::install,
    ),
];

fn format() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])
}

fn lints() -> Result<()> {
    cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"])
}

fn tests() -> Result<()> {
    cargo(&["test", "--quiet", "--workspace"])
}

fn nix() -> Result<()> {
    let homelab = homelab::build()?.homelab;
    let mut check = Command::new("tests/nixos/check.sh");
    let status = run_in_terminal(check.env("HOMELAB", homelab).current_dir(repository()))?;
    if !status.success() {
        bail!("tests/nixos/check.sh ended with {status}");
    }
    Ok(())
}

fn cargo(words: &[&str]) -> Result<()> {
    let status = run_in_terminal(cargo::command().args(words).current_dir(repository()))?;
    if !status.success() {
        bail!("cargo {} ended with {status}", words.join(" "));
    }
    Ok(())
}
