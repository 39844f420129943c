//! The flags of `diff`.

use clap::Args;

/// What stands below the help of `diff`.
pub(super) const DIFF: &str = "Examples:
  homelab diff
  homelab diff --verbose
  homelab diff --exit-code --quiet && echo nothing to do

`diff` never shows the values of Secrets, only the names of the keys that change. Exit codes: 0 success; 1 only with `--exit-code`, if `up` would write or delete something; 2 invalid command line or configuration; 3 could not check; 130 interrupted.";

/// Flags of `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// Exit with 1 if `up` would write or delete something
    #[arg(long)]
    pub exit_code: bool,
    /// Show what `up --adopt` would change
    #[arg(long)]
    pub adopt: bool,
    /// Show what `up --allow-downgrade` would change
    #[arg(long)]
    pub allow_downgrade: bool,
}
