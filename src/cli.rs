//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::collect::Lab;
use crate::config::duration;
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
    /// Use an API server whose identity is not proven (`http://`, or `insecure-skip-tls-verify` in the kubeconfig): whoever
    /// stands in between then gets the API token
    #[arg(long, global = true)]
    pub insecure_api_server: bool,
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
            Self::Up(flags) => !flags.no_verify,
            Self::Status(_) => true,
            Self::Doctor(flags) => !flags.list && flags.explain.is_none(),
            Self::Render(_)
            | Self::Renew(_)
            | Self::Kubeconfig(_)
            | Self::Completions { .. }
            | Self::Man { .. } => false,
        }
    }
}

impl Command {
    /// Whether it uses the configuration.
    #[must_use]
    pub fn reads_configuration(&self) -> bool {
        match self {
            Self::Up(_) | Self::Status(_) | Self::Render(_) | Self::Renew(_) => true,
            Self::Doctor(flags) => !flags.list && flags.explain.is_none(),
            // `kubeconfig` does only where the account is not there yet.
            Self::Kubeconfig(_) | Self::Completions { .. } | Self::Man { .. } => false,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the cluster, the records and the certificates what the configuration says, and prove it
    #[command(
        after_help = "Examples:\n  homelab up\n  homelab up --config lab.yaml --output json\n  homelab up --no-verify\n  homelab up --adopt"
    )]
    Up(Up),
    /// Print the objects that should exist; needs no cluster, no token and no network
    #[command(
        after_help = "Examples:\n  homelab render\n  homelab render --with-upstream | kubectl apply --server-side -f -"
    )]
    Render(Render),
    /// Look at everything, name what is wrong, why, and the one thing to do; changes nothing
    #[command(
        after_help = "Examples:\n  homelab doctor\n  homelab doctor --pre\n  homelab doctor --check dns --wait 5m\n  homelab doctor --explain dns.rebind\n  homelab doctor --output short\n\nExit codes, the same in every format: 0 nothing is wrong, 1 an error was found (with --strict also a warning), 2 the command line cannot be used, 3 nothing was found but something could not be looked at, 130 interrupted. A configuration that cannot be used is a finding (config.valid), so 1."
    )]
    Doctor(Doctor),
    /// Have certificates issued again now, whatever cert-manager has planned
    #[command(
        after_help = "Examples:\n  homelab renew photos\n  homelab renew photos.home.example.com\n  homelab renew immich/photos-tls --no-wait\n  homelab renew --all"
    )]
    Renew(Renew),
    /// How each name is, in one line: its address, its certificate, what is wrong
    #[command(
        after_help = "Examples:\n  homelab status\n  homelab status photos\n\nStates: ok; not yet (it may come by itself); broken; unknown. Exit codes as `homelab doctor`: 0, 1, 3."
    )]
    Status(Status),
    /// Print a kubeconfig of an account that may only read, and no Secrets; for an hour
    #[command(
        after_help = "Examples:\n  homelab kubeconfig --file look.yaml\n  homelab doctor --kubeconfig look.yaml\n  homelab kubeconfig --valid 8h | ssh laptop 'cat > look.yaml'\n\nThe account is homelab/homelab-doctor, which `homelab up` makes. docs/security.md says what it may read."
    )]
    Kubeconfig(Kubeconfig),
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
    /// Take over what is there already and was never homelab's; once, by hand
    ///
    /// Without it `up` stops before its first write where an object stands that homelab never applied, or where the zone
    /// has records of this `dns.owner` that this cluster did not write. With it such an object becomes what the
    /// configuration says, also where others own its fields, is noted by an annotation, and is never deleted later. Records
    /// are for a cluster that replaces the one that wrote them: what of them external-dns will delete is said first.
    #[arg(long)]
    pub adopt: bool,
}

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// A service or a host: its whole chain, from the Ingress to the answer
    pub name: Option<String>,
    /// Ask nothing beyond this network: no provider, no public resolver
    #[arg(long)]
    pub offline: bool,
}

/// Flags of `render`.
#[derive(Debug, Args)]
pub struct Render {
    /// Also print cert-manager's manifest (from the cache, from `certManager.manifest`, or fetched)
    #[arg(long)]
    pub with_upstream: bool,
}

/// Flags of `doctor`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Doctor {
    /// Every check there is, by group; looks at nothing
    #[arg(long, conflicts_with_all = ["explain", "pre", "wait", "check", "skip", "strict", "active", "offline", "notify", "report", "bundle"])]
    pub list: bool,
    /// What a check (or each of a group) looks at, what people notice, what makes it fail and what helps; looks at nothing
    #[arg(long, value_name = "ID", conflicts_with_all = ["pre", "wait", "check", "skip", "strict", "active", "offline", "notify", "report", "bundle"])]
    pub explain: Option<String>,
    /// Only what can be checked before the first `homelab up`
    #[arg(long)]
    pub pre: bool,
    /// Look again until nothing that is wrong can heal by itself, at most this long [default when given: 5m]
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "5m", value_parser = seconds)]
    pub wait: Option<u64>,
    /// Only this check or group; may be repeated
    #[arg(long, value_name = "ID")]
    pub check: Vec<String>,
    /// Not this check or group; may be repeated
    #[arg(long, value_name = "ID")]
    pub skip: Vec<String>,
    /// Warnings fail, too
    #[arg(long)]
    pub strict: bool,
    /// Also probes that write: a scratch record and a scratch Ingress, always removed
    #[arg(long)]
    pub active: bool,
    /// Ask nothing beyond this network: no provider, no public resolver
    #[arg(long)]
    pub offline: bool,
    /// Tell `doctor.onFailure` of the configuration when something is wrong; for timers
    #[arg(long)]
    pub notify: bool,
    /// Also write the report as JSON into this file, in place of what it held
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Also write what was seen and what came of it into a new file, for a bug report
    ///
    /// One JSON document that only you can read: this report, the flags, and everything that was looked at, with the names,
    /// private addresses, DNS records and logs of your lab. Not in it: the API token, the data of Secrets, values of
    /// environment variables, arguments of your own programs, e-mail addresses, TXT records that are not external-dns's.
    /// Read it before you send it. A file that is there already is not overwritten.
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// How long one look may take
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = seconds)]
    pub timeout: u64,
}

/// Flags of `renew`.
#[derive(Debug, Args)]
pub struct Renew {
    /// A service, a host, or a Certificate (`namespace/name`)
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// Every certificate of the lab; Let's Encrypt counts each
    #[arg(long)]
    pub all: bool,
    /// Only tell cert-manager; do not wait until it is done
    #[arg(long)]
    pub no_wait: bool,
    /// How long it may take
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = seconds)]
    pub timeout: u64,
}

/// Flags of `kubeconfig`.
#[derive(Debug, Args)]
pub struct Kubeconfig {
    /// Write it into this file, which only you can read, in place of what it held
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How long it is good; ten minutes at least
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    pub valid: u64,
}

/// A span of time, as `90`, `90s`, `5m` or `1h`, at most a day.
fn seconds(text: &str) -> Result<u64, String> {
    let with_unit =
        if text.ends_with(|c: char| c.is_ascii_digit()) { format!("{text}s") } else { text.to_owned() };
    duration(&with_unit).map(|length| length.as_secs())
}
