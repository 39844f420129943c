//! `cargo lab dist`: packages of the commit that is checked out, the same bytes each time.

mod archive;
mod content;
mod crates;
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

pub(crate) use deb::write as write_deb;

/// What to make, and where.
#[derive(Args)]
pub(crate) struct Request {
    /// The folder for the packages [default: target/dist]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
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
}

/// Makes every package.
pub(crate) fn run(cache: &Cache, request: &Request) -> Result<()> {
    let out = request.out.clone().unwrap_or_else(|| repository().join("target/dist"));
    let commit = Commit::checked_out()?;
    if commit.is_changed {
        eprintln!("note: {} is packed; what is not committed is left out", commit.hash);
    }
    let once = make(&commit, &cache.dist().join("once"), &out)?;
    if request.twice {
        let (again, folder) = (tempfile_beside(&out)?, cache.dist().join("again"));
        files::remove_folder(&folder)?;
        let twice = make(&commit, &folder, again.path());
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
fn make(commit: &Commit, work: &Path, out: &Path) -> Result<String> {
    let release = commit.build(work)?;
    files::remove_folder(out)?;
    files::make_folder(out)?;
    let Release { version, .. } = &release;
    let (debian, machine) = (architecture()?, std::env::consts::ARCH);
    let crates = crates::linked(&release.source)?;
    files::write(&out.join(format!("homelab-{version}.cdx.json")), crates.bill(&release)?)?;
    deb::write(&release, &crates.licences()?, &out.join(format!("homelab_{version}_{debian}.deb")))?;
    let name = format!("homelab-{version}-{machine}-linux-gnu");
    files::write(
        &out.join(format!("{name}.tar.gz")),
        content::tarball(&release, &name, &crates.licences()?)?,
    )?;
    files::write(&out.join(format!("homelab-{version}-cronjob.yaml")), image::cron_job(&release)?)?;
    image::write(&release, &crates.licences()?, &out.join(format!("homelab-{version}-{debian}-oci.tar")))?;
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

/// This machine's architecture in Debian's words.
fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => bail!("there is no package for {other}"),
    }
}
