//! The flags of `renew`.

use clap::Args;

use crate::cli::values::seconds;

/// What stands below the help of `renew`.
pub(super) const HELP: &str = "Examples:
  homelab renew photos
  homelab renew photos.home.example.com
  homelab renew immich/photos-tls --no-wait
  homelab renew --all

Exit codes: 0 renewed, 1 the renewal failed, 2 no such name, or invalid command line or configuration, 3 not finished in time, 130 interrupted.";

/// Flags of `renew`.
#[derive(Debug, Args)]
pub struct Renew {
    /// A service, a host, or a Certificate (`namespace/name`)
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// Renew every certificate that homelab manages; each counts towards Let's Encrypt's rate limit
    #[arg(long)]
    pub all: bool,
    /// Start the renewal and return at once; do not wait for the new certificate
    #[arg(long)]
    pub no_wait: bool,
    /// How long to wait for the new certificates
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = seconds)]
    pub timeout: u64,
}
