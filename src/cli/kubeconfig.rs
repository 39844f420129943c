//! The flags of `kubeconfig`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::values::seconds;

/// Flags of `kubeconfig`.
#[derive(Debug, Args)]
pub struct Kubeconfig {
    /// Write it into this file, which only you can read; replaces the file
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How long the kubeconfig is valid; at least 10 minutes
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    pub valid: u64,
    /// Whose it is
    #[arg(long, value_enum, default_value_t)]
    pub account: Account,
}

/// An account of homelab's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Account {
    /// It reads, and no Secrets
    #[default]
    Doctor,
    /// It writes what `homelab addresses` does, and nothing else; only where there is something to write
    Addresses,
}
