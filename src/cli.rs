//! The command line.

mod backup;
mod ca;
mod diff;
mod doctor;
mod down;
mod expose;
mod kubeconfig;
mod render;
mod schema;
mod status;
mod upgrade;
mod values;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::collect::Lab;
use crate::config::Provider;
use crate::machine::k3s_config;
use crate::ui::{Color, Output};
use values::{provider, seconds};

pub use backup::{Backup, Cert, CertCommand, Export, Restore};
pub use ca::Ca;
pub use diff::Diff;
pub use doctor::Doctor;
pub use down::Down;
pub use expose::{Expose, Unexpose};
pub use kubeconfig::Kubeconfig;
pub use render::Render;
pub use schema::Schema;
pub use status::Status;
pub use upgrade::Upgrade;

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
            | Self::Down(_)
            | Self::Init(_)
            | Self::Expose(_)
            | Self::Unexpose(_)
            | Self::Render(_)
            | Self::Renew(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Cert(_)
            | Self::Ca(_)
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
            | Self::Down(_)
            | Self::Status(_)
            | Self::Render(_)
            | Self::Renew(_)
            | Self::Open { .. }
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Cert(_)
            | Self::Ca(_)
            | Self::Expose(_)
            | Self::Unexpose(_) => true,
            Self::Doctor(flags) => !flags.list && flags.explain.is_none(),
            // `kubeconfig` does only where the account is not there yet.
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
    #[command(
        after_help = "Examples:\n  homelab init\n  sudo homelab init    # writes /etc/homelab/homelab.yaml\n  homelab init --domain home.example.com --email you@example.com --token-file /run/secrets/dns-token\n  pass show dns-token | homelab init --domain home.example.com --email you@example.com --token-file -\n  homelab init --nixos >> homelab.nix\n\n`init` saves the token in a file of its own that only you can read (as root: /etc/homelab/dns-token), never in homelab.yaml. If a configuration exists already, `init` does not change it, and only checks its token."
    )]
    Init(Init),
    /// Install and update the ingress controller, cert-manager, external-dns and your services in the cluster, create DNS
    /// records and certificates, and check the result
    #[command(
        after_help = "Examples:\n  homelab up\n  homelab up --config lab.yaml --output json\n  homelab up --no-verify\n  homelab up --adopt"
    )]
    Up(Up),
    /// Give a service an address, https://NAME.<domain>: add it to the configuration, and run `up`
    #[command(after_help = expose::EXPOSE)]
    Expose(Expose),
    /// Take a service's address away: remove it from the configuration, and run `up`
    #[command(after_help = expose::UNEXPOSE)]
    Unexpose(Unexpose),
    /// Show what `up` would change, field by field; changes nothing
    #[command(after_help = diff::DIFF)]
    Diff(Diff),
    /// Show which components this homelab brings in a newer version than runs in the cluster, ask, and run `up`
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
    #[command(
        after_help = "Examples:\n  homelab renew photos\n  homelab renew photos.home.example.com\n  homelab renew immich/photos-tls --no-wait\n  homelab renew --all\n\nExit codes: 0 renewed, 1 the renewal failed, 2 no such name, or invalid command line or configuration, 3 not finished in time, 130 interrupted."
    )]
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
    /// Show each name in one line: its address, its certificate, what is wrong
    #[command(after_help = status::HELP)]
    Status(Status),
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
    #[command(
        after_help = "Examples:\n  homelab k3s-config\n  sudo homelab k3s-config --write && curl -sfL https://get.k3s.io | sh -\n  sudo homelab k3s-config --write --node-ip 192.168.1.10 --tls-san k3s.home.example.com\n\nRun it on every k3s server, before or after k3s is installed. If k3s runs already, restart it afterwards, as the command says. If the file exists, homelab adds the missing settings at its end, keeps everything else, and saves the old file next to it. If a key has a different value, homelab writes nothing and prints the lines for you to change."
    )]
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

/// Flags of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Stop when the cluster is ready; skip the check of names and certificates
    #[arg(long)]
    pub no_verify: bool,
    /// Take over Kubernetes objects and DNS records that homelab did not create; meant for one run by hand, not for scripts
    ///
    /// Without this flag, `up` stops before it changes anything if an object that homelab wants to create exists already,
    /// or if it finds DNS records with your `dns.owner` that this cluster did not write. With this flag, `up` overwrites those
    /// objects with what homelab.yaml asks for, even fields that other tools manage. It marks them with an annotation, and
    /// homelab never deletes them. Take over DNS records only when this cluster replaces the one that wrote them: `up` first
    /// lists the records that external-dns will delete.
    #[arg(long)]
    pub adopt: bool,
    /// Allow `up` to replace the installed cert-manager with an earlier minor version
    ///
    /// Without this flag, an older homelab stops before it changes anything if a newer one has installed a later minor
    /// version of cert-manager. Even with this flag, `up` does not downgrade if the cluster stores objects in an API
    /// version that the earlier cert-manager cannot read.
    #[arg(long)]
    pub allow_downgrade: bool,
    /// Change nothing, only show what would change; the same as `homelab diff`
    #[arg(long, conflicts_with = "no_verify")]
    pub dry_run: bool,
}

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

/// Flags of `k3s-config`.
#[derive(Debug, Args)]
pub struct K3sConfig {
    /// Write the settings into FILE [without FILE: /etc/rancher/k3s/config.yaml]; keeps its other lines, and a backup
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = k3s_config::PATH)]
    pub write: Option<PathBuf>,
    /// The address of this node on your LAN [default: k3s chooses; if the machine has several addresses, homelab writes the LAN's]
    #[arg(long, value_name = "ADDRESS")]
    pub node_ip: Option<IpAddr>,
    /// Another name or address at which other machines reach the Kubernetes API; can be repeated
    #[arg(long, value_name = "NAME")]
    pub tls_san: Vec<String>,
}
