//! The flags of `render`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::values::cluster_domain;

/// What stands below its help.
pub(super) const HELP: &str = "Examples:
  homelab render
  homelab render --with-upstream | kubectl apply --server-side -f -
  homelab render --output-dir gitops && git add gitops

docs/gitops.md says how Flux and Argo CD apply the folder. Exit codes: 0 success; 2 invalid command line or configuration, or a file in DIR is not as homelab wrote it; 3 could not write, or could not get cert-manager's manifest.";

/// Flags of `render`.
#[derive(Debug, Args)]
pub struct Render {
    /// Also print cert-manager's manifest, from `certManager.manifest`, the cache or a download
    #[arg(long)]
    pub with_upstream: bool,
    /// Write the objects into the folder DIR, for Flux or Argo CD; includes cert-manager's manifest
    ///
    /// DIR gets one file for each object, a `kustomization.yaml` in each folder, and a README.md with the commands that create
    /// the Secrets: no Secret is in DIR. The same configuration always gives the same bytes. homelab changes and deletes only
    /// files in DIR that it wrote: if another file is in the way, or one was edited by hand, it stops before it writes anything.
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// The domain of the names inside the cluster, if it is not cluster.local (k3s: --cluster-domain)
    ///
    /// `homelab up` reads it from the cluster, which `render` does not ask. It is in the name constraints of the lab's own
    /// certificate authority, and nowhere else.
    #[arg(long, value_name = "DOMAIN", value_parser = cluster_domain)]
    pub cluster_domain: Option<String>,
    /// The cluster's network is Cilium: with `security.egress: restricted`, homelab's own programs are kept in by names
    ///
    /// `homelab up` finds it out from the cluster, which `render` does not ask.
    #[arg(long)]
    pub cilium: bool,
}
