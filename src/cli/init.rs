//! The flags of `init`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::values::provider;
use crate::config::Provider;

/// What stands below the help of `init`.
pub(super) const HELP: &str = "Examples:
  homelab init
  sudo homelab init    # writes /etc/homelab/homelab.yaml
  homelab init --domain home.example.com --email you@example.com --token-file /run/secrets/dns-token
  pass show dns-token | homelab init --domain home.example.com --email you@example.com --token-file -
  homelab init --nixos >> homelab.nix

`init` saves the token in a file of its own that only you can read (as root: /etc/homelab/dns-token), never in homelab.yaml. If a configuration exists already, `init` does not change it, and only checks its token.";

/// Flags of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Every service will be `<name>.<DOMAIN>`
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Who hosts the zone; `local`: your own nodes, without an account [default: `local` for home.arpa and names below internal]
    #[arg(long, value_name = "NAME", value_parser = provider)]
    pub provider: Option<Provider>,
    /// Your e-mail address, for your account at Let's Encrypt
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// A file with the API token; `-` reads the token from standard input and saves it (as root: /etc/homelab/dns-token)
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Let your nodes answer for the names in the house, too: they work without the internet, and past rebinding protection
    #[arg(long)]
    pub house_resolver: bool,
    /// Print the lines for a NixOS configuration; write no homelab.yaml
    #[arg(long)]
    pub nixos: bool,
    /// Do not ask the DNS provider whether the token is good
    #[arg(long)]
    pub no_check: bool,
}
