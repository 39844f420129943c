//! The container image: the program, the C library of the machine that built it, and the roots of the web's certificates.

use std::collections::BTreeMap;
use std::path::Path;

use super::Release;
use crate::error::{Result, bail};
use crate::files;
use crate::image::{self, Also, Image, Tree};

/// As `runAsNonRoot` wants it: a number.
const USER: &str = "65532";
/// A name that no registry has: the image is imported, not pulled.
const NAME: &str = "localhost/homelab";
/// Where Debian keeps the terms of what the image has from it.
const COPYRIGHTS: [&str; 3] = [
    "/usr/share/doc/libc6/copyright",
    "/usr/share/doc/libgcc-s1/copyright",
    "/usr/share/doc/ca-certificates/copyright",
];

/// As the manifest in the repository names it.
const IN_MANIFEST: &str = concat!("image: localhost/homelab:", env!("CARGO_PKG_VERSION"), "\n");

/// Its name with a tag; no tag has a tilde.
fn tagged(tag: &str) -> String {
    format!("{NAME}:{}", tag.replace('~', "-"))
}

/// The doctor as a CronJob, from this image.
pub(super) fn cron_job(release: &Release) -> Result<String> {
    let text = files::read_text(&release.source.join("manifests/cronjob/doctor.yaml"))?;
    if !text.contains(IN_MANIFEST) {
        bail!("manifests/cronjob/doctor.yaml has no `{}`", IN_MANIFEST.trim());
    }
    Ok(text.replace(IN_MANIFEST, &format!("image: {}\n", tagged(&release.version))))
}

/// Writes the image, under its version and its commit.
pub(super) fn write(release: &Release, licences: &str, path: &Path) -> Result<()> {
    let mut tree = Tree::with_users();
    tree.program("usr/bin/homelab", &release.program);
    for library in image::libraries(&release.program)? {
        tree.same(&library)?;
    }
    for file in ["/etc/ssl/certs/ca-certificates.crt"].iter().chain(&COPYRIGHTS) {
        tree.same(Path::new(file))?;
    }
    tree.text("usr/share/doc/homelab/licences-of-crates", licences);
    let label = |name: &str, value: &str| (format!("org.opencontainers.image.{name}"), value.to_owned());
    let labels = BTreeMap::from([
        label("title", "homelab"),
        label("description", "Names, certificates and a proof of reachability for a home lab on k3s"),
        label("licenses", "MIT"),
        label("version", &release.version),
        label("revision", &release.commit),
    ]);
    let (reference, of_commit) = (tagged(&release.version), tagged(&release.commit));
    let image =
        Image { reference, user: USER, entrypoint: vec!["/usr/bin/homelab"], command: Vec::new(), tree };
    image::write(&image, &Also { references: vec![of_commit], labels }, path)
}
