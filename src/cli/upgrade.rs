//! The flags of `upgrade`.

use clap::Args;

/// What stands below the help of `upgrade`.
pub(super) const UPGRADE: &str = "Examples:
  homelab upgrade --check              # what is newer; changes nothing
  homelab upgrade --check --verbose    # with the addresses of the release notes
  homelab upgrade
  homelab upgrade --yes

First install the newer homelab: it brings the versions of its components with it. `upgrade` compares them with what runs in the cluster, shows a table, asks, and runs `homelab up`, which also applies your own changes of the configuration. The CRDs of cert-manager come first. An image that `images` in your configuration names stays as it is. `upgrade` stops before it changes anything if it would skip a minor version of cert-manager, and says how to go through it. On NixOS, it says how to upgrade there. Exit codes: 0 success, also if nothing is newer or you answer no; 1 the checks at the end found an error, or, with `--check`, something is newer; 2 invalid command line or configuration, or an upgrade that homelab refuses; 3 not finished; 130 interrupted.";

/// Flags of `upgrade`.
#[derive(Debug, Args)]
pub struct Upgrade {
    /// Change nothing, only show what is newer; exit with 1 if something is
    #[arg(long, conflicts_with = "yes")]
    pub check: bool,
    /// Upgrade without asking
    #[arg(long, short)]
    pub yes: bool,
}
