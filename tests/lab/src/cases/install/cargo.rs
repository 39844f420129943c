//! `cargo install`, as the documentation has it: of a checkout, and of a git repository. Without optimization, which costs
//! minutes: which files and packages are needed is the same.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::cases::hands::expect;
use crate::cases::package;
use crate::command::{run, run_within};
use crate::error::{Context, Result};
use crate::files;
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
    files::write(&root.path("root/.cargo/config.toml"), "[net]\noffline = true\n")?;
    // Of an own file system, so that nothing is written into what others use.
    let registry = cargo_home()?.join("registry");
    let mounts: [(&Path, &str); 2] = [(&toolchain()?, TOOLCHAIN), (&registry, "/root/.cargo/registry")];
    for from in [vec!["--path", SOURCE], vec!["--git", "file:///root/homelab", "homelab"]] {
        let mut words =
            vec!["env", "PATH=/opt/rust/bin:/usr/bin:/bin", "CARGO_TARGET_DIR=/root/target", TOOL, "install"];
        words.extend(["--quiet", "--locked", "--debug", "--force"]);
        words.extend(&from);
        run_within(&mut root.command(&mounts, &words), LIMIT).context(from.join(" "))?;
        let said = run(&mut root.command(&[], &["/root/.cargo/bin/homelab", "--version"]))?;
        expect(said.trim_end() == concat!("homelab ", env!("CARGO_PKG_VERSION")), said)?;
    }
    // The second is of the repository's commit.
    let listed = run(&mut root.command(&mounts, &[TOOL, "install", "--list"]))?;
    expect(listed.contains(&commit[..8]), format!("{listed}, {commit}"))?;
    run(&mut root.command(&mounts, &[TOOL, "uninstall", "--quiet", "homelab"]))?;
    expect(!root.path("root/.cargo/bin/homelab").exists(), "uninstalled, and still there")
}

fn cargo_home() -> Result<PathBuf> {
    let home = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).context("neither CARGO_HOME nor HOME is set")
}

/// Where rustup has put the compiler that builds this: a Debian of 2023 has none that is new enough.
fn toolchain() -> Result<PathBuf> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok(PathBuf::from(run(Command::new(rustc).args(["--print", "sysroot"]))?.trim()))
}
