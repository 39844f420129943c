//! The command line of homelab: parse, run, say what went wrong, exit.

use std::process::ExitCode;

use clap::Parser;
use homelab::cli::Cli;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => homelab::commands::run(cli).into(),
        Err(error) => homelab::commands::refuse(error, std::env::args_os()),
    }
}
