//! The flags of `k3s-config`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use crate::machine::k3s_config;

/// What stands below the help of `k3s-config`.
pub(super) const HELP: &str = "Examples:
  homelab k3s-config
  sudo homelab k3s-config --write && curl -sfL https://get.k3s.io | sh -
  sudo homelab k3s-config --write --node-ip 192.168.1.10 --tls-san k3s.home.example.com

Run it on every k3s server, before or after k3s is installed. If k3s runs already, restart it afterwards, as the command says. If the file exists, homelab adds the missing settings at its end, keeps everything else, and saves the old file next to it. If a key has a different value, homelab writes nothing and prints the lines for you to change.";

/// Flags of `k3s-config`.
#[derive(Debug, Args)]
pub struct K3sConfig {
    /// Write the settings into FILE [without FILE: /etc/rancher/k3s/config.yaml]; keeps its other lines, and a backup
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = k3s_config::PATH)]
    pub write: Option<PathBuf>,
    /// The address of this node on your LAN [default: k3s chooses; if the machine has several addresses, homelab writes the LAN's]
    #[arg(long, value_name = "ADDRESS")]
    pub node_ip: Option<IpAddr>,
    /// Another name or address at which other machines reach the Kubernetes API; can be repeated
    #[arg(long, value_name = "NAME")]
    pub tls_san: Vec<String>,
}
