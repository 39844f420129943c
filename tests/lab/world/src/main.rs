//! The internet of the lab, in one process: Cloudflare's API, the name servers of its zones, public resolvers and
//! a server for pinned files. Everything is in memory and ends with the process. Further processes of it, on
//! the machines of the cluster, are what k3s has before its API servers (`balancer`) and behind them (`tunnel`).
//!
//! `lab-world --config FILE.json` prints `ready` when every listener is bound.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod balancer;
mod cloudflare;
mod config;
mod control;
mod dns;
mod error;
mod files;
mod listen;
mod state;
mod tls;
mod tunnel;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::error::StartError;
use crate::state::{Shared, World};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab-world: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), StartError> {
    let config = read(&config_path()?)?;
    let shared = Arc::new(Shared::new(World::new(&config), config.forwards.clone()));
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signal)?;
    let _tasks = listen::start(&config, &shared).await?;
    println!("ready");
    let _ = std::io::stdout().flush();
    tokio::select! {
        _ = terminate.recv() => {}
        // A moment for the answer to `POST /shutdown` to leave.
        () = shared.shutdown.notified() => tokio::time::sleep(Duration::from_millis(50)).await,
    }
    Ok(())
}

fn config_path() -> Result<PathBuf, StartError> {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(flag), Some(path), None) if flag == "--config" => Ok(path.into()),
        _ => Err(StartError::Usage),
    }
}

fn read(path: &PathBuf) -> Result<Config, StartError> {
    let text = std::fs::read(path).map_err(|source| StartError::Read { path: path.clone(), source })?;
    serde_json::from_slice(&text).map_err(|source| StartError::Parse { path: path.clone(), source })
}
