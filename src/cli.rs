//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::ui::{Color, Output};

/// Names, certificates and a proof of reachability for a home lab on k3s.
#[derive(Debug, Parser)]
#[command(name = "homelab", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 fine, 1 something is wrong, 2 usage or configuration, 3 could not look or did not finish, 130 interrupted."
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
pub struct Global {
    /// The configuration [default: ./homelab.yaml, then /etc/homelab/homelab.yaml]
    #[arg(long, global = true, value_name = "FILE", env = "HOMELAB_CONFIG")]
    pub config: Option<PathBuf>,
    /// The kubeconfig [default: $KUBECONFIG, then ~/.kube/config, then k3s' own]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig [default: its current one]
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// How the answer is written
    #[arg(long, short, global = true, value_enum, default_value_t)]
    pub output: Output,
    /// When colours are used
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: Color,
    /// No progress, only the answer and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Every check with what it saw and from where, also those that passed
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// Plain lines in place of bars, as without a terminal
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the cluster, the records and the certificates what the configuration says, and prove it
    #[command(
        after_help = "Examples:\n  homelab up\n  homelab up --config lab.yaml --output json\n  homelab up --no-verify"
    )]
    Up(Up),
    /// Print the objects that should exist; needs no cluster, no token and no network
    #[command(
        after_help = "Examples:\n  homelab render\n  homelab render --with-upstream | kubectl apply --server-side -f -"
    )]
    Render(Render),
    /// Print the completions of a shell
    Completions {
        /// The shell
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
    /// Stop when the cluster is ready; do not look from outside
    #[arg(long)]
    pub no_verify: bool,
}

/// Flags of `render`.
#[derive(Debug, Args)]
pub struct Render {
    /// Also print cert-manager's manifest (from the cache, from `certManager.manifest`, or fetched)
    #[arg(long)]
    pub with_upstream: bool,
}
