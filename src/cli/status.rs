//! The flags of `status`.

use clap::Args;

use crate::cli::values::seconds;

/// Between two looks, at least: each asks the DNS provider and public resolvers.
const SHORTEST: u64 = 2;

/// What stands below its help.
pub(super) const HELP: &str = "Examples:
  homelab status
  homelab status photos
  homelab status --watch
  homelab status photos --watch --interval 30s

States: ok; not yet (wait: it may still become ready); broken (needs you); unknown (could not check). Exit codes as `homelab doctor`: 0, 1, 3; with --watch 130, since only Ctrl-C ends it.";

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// A service or a host: show every step for it, from its Ingress to the HTTP response. Or one of `extraCertificates`, by its Secret or a name
    pub name: Option<String>,
    /// Send nothing to the internet: ask no DNS provider and no public resolver
    #[arg(long)]
    pub offline: bool,
    /// Look again and again: redraws a terminal; in a pipe or a file, it prints again only when something changed
    #[arg(long)]
    pub watch: bool,
    /// How long to wait between two looks of --watch; at least 2s
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = pause, requires = "watch")]
    pub interval: u64,
}

fn pause(text: &str) -> Result<u64, String> {
    match seconds(text)? {
        short if short < SHORTEST => Err(format!("`{text}` is too short: at least {SHORTEST}s")),
        pause => Ok(pause),
    }
}
