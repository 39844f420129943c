//! The flags of `addresses`.

use clap::Args;

use crate::cli::values::seconds;

/// What stands below its help.
pub(super) const HELP: &str = "Examples:
  homelab addresses
  homelab addresses --output json
  homelab addresses --quiet --ask-every 5m

It writes the nodes' addresses into the status of Ingresses, where the ingress controller does not, and with `public.target: auto` it leads the public record to the address that the lab has on the internet. It writes only what differs, never leaves an Ingress without an address, and never takes a record away. `homelab up` does the same; homelab-addresses.timer does it every half minute, so that a lost node or a changed address leaves DNS within minutes. With --quiet it prints only what it changed. Exit codes: 0 success, also where there is nothing to write; 1 no node is ready, or nobody on the internet reaches the lab's address: both stay as they are; 2 invalid command line or configuration; 3 not finished.";

/// Flags of `addresses`.
#[derive(Debug, Args)]
pub struct Addresses {
    /// Ask for the lab's address on the internet only if nobody has for so long, for a timer that runs often
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub ask_every: Option<u64>,
}
