//! The flags of `expose` and `unexpose`.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use clap::Args;

use crate::cli::values::way;
use crate::config::Way;

/// What stands below the help of `expose`.
pub(super) const EXPOSE: &str = "Examples:
  homelab expose                                           # lists the cluster's Services to choose from
  homelab expose photos                                    # the same, for this name
  homelab expose photos --service immich/immich-server     # no port needed if there is only one
  homelab expose git --service gitea/gitea-http:3000
  homelab expose films --local 8096                        # a program on this machine itself
  homelab expose books --image ghcr.io/owner/books:1.2 --port 8083 --data /config
  homelab expose nas --url https://192.168.1.5:5001
  homelab expose nas --url https://192.168.1.5:5001 --host files.example.com --yes
  homelab expose admin --local 9090 --protect lan,rate=10   # the house alone, ten requests a second
  homelab expose books --local 8083 --protect users         # then: homelab protect books --user ada
  homelab expose films --local 8096 --host films.example.com --public tunnel   # from outside, too

It shows how the configuration will change and asks. Then it writes the file, runs `homelab up`, and prints the address. Everything else in the file stays as it is, comments too. If homelab cannot edit the file safely, it leaves it unchanged and prints the line for you to add. On NixOS, it prints the line for your configuration. `--image` runs the image in a namespace of its own, `homelab-NAME`; `unexpose` keeps what the program wrote below `--data`.

Exit codes: those of `homelab --help`. The exit code is about this name and what it depends on. Other names that do not work get one line, and do not count. Also 0 if you answer no, or if `homelab expose` without a name finds no Service to choose from.";

/// What stands below the help of `unexpose`.
pub(super) const UNEXPOSE: &str = "Examples:
  homelab unexpose photos
  homelab unexpose photos --dry-run
  homelab unexpose photos --yes

It deletes the Ingress, the DNS record, the certificate and its Secret. The program itself keeps running, unless homelab runs it from an image: then homelab stops it, keeps its data, and prints the command that deletes the data.";

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
    /// The folder in which that program keeps its data; `unexpose` keeps the data
    #[arg(long, value_name = "PATH", requires = "image")]
    pub data: Option<String>,
    /// With --local: the node on which the program runs [default: this machine]
    #[arg(long, value_name = "NAME", requires = "local")]
    pub node: Option<String>,
    /// Use this host name instead of `NAME.<domain>`; without a dot, `.<domain>` is added
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Who may open it: `lan` (the house alone), `users` (a name and a password), `rate=N` (requests a second from one address),
    /// `hsts` (browsers use HTTPS only); several with commas
    #[arg(long, value_name = "WORD", value_delimiter = ',')]
    pub protect: Vec<Protection>,
    /// Let the internet open it, too: by a tunnel, or by a port that your router forwards [possible values: tunnel, port]
    #[arg(long, value_name = "WAY", value_parser = way)]
    pub public: Option<Way>,
    /// With --public, where the ingress controller gets no more security fixes: the word that says that you know
    #[arg(long, value_name = "WORD", requires = "public")]
    pub i_know: Option<String>,
    /// Change nothing, only show how the file would change
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// A word of `--protect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// From the house alone.
    Lan,
    /// With a name and a password.
    Users,
    /// By HTTPS alone, as far as browsers are concerned.
    Hsts,
    /// So many requests a second from one address.
    Rate(u16),
}

impl FromStr for Protection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "lan" => Ok(Self::Lan),
            None if text == "users" => Ok(Self::Users),
            None if text == "hsts" => Ok(Self::Hsts),
            Some(("rate", number)) => match number.parse() {
                Ok(number) if number > 0 => Ok(Self::Rate(number)),
                _ => Err("write how many requests a second, `rate=10` for example".to_owned()),
            },
            None if text == "rate" => {
                Err("write how many requests a second, `rate=10` for example".to_owned())
            }
            _ => Err("it is none of `lan`, `users`, `rate=N` and `hsts`; `forwardAuth` needs an address, and goes into the configuration".to_owned()),
        }
    }
}

impl Display for Protection {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lan => f.write_str("lan"),
            Self::Users => f.write_str("users"),
            Self::Hsts => f.write_str("hsts"),
            Self::Rate(number) => write!(f, "rate={number}"),
        }
    }
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
