//! The Debian package (deb(5), deb-control(5)).

use std::path::Path;

use super::archive::{self, File, Files};
use super::{Release, content, elf};
use crate::error::Result;
use crate::files;

/// dpkg's scripts, in `modules/debian`.
const SCRIPTS: [&str; 3] = ["postinst", "postrm", "prerm"];

/// Writes the package.
pub(crate) fn write(release: &Release, licences: &str, path: &Path) -> Result<()> {
    let below_usr = content::files(release, licences)?;
    let installed: usize = below_usr.values().map(|file| file.content.len().div_ceil(1024)).sum();
    let data: Files = below_usr.into_iter().map(|(path, file)| (format!("usr/{path}"), file)).collect();
    let mut about = Files::new();
    about.insert("control".into(), File::text(control(release, installed)?));
    for script in SCRIPTS {
        let text = files::read(&release.source.join("modules/debian").join(script))?;
        about.insert(script.into(), File::program(text));
    }
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.xz", archive::xz(&archive::tar(&about, release.time, false)?)?),
        ("data.tar.xz", archive::xz(&archive::tar(&data, release.time, true)?)?),
    ];
    files::write(path, archive::ar(&members, release.time))
}

/// `installed` in KiB. The roots of the web's certificates are Debian's own.
fn control(release: &Release, installed: usize) -> Result<String> {
    let depends = elf::depends(&release.program)?.join(", ");
    Ok(format!(
        "Package: homelab\n\
         Version: {version}\n\
         Architecture: {architecture}\n\
         Maintainer: The homelab authors <homelab@localhost>\n\
         Installed-Size: {installed}\n\
         Depends: ca-certificates, {depends}\n\
         Section: admin\n\
         Priority: optional\n\
         Description: names, certificates and a proof of reachability for a home lab on k3s\n \
         homelab gives the services of a k3s cluster DNS names and trusted\n \
         certificates, and checks that they can be reached. This package was\n \
         built of commit {commit}.\n",
        version = release.version,
        architecture = release.arch.debian(),
        commit = release.commit,
    ))
}
