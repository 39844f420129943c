//! The flags of `doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::values::seconds;

/// Flags of `doctor`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Doctor {
    /// List every check by group; checks nothing
    #[arg(long, conflicts_with_all = ["explain", "pre", "wait", "check", "skip", "strict", "active", "offline", "notify", "report", "metrics", "bundle"])]
    pub list: bool,
    /// Explain a check or a group: symptom, causes and fixes, how it checks. With another word: list the checks that mention it. Checks nothing
    #[arg(long, value_name = "ID|WORD", conflicts_with_all = ["pre", "wait", "check", "skip", "strict", "active", "offline", "notify", "report", "metrics", "bundle"])]
    pub explain: Option<String>,
    /// Run only what can be checked before the first `homelab up`
    #[arg(long)]
    pub pre: bool,
    /// Repeat the checks while problems may go away by themselves, for at most TIME [without TIME: 5m]
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "5m", value_parser = seconds)]
    pub wait: Option<u64>,
    /// Run only this check or group; may be repeated
    #[arg(long, value_name = "ID")]
    pub check: Vec<String>,
    /// Leave out this check or group; may be repeated
    #[arg(long, value_name = "ID")]
    pub skip: Vec<String>,
    /// Exit with 1 also for warnings
    #[arg(long)]
    pub strict: bool,
    /// Also run tests that write: a scratch record, a scratch Ingress, and with `egress` pods that try out policies; all are removed
    #[arg(long)]
    pub active: bool,
    /// Send nothing to the internet: ask no DNS provider and no public resolver
    #[arg(long)]
    pub offline: bool,
    /// Send a notification to `doctor.onFailure` when something is wrong; for timers
    #[arg(long)]
    pub notify: bool,
    /// Also write the report as JSON into this file; replaces the file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Also write the report as metrics for Prometheus' node_exporter into this file; replaces the file
    ///
    /// The file belongs into the folder of its textfile collector, and its name must end in `.prom`. Everybody may read it: it
    /// has the names of hosts and nodes, and the states of checks.
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Also write the report and all data that the checks used into a new file, for a bug report
    ///
    /// One JSON file that only you can read: this report, the flags, and the data that the checks used, with the names, private
    /// addresses, DNS records and logs of your lab. It leaves out the API token, the data of Secrets, values of environment
    /// variables, arguments of your own programs, e-mail addresses, and TXT records that are not external-dns's. Read it
    /// before you send it. An existing file is not overwritten.
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// How long to wait for the answer to one question, for example to a DNS server or a node
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = seconds)]
    pub timeout: u64,
}
