//! The command line of homelab: parse, run, say what went wrong, exit.

use std::process::ExitCode;

use clap::Parser;
use homelab::cli::Cli;

fn main() -> ExitCode {
    homelab::commands::run(Cli::parse()).into()
}
