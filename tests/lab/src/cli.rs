//! The command line of `cargo lab`.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};

use crate::cluster::Node;
use crate::command::run_in_terminal;
use crate::controller::Controller;
use crate::error::{Context, Result};
use crate::lab::{self, Shape};
use crate::name_server::Provider;
use crate::paths::Cache;
use crate::vantage::{Place, Vantage};
use crate::{backend, cases, dist, homelab, proof};

/// The real components in network namespaces of their own, and homelab on them.
#[derive(Parser)]
#[command(name = "cargo lab", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Start the lab, run `homelab up` on it, show the proof, and leave it running
    Up {
        #[command(flatten)]
        shape: ShapeArgs,
        /// Only the lab: do not run `homelab up`
        #[arg(long)]
        no_homelab: bool,
    },
    /// Remove every process, namespace, mount, link and file of the lab
    Down,
    /// Say what runs
    Status,
    /// Run a shell, or a command, at a place of the lab
    Sh {
        #[arg(default_value = "node")]
        place: Place,
        /// The command; without one, a shell
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    /// Let something befall a node
    Node {
        place: Place,
        #[command(subcommand)]
        event: NodeEvent,
    },
    /// Build and pack everything slow into the cache
    Build {
        /// The controller of the labs to come
        #[arg(long, value_enum, default_value_t)]
        controller: Controller,
    },
    /// Make the packages of the commit that is checked out: .deb, tarball, container image, bill of materials, sums
    Dist(dist::Request),
    /// Be a program that misbehaves in one way, on a port of this machine
    #[command(hide = true)]
    Backend { fault: backend::Fault, port: u16 },
    /// Run the tests: format, lints, unit tests, and the cases on a lab of their own
    Test(cases::Selection),
}

#[derive(Clone, Subcommand)]
enum NodeEvent {
    /// End its kubelet; the pods go on
    StopKubelet,
    StartKubelet,
    /// Pull its network cable
    LinkDown,
    LinkUp,
    /// Give it another address on the LAN, 10.99.0.10 to 10.99.0.13, as DHCP may
    Address {
        address: String,
    },
}

#[derive(Args)]
struct ShapeArgs {
    /// How many nodes
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    nodes: u8,
    /// Let the router drop answers with private addresses
    #[arg(long)]
    rebind_protection: bool,
    /// Who has the zone
    #[arg(long, value_enum, default_value_t)]
    provider: Provider,
    /// Let the nodes answer for the domain in the house, too, and the router ask them
    #[arg(long)]
    house_resolver: bool,
    /// Which ingress controller homelab installs
    #[arg(long, value_enum, default_value_t)]
    controller: Controller,
    /// The domain of the names inside the cluster, as k3s' flag of that name has it
    #[arg(long, value_name = "NAME")]
    cluster_domain: Option<String>,
}

impl From<ShapeArgs> for Shape {
    fn from(args: ShapeArgs) -> Self {
        Self {
            nodes: usize::from(args.nodes),
            rebind_protection: args.rebind_protection,
            provider: args.provider,
            house_resolver: args.house_resolver,
            controller: args.controller,
            cluster_domain: args.cluster_domain,
        }
    }
}

/// Does what the command line says.
pub(crate) fn main() -> Result<ExitCode> {
    let cache = Cache::find()?;
    match Cli::parse().verb {
        Verb::Up { shape, no_homelab } => up(&cache, shape.into(), no_homelab)?,
        Verb::Down => {
            let _lock = lab::lock(&cache)?;
            let was_there = lab::down(&cache)?;
            eprintln!("{}", if was_there { "the lab is gone" } else { "no lab runs" });
        }
        Verb::Status => lab::status(&cache)?.iter().for_each(|line| println!("{line}")),
        Verb::Sh { place, command } => return shell(&cache, place, &command),
        Verb::Node { place, event } => befall(&Node::find(&cache.run(), place)?, event)?,
        Verb::Build { controller } => {
            let _lock = lab::lock(&cache)?;
            lab::prepare(&cache, controller)?;
        }
        Verb::Dist(request) => dist::run(&cache, &request)?,
        Verb::Backend { fault, port } => backend::serve(fault, port)?,
        Verb::Test(selection) => return cases::run(&cache, &selection),
    }
    Ok(ExitCode::SUCCESS)
}

fn up(cache: &Cache, shape: Shape, no_homelab: bool) -> Result<()> {
    let _lock = lab::lock(cache)?;
    let (run, provider) = (cache.run(), shape.provider);
    lab::up(cache, shape)?;
    if !no_homelab {
        let start = Instant::now();
        homelab::up(&run)?;
        eprintln!("{:6.1} s  homelab up", start.elapsed().as_secs_f64());
        proof::print(&run, provider)?;
    }
    println!("\nthe lab runs: `cargo lab sh` gives a shell at the node, `cargo lab down` removes it");
    Ok(())
}

fn befall(node: &Node, event: NodeEvent) -> Result<()> {
    match event {
        NodeEvent::StopKubelet => node.stop_kubelet(),
        NodeEvent::StartKubelet => node.start_kubelet(),
        NodeEvent::LinkDown => node.take_link_down(),
        NodeEvent::LinkUp => node.take_link_up(),
        NodeEvent::Address { address } => node.change_address(&address),
    }
}

fn shell(cache: &Cache, place: Place, command: &[OsString]) -> Result<ExitCode> {
    let vantage = Vantage::find(&cache.run(), place)?;
    let shell = std::env::var_os("SHELL").unwrap_or_else(|| "bash".into());
    let (program, args) = command.split_first().unwrap_or((&shell, &[]));
    let status = run_in_terminal(vantage.command(program).args(args))?;
    let code = status.code().context("the command was ended by a signal")?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
