//! What `nix build` does, as far as it can be done without Nix: the files that `package.nix` names, and no others, build
//! the program and pass its tests, without network.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command::{run, run_in_terminal, run_within};
use crate::error::{Context, Result, bail};
use crate::paths::{Cache, repository};
use crate::{cargo, files};

/// The shells for which `postInstall` asks for completions.
const SHELLS: [&str; 3] = ["bash", "fish", "zsh"];
/// Only what decides how fast the program is: which files are needed, and what its tests see, stays as in the release
/// profile. Link-time optimization and one code generation unit would cost minutes at each change.
const QUICK: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "true"),
];

/// The commit of which the build is told, and what `--version` says then.
pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567-dirty";
pub(super) const SAYS: &str = concat!("homelab ", env!("CARGO_PKG_VERSION"), " (0123456789ab with changes)");

/// Copies, and has the compiler read all of it: a file that the package lacks is missed here. What other people wrote is
/// compiled for the lints already.
pub(super) fn compiles() -> Result<()> {
    let source = Cache::find()?.package().join("source");
    mirror(&wanted()?, &source)?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    cargo(&["check", "--quiet", "--frozen", "--package", "homelab", "--tests"], &source, &target)
}

/// Copies, builds, tests, and makes what `postInstall` makes.
pub(super) fn builds() -> Result<()> {
    let program = program()?;
    let folder = Cache::find()?.package();
    let (source, target) = (folder.join("source"), folder.join("target"));
    cargo(&["test", "--quiet", "--release", "--frozen", "--package", "homelab"], &source, &target)?;
    install(&program)
}

/// The program, built of the package's files alone.
pub(super) fn program() -> Result<PathBuf> {
    let folder = Cache::find()?.package();
    let (source, target) = (folder.join("source"), folder.join("target"));
    mirror(&wanted()?, &source)?;
    cargo(&["build", "--quiet", "--release", "--frozen", "--package", "homelab"], &source, &target)?;
    Ok(target.join("release/homelab"))
}

/// The files of the package, below the root of the repository: as Nix sees them where a `lib` of nixpkgs is at hand, and
/// as they are read here. Both must agree.
fn wanted() -> Result<BTreeSet<PathBuf>> {
    let package = files::read_text(&repository().join("package.nix"))?;
    let read = expand(&named(&package)?)?;
    let Some(lib) = lib() else { return Ok(read) };
    let text = run(Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json", "tests/nixos/source.nix", "--arg", "lib"])
        .arg(format!("import {lib}"))
        .env("NIX_CONFIG", "build-users-group =")
        .current_dir(repository()))?;
    let evaluated: BTreeSet<PathBuf> = serde_json::from_str(&text).context("the file set of package.nix")?;
    // Nix takes what lies there; a flake, and this test, only what git does not ignore.
    let known = known()?;
    let evaluated: BTreeSet<PathBuf> = evaluated.into_iter().filter(|path| known.contains(path)).collect();
    if evaluated != read {
        let differ: Vec<_> = evaluated.symmetric_difference(&read).collect();
        bail!("package.nix names other files than this test reads in it: {differ:?}");
    }
    Ok(evaluated)
}

/// nixpkgs' `lib` folder, where there is one.
fn lib() -> Option<String> {
    if let Some(set) = env::var("NIXPKGS_LIB").ok().filter(|set| !set.is_empty()) {
        return Some(set);
    }
    let found = run(Command::new("nix-instantiate").args(["--find-file", "nixpkgs/lib"])).ok()?;
    Some(found.trim().to_owned())
}

/// The paths in `fileset.unions [ ... ]`: files and folders, one a line. Whatever else stands there is an error, since
/// this reads only the form in which package.nix is written.
fn named(package: &str) -> Result<Vec<PathBuf>> {
    let plain: String = package
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim_end())
        .fold(String::new(), |text, line| text + line + "\n");
    let (before, after) = plain.split_once("fileset = fileset.unions [").context("no fileset.unions [")?;
    if !before.trim_end().ends_with("root = ./.;") || after.contains("fileset.") {
        bail!("package.nix selects its files in a form that this test does not read");
    }
    let (list, _) = after.split_once("];").context("the list of files has no end")?;
    let mut paths = Vec::new();
    for word in list.split_whitespace() {
        let path = word.strip_prefix("./").filter(|path| {
            !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
        });
        paths.push(PathBuf::from(path.context(format_args!("package.nix: `{word}` is not a path"))?));
    }
    if paths.is_empty() {
        bail!("package.nix names no file");
    }
    Ok(paths)
}

