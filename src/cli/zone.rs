//! The flags of `zone`.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use crate::provider::Holder;

/// What stands below the help of `zone`.
pub(super) const ZONE: &str = "Examples:\n  homelab zone delegate\n  homelab zone policy acme\n  homelab zone list\n  homelab zone create acme\n  homelab zone prune\n\n`delegate` is for names whose zone the lab may not write: docs/challenge-zone.md. The others are for `organisations`, each of which has a zone of its own: docs/organisations.md.";
const POLICY: &str = "Examples:\n  homelab zone policy acme\n  homelab zone policy acme --for cert-manager > policy.json\n  homelab zone policy acme --zone-id Z0123456789EXAMPLE\n  homelab zone policy --for maker\n  homelab zone policy acme --apply\n  homelab zone policy acme --remove\n\nWith `--zone-id` it asks nobody. `external-dns`, `cert-manager` and `homelab` get rights to this one zone; `organisation` has the sum of these three, for the one user whose key they share; `maker` is whoever runs `homelab zone create`, `homelab zone prune` and this with `--apply` or `--remove`. `--apply` leaves alone what is right already, and makes a new key where the one in the cluster is lost; a user that homelab did not make for this cluster is never touched. `--adopt` is for one that another cluster with the same `dns.owner` has left behind, before `k3s` was installed again for example. Exit codes: 0 success, 1 the organisation has no zone yet, or a user of that name is somebody else's, 2 invalid command line or configuration, 3 the provider could not be asked.";
const LIST: &str = "Examples:\n  homelab zone list\n  homelab zone list --output json | jq -r '.zones[] | [.name, .id, .next_bill] | @tsv'\n\nIt lists every zone of the account below `domain`; it changes nothing. The price is what one zone fewer would save. Exit codes: 0 success, 2 invalid command line or configuration, 3 the provider could not be asked.";
const CREATE: &str = "Examples:\n  homelab zone create acme\n\nIt makes the zone of the organisation if there is none, notes in a tag that this cluster uses it, and enters its name servers in the zone above, where the same account has that and public DNS finds the name there; else it prints the records to enter. It never changes a delegation to other servers. You can run it again at any time. Exit codes: 0 success, 1 the zone above leads elsewhere, or the provider refused, 2 invalid command line or configuration, 3 the provider could not be asked.";
const PRUNE: &str = "Examples:\n  homelab zone prune\n  homelab zone prune --yes\n  homelab zone prune --yes --with-orphans\n\nIt deletes the zones of organisations that no cluster uses and in which nothing is: within the hours in which a zone is free, or on the last day before the next bill. Until then an unused zone stays, since its month is paid. With `--yes` it first notes on the zones of this configuration's organisations that this cluster uses them, as `homelab up` does. It never deletes a zone that homelab did not make, or one with a record that somebody else wrote. `--with-orphans` takes a cluster for gone that has not said for 30 days that it uses a zone, and deletes the records that external-dns wrote for it. Without `--yes` it changes nothing. Exit codes: 0 success, 1 a zone that should go is still there, or it could not be noted that this cluster uses one, 2 invalid command line or configuration, 3 the provider could not be asked.";

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
    /// Print the least rights to a zone for each program, as policies to paste at the provider; or give an organisation a user with them
    #[command(after_help = POLICY)]
    Policy(Policy),
    /// List the zones below the domain: which clusters use them, how old they are, what they cost
    #[command(after_help = LIST)]
    List,
    /// Make the zone of an organisation, and let the zone above lead to it
    #[command(after_help = CREATE)]
    Create(Create),
    /// Delete the zones of organisations that nobody uses, before they cost more; shows what it would do unless `--yes` is given
    #[command(after_help = PRUNE)]
    Prune(Prune),
}

/// Flags of `zone policy`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("change").args(["apply", "remove"])))]
pub struct Policy {
    /// The organisation; without it, the zone of the lab itself
    pub organisation: Option<String>,
    /// Print the rights of this one alone
    #[arg(long, value_name = "PROGRAM")]
    pub r#for: Option<For>,
    /// The id of the zone, so that the provider need not be asked
    #[arg(long, value_name = "ID")]
    pub zone_id: Option<String>,
    /// Make a user for the organisation in this cluster, with these rights and one key, whose secret goes into the cluster alone
    #[arg(long, requires = "organisation", conflicts_with_all = ["for", "zone_id", "remove"])]
    pub apply: bool,
    /// Delete that user again, with its key and its rights, and take the key out of the cluster
    #[arg(long, requires = "organisation", conflicts_with_all = ["for", "zone_id"])]
    pub remove: bool,
    /// Where another cluster with the same owner id made that user, and is gone for good: delete it with its keys first
    #[arg(long, requires = "change")]
    pub adopt: bool,
}

/// Whose rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum For {
    /// external-dns
    ExternalDns,
    /// cert-manager
    CertManager,
    /// homelab in a cluster
    Homelab,
    /// The user of the organisation, whose key these three have
    Organisation,
    /// Whoever makes and deletes zones and users
    Maker,
}

impl For {
    /// The same as others name it.
    #[must_use]
    pub fn holder(self) -> Holder {
        match self {
            Self::ExternalDns => Holder::ExternalDns,
            Self::CertManager => Holder::CertManager,
            Self::Homelab => Holder::Homelab,
            Self::Organisation => Holder::Organisation,
            Self::Maker => Holder::Maker,
        }
    }
}

/// Flags of `zone create`.
#[derive(Debug, Args)]
pub struct Create {
    /// The organisation
    pub organisation: String,
}

/// Flags of `zone prune`.
#[derive(Debug, Args)]
pub struct Prune {
    /// Delete what goes now
    #[arg(long, short)]
    pub yes: bool,
    /// Take a cluster for gone that has not said for 30 days that it uses a zone
    #[arg(long)]
    pub with_orphans: bool,
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
