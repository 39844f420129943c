//! The container image: the program, the C library of the machine that built it, and the roots of the web's certificates.

use std::collections::BTreeMap;
use std::path::Path;

use super::Release;
use crate::error::Result;
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
    let [reference, of_commit] =
        [&release.version, &release.commit].map(|tag| format!("{NAME}:{}", tag.replace('~', "-")));
    let image =
        Image { reference, user: USER, entrypoint: vec!["/usr/bin/homelab"], command: Vec::new(), tree };
    image::write(&image, &Also { references: vec![of_commit], labels }, path)
}
