//! `cargo install`, as the documentation has it: of a checkout, and of a git repository. Without optimization, which costs
//! minutes: which files and packages are needed is the same.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::cases::hands::expect;
use crate::cases::package;
use crate::command::{output_within, run, run_within};
use crate::dist::{cargo_home, sysroot};
use crate::error::{Context, Result};
use crate::paths::Cache;
use crate::root::Root;

/// For two builds without optimization, of which the second is of one crate.
const LIMIT: Duration = Duration::from_secs(1800);
const SOURCE: &str = "/root/homelab";
const TOOLCHAIN: &str = "/opt/rust";
const TOOL: &str = "/opt/rust/bin/cargo";

pub(in crate::cases) fn install() -> Result<()> {
    let root = Root::unpack(&Cache::find()?, &["gcc", "git", "libc6-dev"])?;
    let wanted = package::known()?;
    let source = root.path(SOURCE);
    package::mirror(&wanted, &source)?;
    for words in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["-c", "user.name=lab", "-c", "user.email=lab@localhost", "commit", "--quiet", "--message=all"],
    ] {
        run(Command::new("git").args(words).current_dir(&source))?;
    }
    let commit = run(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(&source))?;
    let registry = cargo_home()?.join("registry");
    // A Debian of 2023 has no compiler that is new enough: it is rustup's, as a user would have it.
    let mounts: [(&Path, &str); 2] = [(&sysroot()?, TOOLCHAIN), (&registry, "/root/.cargo/registry")];
    let command = |network: &str, from: &[&str]| {
        let mut words =
            vec!["env", "PATH=/opt/rust/bin:/usr/bin:/bin", "CARGO_TARGET_DIR=/root/target", network];
        words.extend([TOOL, "install", "--quiet", "--locked", "--debug", "--force"]);
        words.extend(from);
        root.command(&mounts, &words)
    };
    // Offline, cargo clones no repository, not even one beside it; otherwise it asks the registry which crates were yanked.
    // So it clones first, and fails to ask.
    let of_git = ["--git", "file:///root/homelab", "homelab"];
    let asked = output_within(&mut command("CARGO_NET_RETRY=0", &of_git), LIMIT)?;
    expect(!asked.status.success() && asked.stderr.contains("Could not resolve"), asked.stderr)?;
    for from in [&["--path", SOURCE][..], &of_git] {
        run_within(&mut command("CARGO_NET_OFFLINE=true", from), LIMIT).context(from.join(" "))?;
        let said = run(&mut root.command(&[], &["/root/.cargo/bin/homelab", "--version"]))?;
        expect(said.trim_end() == concat!("homelab ", env!("CARGO_PKG_VERSION")), said)?;
    }
    // The second is of the repository's commit.
    let listed = run(&mut root.command(&mounts, &[TOOL, "install", "--list"]))?;
    expect(listed.contains(&commit[..8]), format!("{listed}, {commit}"))?;
    run(&mut root.command(&mounts, &[TOOL, "uninstall", "--quiet", "homelab"]))?;
    expect(!root.path("root/.cargo/bin/homelab").exists(), "uninstalled, and still there")
}
