//! The command line.

mod addresses;
mod backup;
mod ca;
mod diff;
mod doctor;
mod down;
mod expose;
mod init;
mod k3s_config;
mod kubeconfig;
mod protect;
mod render;
mod renew;
mod schema;
mod status;
mod up;
mod upgrade;
mod values;
mod zone;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::collect::Lab;
use crate::ui::{Color, Output};

pub use addresses::Addresses;
pub use backup::{Backup, Cert, CertCommand, Export, Restore};
pub use ca::Ca;
pub use diff::Diff;
pub use doctor::Doctor;
pub use down::Down;
pub use expose::{Expose, Protection, Unexpose};
pub use init::Init;
pub use k3s_config::K3sConfig;
pub use kubeconfig::{Account, Kubeconfig};
pub use protect::Protect;
pub use render::Render;
pub use renew::Renew;
pub use schema::Schema;
pub use status::Status;
pub use up::Up;
pub use upgrade::Upgrade;
pub use zone::{Create, Delegate, For, Policy, Prune, Zone, ZoneCommand};

/// Set up DNS names and TLS certificates for the services of a k3s home lab, and check that they work.
#[derive(Debug, Parser)]
#[command(name = "homelab", version = env!("HOMELAB_VERSION"), arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "First: `homelab init`, then `homelab up`. When something is wrong: `homelab doctor`.\n\nExit codes: 0 fine, 1 something is wrong, 2 invalid command line or configuration, 3 could not check or did not finish, 130 interrupted."
)]
pub struct Cli {
    /// The flags that stand before or after any command.
    #[command(flatten)]
    pub global: Global,
    /// Which command runs, with its own flags.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The configuration file [default: ./homelab.yaml, then /etc/homelab/homelab.yaml]
    #[arg(long, global = true, value_name = "FILE", env = "HOMELAB_CONFIG")]
    pub config: Option<PathBuf>,
    /// The kubeconfig [default: $KUBECONFIG, then ~/.kube/config, then k3s' own]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig [default: its current one]
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Allow a kubeconfig with `http://` or `insecure-skip-tls-verify: true`: nobody checks the certificate of the API
    /// server. Unsafe: an attacker on your network can then read your DNS provider's API token
    #[arg(long, global = true)]
    pub insecure_api_server: bool,
    /// Output format
    #[arg(long, short, global = true, value_enum, default_value_t)]
    pub output: Output,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: Color,
    /// Print only the result and errors, no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print every check, also those that passed, with what it saw and where it looked from
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// Print progress as plain lines, without bars that move; the default when the output is not a terminal
    #[arg(long, global = true)]
    pub no_progress: bool,
}

impl Global {
    /// Which lab is meant.
    #[must_use]
    pub fn lab(&self) -> Lab<'_> {
        Lab {
            config: self.config.as_deref(),
            kubeconfig: self.kubeconfig.as_deref(),
            context: self.context.as_deref(),
            insecure: self.insecure_api_server,
        }
    }
}

