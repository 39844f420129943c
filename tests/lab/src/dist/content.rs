//! The files around the program: manual pages, completions, units and their scripts, licences.

use std::process::Command;

use super::Release;
use super::archive::{self, File, Files};
use crate::command::run;
use crate::error::{Context, Result};
use crate::files;

/// Each shell, and where it looks for completions of packages (below `/usr`).
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/homelab"),
    ("fish", "share/fish/vendor_completions.d/homelab.fish"),
    ("zsh", "share/zsh/vendor-completions/_homelab"),
];
/// The completions of what administrators install themselves (zsh's `site-functions`).
const ZSH_BELOW_LOCAL: &str = "share/zsh/site-functions/_homelab";
/// What the units run.
const SCRIPTS: [&str; 3] = ["access.sh", "ended.sh", "ready.sh"];

/// Everything, by its path below `/usr` or `/usr/local`.
pub(super) fn files(release: &Release, licences: &str) -> Result<Files> {
    let mut all = Files::new();
    all.insert("bin/homelab".into(), File::program(files::read(&release.program)?));
    for (shell, path) in COMPLETIONS {
        let text = run(Command::new(&release.here).args(["completions", shell]))?;
        all.insert(path.into(), File::text(text));
    }
    let pages = tempfile::tempdir().context("a folder for the manual pages")?;
    run(Command::new(&release.here).arg("man").arg(pages.path()))?;
    for page in files::below(pages.path())? {
        let packed = archive::gzip(&files::read(&pages.path().join(&page))?)?;
        all.insert(format!("share/man/man1/{}.gz", page.display()), File::text(packed));
    }
    let modules = release.source.join("modules");
    for script in SCRIPTS {
        all.insert(format!("lib/homelab/{script}"), File::text(files::read(&modules.join(script))?));
    }
    // Those with an ending are units, the others are dpkg's scripts.
    for unit in files::below(&modules.join("debian"))?.iter().filter(|path| path.extension().is_some()) {
        let text = files::read(&modules.join("debian").join(unit))?;
        all.insert(format!("lib/systemd/system/{}", unit.display()), File::text(text));
    }
    let doc = "share/doc/homelab";
    all.insert(format!("{doc}/copyright"), File::text(files::read(&release.source.join("LICENSE"))?));
    let changes = archive::gzip(&files::read(&release.source.join("CHANGELOG.md"))?)?;
    all.insert(format!("{doc}/changelog.gz"), File::text(changes));
    all.insert(format!("{doc}/licences-of-crates.gz"), File::text(archive::gzip(licences.as_bytes())?));
    Ok(all)
}

/// The same for `/usr/local`, below one folder.
pub(super) fn tarball(release: &Release, folder: &str, licences: &str) -> Result<Vec<u8>> {
    let mut moved = Files::new();
    for (path, mut file) in files(release, licences)? {
        if path.starts_with("lib/systemd/") {
            let text = String::from_utf8(file.content).context(&path)?;
            file.content = text.replace("/usr/", "/usr/local/").into_bytes();
        }
        let is_zsh = COMPLETIONS.contains(&("zsh", &path));
        let path = if is_zsh { ZSH_BELOW_LOCAL } else { &path };
        moved.insert(format!("{folder}/{path}"), file);
    }
    archive::gzip(&archive::tar(&moved, release.time, false)?)
}
