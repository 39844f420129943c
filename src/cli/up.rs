//! The flags of `up`.

use clap::Args;

/// What stands below the help of `up`.
pub(super) const HELP: &str = "Examples:
  homelab up
  homelab up --config lab.yaml --output json
  homelab up --no-verify
  homelab up --adopt";

/// Flags of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Stop when the cluster is ready; skip the check of names and certificates
    #[arg(long)]
    pub no_verify: bool,
    /// Take over Kubernetes objects and DNS records that homelab did not create; meant for one run by hand, not for scripts
    ///
    /// Without this flag, `up` stops before it changes anything if an object that homelab wants to create exists already,
    /// or if it finds DNS records with your `dns.owner` that this cluster did not write. With this flag, `up` overwrites those
    /// objects with what homelab.yaml asks for, even fields that other tools manage. It marks each object that it takes over with an annotation, and
    /// never deletes it. Take over DNS records only when this cluster replaces the one that wrote them: `up` first
    /// lists the records that external-dns will delete.
    #[arg(long)]
    pub adopt: bool,
    /// Allow `up` to replace the installed cert-manager with an earlier minor version
    ///
    /// Without this flag, an older homelab stops before it changes anything if a newer one has installed a later minor
    /// version of cert-manager. Even with this flag, `up` does not downgrade if the cluster stores objects in an API
    /// version that the earlier cert-manager cannot read.
    #[arg(long)]
    pub allow_downgrade: bool,
    /// Change nothing, only show what would change; the same as `homelab diff`
    #[arg(long, conflicts_with = "no_verify")]
    pub dry_run: bool,
}
