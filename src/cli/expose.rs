//! The flags of `expose` and `unexpose`.

use clap::Args;

/// What stands below the help of `expose`.
pub(super) const EXPOSE: &str = "Examples:
  homelab expose photos                                    # lists the cluster's Services to choose from
  homelab expose photos --service immich/immich-server     # the port is found if there is only one
  homelab expose git --service gitea/gitea-http:3000
  homelab expose films --local 8096                        # a program on this machine itself
  homelab expose nas --url https://192.168.1.5:5001
  homelab expose nas --url https://192.168.1.5:5001 --host files.example.com --yes

It shows the change of the file and asks, writes the file, runs `homelab up`, and ends with the address. Everything else in the file stays as it is, comments too. A file that cannot be edited safely is not touched: you get the line to write. On NixOS, you get the line for your configuration.";

/// What stands below the help of `unexpose`.
pub(super) const UNEXPOSE: &str = "Examples:
  homelab unexpose photos
  homelab unexpose photos --dry-run
  homelab unexpose photos --yes

The Ingress, the record, the certificate and its Secret go. The program behind the name goes on running.";

/// Flags of `expose`.
#[derive(Debug, Args)]
pub struct Expose {
    /// The name: people will open `https://NAME.<domain>`
    pub name: String,
    /// A Service in the cluster
    #[arg(long, value_name = "NAMESPACE/NAME[:PORT]", conflicts_with = "url")]
    pub service: Option<String>,
    /// A program outside the cluster: scheme, host and port
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// A program on a node itself, by the port that it listens on
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), conflicts_with_all = ["service", "url"])]
    pub local: Option<u16>,
    /// The node of that program, where the cluster has several [default: this machine]
    #[arg(long, value_name = "NAME", requires = "local")]
    pub node: Option<String>,
    /// Another host name than `NAME.<domain>`; a single label is put below `domain`
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Change nothing, only show how the file would change
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// Flags of `unexpose`.
#[derive(Debug, Args)]
pub struct Unexpose {
    /// The service, as the configuration names it
    pub name: String,
    /// Change nothing, only show how the file would change
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}
