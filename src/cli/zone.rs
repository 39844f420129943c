//! The flags of `zone`.

use clap::{Args, Subcommand};

pub(super) const DELEGATE: &str = "Examples:\n  homelab zone delegate\n  homelab zone delegate >> db.example.com\n  homelab zone delegate --table\n  homelab zone delegate --write\n  homelab zone delegate --output json | jq -r '.records[] | [.name, .type, .target] | @tsv'\n\nIt needs `dns.challengeZone` in homelab.yaml: docs/challenge-zone.md. Without `--write` and `--remove` it asks nobody; `homelab doctor --check cm.challenge-cname,cm.challenge-server` looks whether public DNS has the records. Exit codes: 0 success, 1 a record of somebody else is in the way, 2 invalid command line or configuration, 3 the provider could not be asked.";

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
    /// Print the records that have to be in public DNS, so that challenges are met where the lab may write, in the form of a zone file
    #[command(after_help = DELEGATE)]
    Delegate(Delegate),
}

/// Flags of `zone delegate`.
#[derive(Debug, Args)]
pub struct Delegate {
    /// Print a table, for the page of a DNS provider, in place of the lines of a zone file
    #[arg(long)]
    pub table: bool,
    /// Enter those that are in the zone of `dns.provider` there. One that is there already is left alone, and no other is changed
    #[arg(long)]
    pub write: bool,
    /// Delete them from that zone again, as far as they are there exactly as `--write` enters them
    #[arg(long, conflicts_with = "write")]
    pub remove: bool,
}
