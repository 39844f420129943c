//! The flags of `addresses`.

use clap::Args;

/// What stands below its help.
pub(super) const HELP: &str = "Examples:
  homelab addresses
  homelab addresses --output json
  homelab addresses --quiet

It writes only what differs, and never leaves an Ingress without an address. `homelab up` does the same; homelab-addresses.timer does it every half minute, so that a lost node or a changed address leaves DNS within two minutes. With --quiet it prints only what it changed. Exit codes: 0 success, also where the controller writes the addresses itself; 1 no node is ready, and the addresses stay as they are; 2 invalid command line or configuration; 3 not finished.";

/// Flags of `addresses`; it has none of its own.
#[derive(Debug, Args)]
pub struct Addresses {}
