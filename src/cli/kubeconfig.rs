//! The flags of `kubeconfig`.

use std::path::PathBuf;

use clap::Args;

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
}
