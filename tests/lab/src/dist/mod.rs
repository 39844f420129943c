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

use crate::error::{Result, bail};
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
        let (again, folder) = (tempfile_beside(&out)?, cache.dist().join("again"));
        files::remove_folder(&folder)?;
        let twice = make(&commit, arch, &folder, again.path());
        files::remove_folder(&folder)?;
        if once != twice? {
            bail!(
                "a second build gave other bytes:\n{once}\n{}",
                files::read_text(&again.path().join(SUMS))?
            );
        }
        eprintln!("a second build gave the same bytes");
    }
    print!("{once}");
    Ok(())
}

const SUMS: &str = "SHA256SUMS";

/// Builds and packs, and gives the sums.
fn make(commit: &Commit, arch: Arch, work: &Path, out: &Path) -> Result<String> {
    let release = commit.build(arch, work)?;
    files::remove_folder(out)?;
    files::make_folder(out)?;
    let Release { version, .. } = &release;
    let (debian, machine) = (arch.debian(), arch.machine());
    let crates = crates::linked(&release.source, arch)?;
    files::write(&out.join(format!("homelab-{version}-{debian}.cdx.json")), crates.bill(&release)?)?;
    deb::write(&release, &crates.licences()?, &out.join(format!("homelab_{version}_{debian}.deb")))?;
    let name = format!("homelab-{version}-{machine}-linux-gnu");
    files::write(
        &out.join(format!("{name}.tar.gz")),
        content::tarball(&release, &name, &crates.licences()?)?,
    )?;
    if arch == Arch::here()? {
        files::write(&out.join(format!("homelab-{version}-cronjob.yaml")), image::cron_job(&release)?)?;
        let tar = out.join(format!("homelab-{version}-{debian}-oci.tar"));
        image::write(&release, &crates.licences()?, &tar)?;
    }
    let mut sums = String::new();
    for path in files::below(out)? {
        sums += &format!("{}  {}\n", files::sha256(&files::read(&out.join(&path))?), path.display());
    }
    files::write(&out.join(SUMS), &sums)?;
    Ok(sums)
}

fn tempfile_beside(out: &Path) -> Result<tempfile::TempDir> {
    use crate::error::Context;
    tempfile::tempdir_in(out.parent().unwrap_or(out)).context("a folder for the second build")
}
