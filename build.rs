//! Gives the program its version with the commit that it was built from.
//!
//! The commit is that of `HOMELAB_COMMIT` (a Nix build has no `.git`), of git, or of the file that `cargo package` leaves.
//! Only in release builds: otherwise each commit would build the program again under a developer's hands. No time goes
//! in, so the same commit gives the same bytes.

use std::path::Path;
use std::process::Command;

/// As many digits of a commit as are shown.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=HOMELAB_COMMIT");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let told = std::env::var("HOMELAB_COMMIT").ok().filter(|commit| !commit.is_empty());
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = told.as_deref().map(shown).or_else(|| is_release.then(|| git().or_else(packaged)).flatten());
    let version = match commit {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    };
    println!("cargo::rustc-env=HOMELAB_VERSION={version}");
}

/// Twelve digits, and whether something was changed since, which Nix writes as `-dirty`.
fn shown(commit: &str) -> String {
    let (digits, changed) = match commit.strip_suffix("-dirty") {
        Some(digits) => (digits, " with changes"),
        None => (commit, ""),
    };
    format!("{}{changed}", digits.get(..DIGITS).unwrap_or(digits))
}

/// The commit of the checkout that this is; a package unpacked within somebody's repository is none.
fn git() -> Option<String> {
    let folder = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    let top = ask(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&folder).canonicalize().ok()? {
        return None;
    }
    let commit = ask(&["rev-parse", "HEAD"])?;
    let changed = ask(&["status", "--porcelain", "--untracked-files=no"])?;
    // What changes with each commit, and what a change would be in. A path that is not there would count as changed.
    let of_git =
        ["HEAD", "logs/HEAD", "index"].iter().filter_map(|name| ask(&["rev-parse", "--git-path", name]));
    for path in of_git.chain(["src", "manifests", "Cargo.toml", "Cargo.lock"].map(str::to_owned)) {
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    Some(shown(&if changed.is_empty() { commit } else { format!("{commit}-dirty") }))
}

fn ask(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The commit that `cargo package` noted (The Cargo Book, "cargo package").
fn packaged() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    let commit = rest.split('"').nth(1)?;
    let changed = if text.contains("\"dirty\": true") { "-dirty" } else { "" };
    Some(shown(&format!("{commit}{changed}")))
}
