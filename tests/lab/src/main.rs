//! `cargo lab`: the real components in network namespaces of their own, and homelab on them.

mod backend;
mod browser;
mod cargo;
mod cases;
mod cgroup;
mod cli;
mod cluster;
mod command;
mod controller;
mod debian;
mod dist;
mod error;
mod files;
mod homelab;
mod image;
mod lab;
mod manifest;
mod name_server;
mod network;
mod parts;
mod paths;
mod picture;
mod pki;
mod process;
mod proof;
mod root;
mod router;
mod teardown;
mod terminal;
mod vantage;
mod wait;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
