//! Vantage points: places in the lab's network with a `/etc/resolv.conf` of their own, to run commands in.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command;
use crate::error::{Result, bail};
use crate::files;
use crate::network::{self, CLIENT, RESOLVERS, ROUTER_LAN};
use crate::paths::Run;
use crate::process::Process;
use crate::wait::{self, Look};

/// The places of the lab. Nodes are known by their place's name to Kubernetes, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Router,
    World,
    Client,
    Node,
    Node2,
    /// A server without pods, which is there while a case needs it.
    Server3,
}

impl Place {
    pub(crate) const ALL: [Self; 6] =
        [Self::Router, Self::World, Self::Client, Self::Node, Self::Node2, Self::Server3];
    pub(crate) const NODES: [Self; 2] = [Self::Node, Self::Node2];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::World => "world",
            Self::Client => "client",
            Self::Node => "node",
            Self::Node2 => "node2",
            Self::Server3 => "server3",
        }
    }

    /// The name of its network namespace.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Router => "hl-router",
            Self::World => "hl-world",
            Self::Client => "hl-client",
            Self::Node => "hl-node",
            Self::Node2 => "hl-node2",
            Self::Server3 => "hl-server3",
        }
    }

    pub(crate) fn namespace_file(self) -> PathBuf {
        Path::new("/run/netns").join(self.namespace())
    }

    /// The address that a machine on the LAN has at first.
    pub(crate) fn lan_address(self) -> Option<&'static str> {
        match self {
            Self::Client => Some(CLIENT),
            Self::Node => Some("10.99.0.10"),
            Self::Node2 => Some("10.99.0.11"),
            Self::Server3 => Some("10.99.0.22"),
            Self::Router | Self::World => None,
        }
    }

    pub(crate) fn is_node(self) -> bool {
        Self::NODES.contains(&self)
    }

    /// Machines on the LAN ask the router; the router itself asks what its provider gave it.
    fn name_server(self) -> &'static str {
        match self {
            Self::Router | Self::World => RESOLVERS[0],
            _ => ROUTER_LAN,
        }
    }

    /// What the place's namespaces need beyond `resolv.conf`.
    fn mounts(self) -> &'static str {
        if self.is_node() { NODE_MOUNTS } else { "" }
    }
}

const LIMIT: Duration = Duration::from_secs(10);

/// Holds a place's mount namespace: all that is mounted there goes with the last process in it.
const KEEP: &str = r#"set -e
mount --bind "$1/resolv.conf" /etc/resolv.conf
"#;

/// A node has its own /run, /var/lib and /var/log, as a machine of its own would.
const NODE_MOUNTS: &str = r#"mount --make-rshared /
mount -t tmpfs tmpfs /run
mkdir -p "$1/var-lib" "$1/var-log"
mount --bind "$1/var-lib" /var/lib
mount --bind "$1/var-log" /var/log
"#;

/// A place where commands can be run.
#[derive(Clone, Debug)]
pub(crate) struct Vantage {
    run: Run,
    place: Place,
    keeper: i32,
}

impl Vantage {
    /// Makes the mount namespace of a place whose network is there.
    pub(crate) fn open(run: &Run, place: Place) -> Result<Self> {
        let folder = run.path("places").join(place.name());
        files::write(&folder.join("resolv.conf"), format!("nameserver {}\n", place.name_server()))?;
        let mut keeper = network::enter(place);
        keeper.args(["unshare", "--mount", "--propagation", "private", "sh", "-c"]);
        keeper.arg(format!("{KEEP}{}exec sleep infinity", place.mounts())).arg("sh").arg(&folder);
        let keeper = Process::start(run, &keeper_name(place), &keeper)?;
        wait::until(&format!("the vantage point {}", place.name()), LIMIT, || {
            if !keeper.is_alive() {
                bail!("{}", files::read_text(&run.log(&keeper.name))?.trim_end());
            }
            let line = std::fs::read_to_string(format!("/proc/{}/cmdline", keeper.pid)).unwrap_or_default();
            Ok(if line.starts_with("sleep") { Look::Done(()) } else { Look::NotYet(String::new()) })
        })?;
        Ok(Self { run: run.clone(), place, keeper: keeper.pid })
    }

    /// Ends it: what it has mounted goes with it.
    pub(crate) fn close(&self) -> Result<()> {
        Process::find(&self.run, &keeper_name(self.place))?.stop(&self.run)
    }

    /// Finds the vantage point of a lab that runs.
    pub(crate) fn find(run: &Run, place: Place) -> Result<Self> {
        let keeper = Process::find(run, &keeper_name(place)).ok().filter(Process::is_alive);
        let Some(keeper) = keeper else { bail!("there is no vantage point {} in this lab", place.name()) };
        Ok(Self { run: run.clone(), place, keeper: keeper.pid })
    }

    /// A command here, with the environment of a person who works here.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.daemon(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.run.programs()).chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(path) {
            command.env("PATH", path);
        }
        let user = if self.place == Place::Node { "admin" } else { "admin-lan" };
        command.env("KUBECONFIG", self.run.kubeconfig(user));
        command.env("KUBECACHEDIR", self.run.path("kube-cache"));
        command.env("SSL_CERT_FILE", self.run.trust()).env("CURL_CA_BUNDLE", self.run.trust());
        command.env("HOMELAB_LAB_PLACE", self.place.name());
        command
    }

    /// A command here with the environment as it is.
    pub(crate) fn daemon(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(self.keeper.to_string()).args(["--net", "--mount", "--"]).arg(program);
        command
    }

    /// Runs a command that has to succeed, and gives its standard output.
    pub(crate) fn run(&self, program: &str, args: &[&str]) -> Result<String> {
        command::run(self.command(program).args(args))
    }

    /// Runs a command and gives what it left, also when it failed.
    pub(crate) fn output(&self, program: &str, args: &[&str]) -> Result<command::Output> {
        command::output(self.command(program).args(args))
    }
}

fn keeper_name(place: Place) -> String {
    format!("place-{}", place.name())
}
