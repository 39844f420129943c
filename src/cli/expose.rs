//! The flags of `expose` and `unexpose`.

use clap::Args;

/// What stands below the help of `expose`.
pub(super) const EXPOSE: &str = "Examples:
  homelab expose                                           # lists the cluster's Services to choose from
  homelab expose photos                                    # the same, for this name
  homelab expose photos --service immich/immich-server     # the port is found if there is only one
  homelab expose git --service gitea/gitea-http:3000
  homelab expose films --local 8096                        # a program on this machine itself
  homelab expose books --image ghcr.io/owner/books:1.2 --port 8083 --data /config
  homelab expose nas --url https://192.168.1.5:5001
  homelab expose nas --url https://192.168.1.5:5001 --host files.example.com --yes

It shows the change of the file and asks, writes the file, runs `homelab up`, and ends with the address. Everything else in the file stays as it is, comments too. A file that cannot be edited safely is not touched: you get the line to write. On NixOS, you get the line for your configuration. `--image` runs the image in a namespace of its own, `homelab-NAME`; what it writes below `--data` stays when the service goes.";

/// What stands below the help of `unexpose`.
pub(super) const UNEXPOSE: &str = "Examples:
  homelab unexpose photos
  homelab unexpose photos --dry-run
  homelab unexpose photos --yes

The Ingress, the record, the certificate and its Secret go. The program behind the name goes on running, unless homelab runs it from an image: that ends, and its data stays. You get the command that deletes the data.";

/// Flags of `expose`.
#[derive(Debug, Clone, Default, Args)]
#[command(group = clap::ArgGroup::new("behind").requires("name"))]
pub struct Expose {
    /// The name: people will open `https://NAME.<domain>` [default: choose from a list]
    pub name: Option<String>,
    /// A Service in the cluster
    #[arg(long, value_name = "NAMESPACE/NAME[:PORT]", group = "behind")]
    pub service: Option<String>,
    /// A program outside the cluster: scheme, host and port
    #[arg(long, value_name = "URL", group = "behind")]
    pub url: Option<String>,
    /// A program on a node itself, by the port that it listens on
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), group = "behind")]
    pub local: Option<u16>,
    /// A program for homelab to run in the cluster, from this image
    #[arg(long, value_name = "IMAGE", requires = "port", group = "behind")]
    pub image: Option<String>,
    /// The port that the program in the image listens on
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), requires = "image")]
    pub port: Option<u16>,
    /// The folder in which that program keeps its data; the data stays when the service goes
    #[arg(long, value_name = "PATH", requires = "image")]
    pub data: Option<String>,
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
