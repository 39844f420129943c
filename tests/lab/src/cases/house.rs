//! A clean Debian on which the package is installed, at the node's place in the network: what a new user has.

use std::path::Path;

use crate::cases::hands::Hands;
use crate::cases::install::debian;
use crate::command::run;
use crate::error::Result;
use crate::files;
use crate::paths::Cache;
use crate::root::Root;

/// Where the package lies.
const PACKAGE: &str = "/var/tmp/homelab.deb";

/// Runs a command inside, with the network of whoever calls. Its arguments: the root, the command.
const ENTER: &str = r#"
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
exec chroot "$root" /usr/bin/env -i HOME=/root TERM="${TERM-dumb}" \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@""#;

pub(super) struct House(Root);

impl House {
    /// Installs the package of these sources. Beside it there is what k3s writes, and trust in the lab's authority.
    pub(super) fn with_package(hands: &Hands) -> Result<Self> {
        let root = Root::unpack(&Cache::find()?, &debian::NEEDED)?;
        debian::write(debian::NEWER, &root.path(PACKAGE))?;
        run(&mut root.command(&[], &["dpkg", "--install", PACKAGE]))?;
        let house = Self(root);
        let resolvers = hands.run.path("places").join("node").join("resolv.conf");
        house.write("etc/resolv.conf", &files::read_text(&resolvers)?)?;
        house.takes_kubeconfig(&files::read_text(&hands.run.kubeconfig("admin"))?)?;
        house.write("etc/ssl/certs/ca-certificates.crt", &files::read_text(&hands.run.trust())?)?;
        Ok(house)
    }

    /// The lab's names the files of its credentials: they lie at the same place.
    fn takes_kubeconfig(&self, text: &str) -> Result<()> {
        for (key, path) in text.lines().filter_map(|line| line.trim().split_once(": ")) {
            if ["certificate-authority", "client-certificate", "client-key"].contains(&key) {
                self.write(path, &files::read_text(Path::new(path))?)?;
            }
        }
        self.write("etc/rancher/k3s/k3s.yaml", text)
    }

    /// A command at the house's own terminal.
    pub(super) fn words(&self, typed: &[&str]) -> Vec<String> {
        let root = self.0.path("").display().to_string();
        let enter = ["unshare", "--mount", "sh", "-ec", ENTER, "sh", &root];
        enter.iter().chain(typed).map(|word| (*word).to_owned()).collect()
    }

    pub(super) fn read(&self, path: &str) -> Result<String> {
        files::read_text(&self.0.path(path))
    }

    pub(super) fn write(&self, path: &str, text: &str) -> Result<()> {
        files::write(&self.0.path(path), text)
    }
}
