//! cert-manager's official manifest, rebuilt byte for byte from the Go module of the same version, so that the check
//! of its hash stays real.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::run;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::parts::{Programs, module_folder};
use crate::paths::Cache;

const VERSION: &str = "v1.21.2";
const MANIFEST: (&str, &str) =
    ("cert-manager.yaml", "e03b668ec8675214af6b0a671699d088f2601fa3878e0dbe1b41d3feafd1879f");
const CRDS: (&str, &str) =
    ("cert-manager.crds.yaml", "262fef78478492cd35b73a1b227106b7802f9c056361d1f561d04b32d751337f");

/// Where the manifest lies, for who gives it as a file.
pub(crate) fn file(cache: &Cache) -> PathBuf {
    release(cache).join(MANIFEST.0)
}

fn release(cache: &Cache) -> PathBuf {
    cache.files().join("cert-manager/cert-manager/releases/download").join(VERSION)
}

/// Puts the manifest under the file server's root, where users download it from.
pub(crate) fn build(cache: &Cache, programs: &Programs) -> Result<()> {
    let release = release(cache);
    if [MANIFEST, CRDS].iter().all(|(name, hash)| holds(&release.join(name), hash)) {
        return Ok(());
    }
    eprintln!("rebuilding cert-manager's manifest {VERSION}");
    let module = module_folder("cert-manager", "github.com/cert-manager/cert-manager")?;
    let scratch = tempfile::tempdir().context("making a folder")?;
    let chart = scratch.path().join("chart");
    copy_chart(&module.join("deploy/charts/cert-manager"), &chart)?;

    let helm = programs.path("helm")?;
    let without_crds = template(helm, &chart, false)?;
    let with_crds = scratch.path().join("with-crds.yaml");
    files::write(&with_crds, template(helm, &chart, true)?)?;
    let crds = run(Command::new(programs.path("extractcrd")?).arg(&with_crds))?;

    let licence = files::read_text(&module.join("hack/boilerplate-yaml.txt"))?.replace("YEAR", "2022");
    let namespace = files::read_text(&module.join("deploy/manifests/namespace.yaml"))?;
    // Upstream joins documents so (`hack/concat-yaml.sh`), and puts the licence in front as it is.
    let whole = [namespace, crds.clone(), without_crds].join("\n---\n");
    put(&release, CRDS, &(licence.clone() + &crds))?;
    put(&release, MANIFEST, &(licence + &whole))
}

fn holds(path: &Path, hash: &str) -> bool {
    files::read(path).is_ok_and(|content| files::sha256(&content) == hash)
}

fn put(release: &Path, (name, hash): (&str, &str), content: &str) -> Result<()> {
    let found = files::sha256(content.as_bytes());
    if found != hash {
        bail!("{name} was rebuilt with SHA-256 {found}, upstream's has {hash}");
    }
    files::write_whole(&release.join(name), content)
}

fn copy_chart(from: &Path, to: &Path) -> Result<()> {
    for path in files::below(from)?.iter().filter(|path| !path.starts_with("tests")) {
        let mut content = files::read(&from.join(path))?;
        if path == Path::new("Chart.yaml") {
            content = versioned(&String::from_utf8_lossy(&content)).into_bytes();
        }
        files::write(&to.join(path), content)?;
    }
    Ok(())
}

fn versioned(chart: &str) -> String {
    let set = |line: &str| match line.split_once(':') {
        Some((key @ ("version" | "appVersion"), _)) => format!("{key}: {VERSION}\n"),
        _ => format!("{line}\n"),
    };
    chart.lines().map(set).collect()
}

fn template(helm: &Path, chart: &Path, crds: bool) -> Result<String> {
    let mut helm = Command::new(helm);
    helm.args(["template", "--kube-version=1.29.0", "--api-versions=", "--namespace=cert-manager"]);
    helm.args(["--set=creator=static", "--set=startupapicheck.enabled=false"]);
    if crds {
        helm.arg("--set=crds.enabled=true");
    }
    let text = run(helm.arg("cert-manager").arg(chart))?;
    Ok(text.strip_prefix("---\n").unwrap_or(&text).to_owned())
}
