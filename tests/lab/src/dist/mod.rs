//! `cargo lab dist`: packages of the commit that is checked out, the same bytes each time.

mod arch;
mod archive;
mod content;
mod crates;
mod cross;
mod deb;
mod elf;
mod image;
mod source;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::{Context, Result, bail};
use crate::files;
use crate::paths::{Cache, repository};
use source::Commit;

pub(crate) use arch::Arch;
pub(crate) use deb::write as write_deb;
pub(crate) use source::{cargo_home, sysroot};

/// What to make, and where.
#[derive(Args)]
pub(crate) struct Request {
    /// The folder for the packages [default: target/dist]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// For another kind of machine: arm64 on amd64; without the image
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    /// Make everything a second time, of other folders, and compare the bytes
    #[arg(long)]
    twice: bool,
}

/// A program, and what is packed around it.
pub(crate) struct Release {
    /// The package's version, in Debian's order (deb-version(7)).
    pub(crate) version: String,
    /// The whole commit.
    pub(crate) commit: String,
    /// When it was committed, in seconds since 1970: the time of every file.
    pub(crate) time: u64,
    /// The sources.
    pub(crate) source: PathBuf,
    pub(crate) program: PathBuf,
    pub(crate) arch: Arch,
    /// The same program for this machine, which tells completions and manual pages.
    pub(crate) here: PathBuf,
}

/// Makes every package.
pub(crate) fn run(cache: &Cache, request: &Request) -> Result<()> {
    let out = request.out.clone().unwrap_or_else(|| repository().join("target/dist"));
    let arch = request.arch.map_or_else(Arch::here, Ok)?;
    let commit = Commit::checked_out()?;
    if commit.is_changed {
        eprintln!("note: {} is packed; what is not committed is left out", commit.hash);
    }
    let once = make(&commit, arch, &cache.dist().join("once"), &out)?;
    if request.twice {
        let folder = cache.dist().join("again");
        files::remove_folder(&folder)?;
        let twice = make(&commit, arch, &folder, &folder.join("out"))?;
        if once != twice {
            bail!("a second build gave other bytes; its files are in {}\n{once}\n{twice}", folder.display());
        }
        files::remove_folder(&folder)?;
        eprintln!("a second build gave the same bytes");
    }
    print!("{once}");
    Ok(())
}

const SUMS: &str = "SHA256SUMS";

/// Builds and packs, and gives the sums.
fn make(commit: &Commit, arch: Arch, work: &Path, out: &Path) -> Result<String> {
    let release = commit.build(arch, work)?;
    remove_earlier(out)?;
    let Release { version, .. } = &release;
    let (debian, machine) = (arch.debian(), arch.machine());
    let crates = crates::linked(&release.source, arch)?;
    let licences = crates.licences()?;
    let below = format!("homelab-{version}-{machine}-linux-gnu");
    let (deb, tarball) = (format!("homelab_{version}_{debian}.deb"), format!("{below}.tar.gz"));
    let bill = format!("homelab-{version}-{debian}.cdx.json");
    deb::write(&release, &licences, &out.join(&deb))?;
    files::write(&out.join(&tarball), content::tarball(&release, &below, &licences)?)?;
    files::write(&out.join(&bill), crates.bill(&release)?)?;
    let mut made = vec![deb, tarball, bill];
    if arch == Arch::here()? {
        let (tar, job) =
            (format!("homelab-{version}-{debian}-oci.tar"), format!("homelab-{version}-cronjob.yaml"));
        image::write(&release, &licences, &out.join(&tar))?;
        files::write(&out.join(&job), image::cron_job(&release)?)?;
        made.extend([tar, job]);
    }
    let mut sums = String::new();
    for name in made {
        sums += &format!("{}  {name}\n", files::sha256(&files::read(&out.join(&name))?));
    }
    files::write(&out.join(SUMS), &sums)?;
    Ok(sums)
}

/// Removes what an earlier run has left in a folder, and nothing else: a file that another wrote under such a name has other
/// bytes than the sum.
fn remove_earlier(out: &Path) -> Result<()> {
    let sums = std::fs::read_to_string(out.join(SUMS)).unwrap_or_default();
    for (sum, name) in sums.lines().filter_map(|line| line.split_once("  ")) {
        let path = out.join(name);
        let is_ours = |bytes: Vec<u8>| files::sha256(&bytes) == sum;
        if name.starts_with("homelab") && !name.contains('/') && std::fs::read(&path).is_ok_and(is_ours) {
            std::fs::remove_file(&path).context(path.display())?;
        }
    }
    files::make_folder(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_run_removes_the_files_of_the_last_one_and_no_other() -> Result<()> {
        let out = std::env::temp_dir().join(format!("homelab-dist-{}", std::process::id()));
        files::make_folder(&out.join("homelab-folder"))?;
        let lines: Vec<String> = ["homelab_1.deb", "homelab.yaml", "notes", "../homelab", "homelab-folder"]
            .iter()
            .map(|name| format!("{}  {name}\n", files::sha256(b"made here")))
            .collect();
        for (name, bytes) in
            [("homelab_1.deb", "made here"), ("homelab.yaml", "a stranger's"), ("notes", "made here")]
        {
            files::write(&out.join(name), bytes)?;
        }
        files::write(&out.join(SUMS), lines.concat())?;
        remove_earlier(&out)?;
        let left =
            ["homelab_1.deb", "homelab.yaml", "notes", "homelab-folder"].map(|name| out.join(name).exists());
        files::remove_folder(&out)?;
        assert_eq!(left, [false, true, true, true]);
        Ok(())
    }
}
