//! A file of resolvers for pods alone, where the machine's own does harm: the same steps, whatever found it.

use std::net::IpAddr;

use crate::checks::engine::Finding;
use crate::evidence::MachineSeen;

/// The file that k3s is told to give to pods.
const FILE: &str = "/etc/k3s-resolv.conf";

/// How pods get resolvers of their own, as words that follow "give pods …:".
pub(in crate::checks) fn steps(machine: Option<&MachineSeen>) -> String {
    let line = match resolver(machine) {
        Some(server) => format!("`nameserver {server}`"),
        None => "`nameserver` and the router's address".to_owned(),
    };
    format!(
        "write {line} into `{FILE}`, start k3s with `--resolv-conf={FILE}`, and restart k3s (`sudo systemctl restart k3s`)"
    )
}

/// The finding with the options that do the same.
pub(in crate::checks) fn with_options(finding: Finding, machine: Option<&MachineSeen>) -> Finding {
    match resolver(machine) {
        Some(server) => finding.nixos(format!(
            "environment.etc.\"k3s-resolv.conf\".text = \"nameserver {server}\"; services.homelab.k3s.extraFlags = [ \"--resolv-conf={FILE}\" ]; # on every node"
        )),
        // A word in place of the address would end up in a file that no pod can use.
        None => finding,
    }
}

/// The first of the machine's resolvers that a pod can reach, too.
fn resolver(machine: Option<&MachineSeen>) -> Option<IpAddr> {
    let servers = machine.and_then(|machine| machine.resolv.as_ref()).map(|resolv| resolv.servers.as_slice());
    let reached = servers.into_iter().flatten().find(|server| !server.is_loopback());
    reached.copied()
}
