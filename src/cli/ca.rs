//! The flags of `ca`.

use std::path::PathBuf;

use clap::Args;

use crate::facts::registry::Registry;

pub(super) const CA: &str = "Examples:\n  homelab ca\n  homelab ca --write homelab-root.crt\n  homelab ca --registry registry.qa.svc.cluster.local\n  homelab ca --output json | jq -r .root.pem\n\nThe root of the lab's own certificate authority exists with `issuer: ca` in homelab.yaml, for the whole lab or for one service, once `homelab up` has run. Phones get it from the page at http://ca.DOMAIN/ (`rootPage`): on a terminal, a QR code leads there. The file that `--write` writes is public: it has the certificate, never a key. Compare the fingerprint before you trust a copy. Exit codes: 0 success, 1 there is no root yet. 2, 3 and 130 as for every command.";

/// Flags of `ca`.
#[derive(Debug, Args)]
pub struct Ca {
    /// Write the root's certificate into FILE (PEM), which everybody may read; never overwrites another file
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Instead of the steps for devices, show those by which the nodes take images from the registry NAME (`HOST` or `HOST:PORT`)
    ///
    /// For a registry in the cluster whose certificate the lab's own authority signs (`extraCertificates`): what goes into
    /// k3s' registries.yaml and /etc/hosts, and the same for NixOS. Changes nothing.
    #[arg(long, value_name = "NAME")]
    pub registry: Option<Registry>,
}