impl Command {
    /// Whether its answer is a report, which can be had in every form.
    #[must_use]
    pub fn reports(&self) -> bool {
        match self {
            Self::Up(flags) => !flags.no_verify && !flags.dry_run,
            Self::Status(_) => true,
            Self::Doctor(flags) => !flags.list && flags.explain.is_none(),
            Self::Diff(_)
            | Self::Upgrade(_)
            | Self::Addresses(_)
            | Self::Down(_)
            | Self::Init(_)
            | Self::Expose(_)
            | Self::Unexpose(_)
            | Self::Protect(_)
            | Self::Render(_)
            | Self::Renew(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Cert(_)
            | Self::Ca(_)
            | Self::Zone(_)
            | Self::Kubeconfig(_)
            | Self::K3sConfig(_)
            | Self::Open { .. }
            | Self::Schema { .. }
            | Self::Completions { .. }
            | Self::Man { .. } => false,
        }
    }

    /// Whether it uses the configuration.
    #[must_use]
    pub fn reads_configuration(&self) -> bool {
        match self {
            Self::Up(_)
            | Self::Diff(_)
            | Self::Upgrade(_)
            | Self::Addresses(_)
            | Self::Down(_)
            | Self::Status(_)
            | Self::Render(_)
            | Self::Renew(_)
            | Self::Open { .. }
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Cert(_)
            | Self::Ca(_)
            | Self::Zone(_)
            | Self::Expose(_)
            | Self::Unexpose(_)
            | Self::Protect(_) => true,
            Self::Doctor(flags) => !flags.list && flags.explain.is_none(),
            // `kubeconfig` does only where the account is not there yet, `k3s-config` only where there is one.
            Self::Init(_)
            | Self::Kubeconfig(_)
            | Self::K3sConfig(_)
            | Self::Schema { .. }
            | Self::Completions { .. }
            | Self::Man { .. } => false,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a new configuration: asks for the domain, an e-mail address and the API token, and checks them
    #[command(after_help = init::HELP)]
    Init(Init),
    /// Install and update the ingress controller, cert-manager, external-dns and your services in the cluster, create DNS
    /// records and certificates, and check the result
    #[command(after_help = up::HELP)]
    Up(Up),
    /// Give a service an address, https://NAME.<domain>: add it to the configuration, and run `up`
    #[command(after_help = expose::EXPOSE)]
    Expose(Expose),
    /// Take a service's address away: remove it from the configuration, and run `up`
    #[command(after_help = expose::UNEXPOSE)]
    Unexpose(Unexpose),
    /// Say who may open a service that asks for a name and a password
    #[command(after_help = protect::HELP)]
    Protect(Protect),
    /// Show what `up` would change, field by field; changes nothing
    #[command(after_help = diff::DIFF)]
    Diff(Diff),
    /// Show which components would be upgraded, ask, and run `up`
    #[command(after_help = upgrade::UPGRADE)]
    Upgrade(Upgrade),
    /// Remove from the cluster what homelab installed: lists what it deletes, and asks first
    #[command(
        after_help = "Examples:\n  homelab down --dry-run\n  homelab down\n  homelab down --yes\n  homelab down --purge\n  homelab down --keep-records\n\nIt deletes only what homelab created. First it deletes the Ingresses, and waits until external-dns has deleted their DNS records. It keeps TLS certificates, the ACME account key, the lab's own certificate authority and the CRDs of cert-manager, so that the next `homelab up` uses them again; `--purge` deletes these, too. It keeps every volume, and every namespace that contains objects that homelab did not create. You can interrupt `down` and run it again. Exit codes: 0 success, also if you answer no; 2 invalid command line or configuration; 3 not finished: it says what is left, why, and the next command; 130 interrupted."
    )]
    Down(Down),
    /// Print the Kubernetes objects that `up` would apply, or write them into a folder for git; needs no cluster and no token
    #[command(after_help = render::HELP)]
    Render(Render),
    /// Find what is wrong, why, and how to fix it; changes nothing
    #[command(
        after_help = "Examples:\n  homelab doctor\n  homelab doctor --pre\n  homelab doctor --check dns --wait 5m\n  homelab doctor --explain dns.rebind\n  homelab doctor --output short\n\nExit codes, the same in every format: 0 nothing is wrong, 1 found an error (with --strict also a warning), 2 invalid command line, 3 found nothing wrong but could not check everything, 130 interrupted. An invalid configuration is reported as config.valid: exit code 1."
    )]
    Doctor(Doctor),
    /// Renew certificates now, without waiting for cert-manager's schedule or back-off
    #[command(after_help = renew::HELP)]
    Renew(Renew),
    /// Save the certificates, the ACME account key and the lab's own certificate authority, encrypted, into a folder
    #[command(after_help = backup::BACKUP)]
    Backup(Backup),
    /// Bring what `backup` saved back, before the first `up` of a new cluster
    #[command(after_help = backup::RESTORE)]
    Restore(Restore),
    /// Hand a certificate to a program outside of the cluster
    #[command(after_help = backup::EXPORT)]
    Cert(Cert),
    /// Show the root of the lab's own certificate authority, and how machines and phones are told to trust it
    #[command(after_help = ca::CA)]
    Ca(Ca),
    /// Make, share and delete the zones of organisations, print the rights to them, and the records of a delegation
    #[command(after_help = zone::ZONE)]
    Zone(Zone),
    /// Show each name in one line: its address, its certificate, what is wrong
    #[command(after_help = status::HELP)]
    Status(Status),
    /// Write the nodes' addresses into the status of Ingresses, where the ingress controller does not; a timer does it, and `up`
    #[command(after_help = addresses::HELP)]
    Addresses(Addresses),
    /// Open a service in the browser of this machine; without a desktop, print its URL
    #[command(
        after_help = "Examples:\n  homelab open photos\n  homelab open photos.home.example.com\n  BROWSER='firefox --new-window' homelab open photos\n\nIt always prints the URL. It opens it with `$BROWSER`, else with `xdg-open` (`open` on macOS)."
    )]
    Open {
        /// A service or a host
        name: String,
    },
    /// Print a read-only kubeconfig that cannot read Secrets and expires after an hour
    #[command(
        after_help = "Examples:\n  homelab kubeconfig --file look.yaml\n  homelab doctor --kubeconfig look.yaml\n  homelab kubeconfig --valid 8h | ssh laptop 'cat > look.yaml'\n\nThe account is homelab/homelab-doctor, which `homelab up` creates. docs/security.md lists what it may read."
    )]
    Kubeconfig(Kubeconfig),
    /// Print k3s' configuration file with the settings that homelab needs; with `--write`, write it to /etc/rancher/k3s/config.yaml
    #[command(after_help = k3s_config::HELP)]
    K3sConfig(K3sConfig),
    /// Print a JSON Schema: of homelab.yaml for your editor, or of what `--output json` prints
    #[command(after_help = schema::HELP)]
    Schema {
        /// Which one
        #[arg(value_name = "config|report", hide_possible_values = true)]
        of: Schema,
    },
    /// Print completions for your shell
    #[command(
        after_help = "Examples:\n  homelab completions bash > ~/.local/share/bash-completion/completions/homelab\n  homelab completions zsh > ~/.zfunc/_homelab\n  homelab completions fish > ~/.config/fish/completions/homelab.fish"
    )]
    Completions {
        /// Your shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man {
        /// The folder
        folder: PathBuf,
    },
}
