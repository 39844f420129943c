//! The flags of `zone`.

use clap::{Args, Subcommand};

pub(super) const DELEGATE: &str = "Examples:\n  homelab zone delegate\n  homelab zone delegate >> db.example.com\n  homelab zone delegate --table\n  homelab zone delegate --output json | jq -r '.records[] | [.name, .target] | @tsv'\n\nIt needs `dns.challengeZone` in homelab.yaml: docs/challenge-zone.md. It asks nobody; `homelab doctor --check cm.challenge-cname` looks whether public DNS has the records. Exit codes: 0 success, 2 invalid command line or configuration.";

/// Flags of `zone`.
#[derive(Debug, Args)]
pub struct Zone {
    /// What to do
    #[command(subcommand)]
    pub command: ZoneCommand,
}

/// What there is to do about a zone.
#[derive(Debug, Subcommand)]
pub enum ZoneCommand {
    /// Print the records that somebody has to enter in the public zone of the names, in the form of a zone file
    #[command(after_help = DELEGATE)]
    Delegate(Delegate),
}

/// Flags of `zone delegate`.
#[derive(Debug, Args)]
pub struct Delegate {
    /// Print a table, for the page of a DNS provider, in place of the lines of a zone file
    #[arg(long)]
    pub table: bool,
}