/// The files at and below these paths. One that is not there ends Nix's evaluation, so it is an error here too.
fn expand(named: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    let known = known()?;
    let mut all = BTreeSet::new();
    for path in named {
        let below: Vec<_> = known.iter().filter(|file| file.starts_with(path)).cloned().collect();
        if below.is_empty() {
            bail!("package.nix names ./{}, and there is no such file in the repository", path.display());
        }
        all.extend(below);
    }
    Ok(all)
}

/// Every file that git knows or would add.
pub(super) fn known() -> Result<BTreeSet<PathBuf>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(repository());
    let listed = run(&mut git)?;
    let paths = listed.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from);
    Ok(paths.filter(|path| repository().join(path).is_file()).collect())
}

/// Makes the folder hold these files and nothing else. What is there already with the same content stays as it is, so
/// that cargo builds only what changed.
pub(super) fn mirror(wanted: &BTreeSet<PathBuf>, folder: &Path) -> Result<()> {
    files::make_folder(folder)?;
    for stale in files::below(folder)?.iter().filter(|path| !wanted.contains(*path)) {
        fs::remove_file(folder.join(stale)).context(format_args!("removing {}", stale.display()))?;
    }
    for path in wanted {
        let (from, to) = (repository().join(path), folder.join(path));
        let content = files::read(&from)?;
        if fs::read(&to).ok().as_ref() != Some(&content) {
            files::write(&to, content)?;
        }
    }
    let there: BTreeSet<PathBuf> = files::below(folder)?.into_iter().collect();
    if there != *wanted {
        bail!("{} holds other files than the package", folder.display());
    }
    Ok(())
}

/// Runs cargo in a network of its own that has only loopback, as Nix' sandbox does, and without a home.
fn cargo(words: &[&str], source: &Path, target: &Path) -> Result<()> {
    let home = env::home_dir().context("HOME is not set")?;
    let of_home =
        |variable: &str, folder: &str| env::var_os(variable).unwrap_or_else(|| home.join(folder).into());
    let mut command = Command::new("unshare");
    command.args(["--net", "--", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]);
    command.arg(cargo::program()).args(words);
    cargo::forget(&mut command);
    command.env("CARGO_HOME", of_home("CARGO_HOME", ".cargo"));
    command.env("RUSTUP_HOME", of_home("RUSTUP_HOME", ".rustup"));
    command.env("HOME", "/homeless-shelter").env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", target);
    // As flake.nix gives it: there is no .git.
    command.env("HOMELAB_COMMIT", COMMIT);
    let status = run_in_terminal(command.envs(QUICK).current_dir(source))?;
    if !status.success() {
        bail!("cargo {} ended with {status}, in {}", words.join(" "), source.display());
    }
    Ok(())
}

/// What `postInstall` does with the program that was built.
fn install(program: &Path) -> Result<()> {
    let version = run(Command::new(program).arg("--version"))?;
    if version.trim_end() != SAYS {
        bail!("without .git, --version must name the commit that the build was told: {version}");
    }
    for shell in SHELLS {
        let script = run(Command::new(program).args(["completions", shell]))?;
        if !script.contains("homelab") {
            bail!("the completions for {shell} do not speak of homelab");
        }
    }
    let man = tempfile::Builder::new().prefix("homelab-man-").tempdir().context("a folder")?;
    run_within(Command::new(program).arg("man").arg(man.path()), Duration::from_secs(30))?;
    let pages = files::below(man.path())?;
    if !pages.contains(&PathBuf::from("homelab.1")) {
        bail!("there is no homelab.1 among the man pages: {pages:?}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: &str = "src = fileset.toSource {\n  root = ./.;\n  fileset = fileset.unions [\n    \
                           ./Cargo.toml # why\n    ./src\n  ];\n};\n";

    #[test]
    fn paths_are_read_and_comments_are_not() {
        assert_eq!(named(PACKAGE).ok(), Some(vec![PathBuf::from("Cargo.toml"), PathBuf::from("src")]));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for (plain, other) in [
            ("./src", "(fileset.maybeMissing ./src)"),
            ("./src", "../src"),
            ("./src", "./${name}"),
            ("unions", "difference"),
            ("./.;", "../.;"),
        ] {
            let package = PACKAGE.replacen(plain, other, 1);
            assert!(named(&package).is_err(), "{package}");
        }
    }

    #[test]
    fn a_path_that_is_not_there_is_an_error() {
        assert!(expand(&[PathBuf::from("Cargo.toml")]).is_ok());
        assert!(expand(&[PathBuf::from("no-such-folder")]).is_err());
    }
}
