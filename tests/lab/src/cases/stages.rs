//! What needs no lab: format, lints, and the tests that cargo runs.

use std::process::Command;

use crate::command::run_in_terminal;
use crate::error::{Result, bail};
use crate::homelab;
use crate::paths::repository;

pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) run: fn() -> Result<()>,
}

pub(super) const STAGES: [Stage; 6] = [
    Stage { name: "the sources are formatted", run: format },
    Stage { name: "no lint has a warning", run: lints },
    Stage { name: "every dependency's licence is allowed", run: super::licences::check },
    Stage { name: "the NixOS module and the flake hold as far as they can without nixpkgs", run: nix },
    Stage { name: "unit, golden and command-line tests pass", run: tests },
    Stage {
        name: "the package builds and passes its tests from its own files alone",
        run: super::package::builds,
    },
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
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = run_in_terminal(Command::new(cargo).args(words).current_dir(repository()))?;
    if !status.success() {
        bail!("cargo {} ended with {status}", words.join(" "));
    }
    Ok(())
}
