//! The flags of `protect`.

use std::path::PathBuf;

use clap::Args;

/// What stands below its help.
pub(super) const HELP: &str = "Examples:
  homelab protect photos                                  # who may open it
  homelab protect photos --user ada                       # asks for a password; a new one for a user who is there
  homelab protect photos --user ada --password-file ada.txt
  homelab protect photos --remove ada

In the configuration, `protect: { users: true }` of the service makes the ingress controller ask for a name and a password. Who they are is kept in a Secret of the cluster, beside the service, as hashes (bcrypt) alone: `homelab backup` does not save them. A change counts within seconds; `homelab up` is not needed for it.

Exit codes: those of `homelab --help`.";

/// Flags of `protect`.
#[derive(Debug, Args)]
pub struct Protect {
    /// The service, as the configuration names it
    pub name: String,
    /// Let this user in, with a new password
    #[arg(long, value_name = "USER", conflicts_with = "remove")]
    pub user: Option<String>,
    /// A file with the password in its first line; `-` is standard input [default: ask for it]
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// Do not let this user in any more
    #[arg(long, value_name = "USER")]
    pub remove: Option<String>,
}
