//! The flags of `down`.

use clap::Args;

use crate::cli::values::seconds;

/// Flags of `down`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Down {
    /// Delete without asking
    #[arg(long, short)]
    pub yes: bool,
    /// Also delete the TLS certificates, the ACME account key, the CRDs of cert-manager, and the lab's own certificate authority:
    /// every device must then trust a new root
    ///
    /// The next `homelab up` then orders every certificate again, which counts towards Let's Encrypt's rate limit. A CRD stays
    /// as long as it has objects that homelab did not create.
    #[arg(long)]
    pub purge: bool,
    /// Leave the DNS records where they are; do not ask the DNS provider at all
    #[arg(long)]
    pub keep_records: bool,
    /// Change nothing, only show what would be deleted
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// How long to wait for the deletion in total. The ingress controller may take 5 minutes to stop while connections are open
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = seconds)]
    pub timeout: u64,
}
