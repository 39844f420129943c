//! A file of resolvers for pods alone, where the machine's own does harm: the same steps, whatever found it.

use std::net::IpAddr;

use crate::checks::engine::Finding;
use crate::checks::engine::words::list;
use crate::checks::reading::told::{self, Told};
use crate::evidence::{Evidence, MachineSeen, entries};

/// The file that k3s is told to give to pods.
const FILE: &str = "/etc/k3s-resolv.conf";

/// How pods get resolvers of their own, as words that follow "give pods …:".
pub(in crate::checks) fn steps(machine: Option<&MachineSeen>) -> String {
    let line = match resolver(machine) {
        Some(server) => format!("`nameserver {server}`"),
        None => "`nameserver` and the router's IPv4 address".to_owned(),
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

/// The first of the machine's resolvers that a pod can reach, too: pods may have no IPv6, and all have IPv4 in a cluster as
/// homelab makes it.
fn resolver(machine: Option<&MachineSeen>) -> Option<IpAddr> {
    let resolv = machine.and_then(|machine| machine.resolv.as_ref())?;
    let reached =
        |server: &&IpAddr| matches!(server, IpAddr::V4(four) if !four.is_loopback() && !four.is_link_local());
    resolv.servers.iter().chain(&resolv.unused).find(reached).copied()
}

/// Resolvers that k3s hands to pods though no pod can reach one of them: all have IPv6 addresses, and pods have none
/// (k3s-io/k3s#1826, #3153).
pub(in crate::checks) fn of_ipv6_alone(evidence: &Evidence) -> Option<String> {
    let resolv = evidence.machine.as_ref()?.resolv.as_ref()?;
    let six = !resolv.servers.is_empty() && resolv.servers.iter().all(IpAddr::is_ipv6);
    let nodes = evidence.objects("nodes").unwrap_or_default();
    // k3s was told another file, which is not looked into here.
    let other = |told: &Told| told.resolv_conf().is_some_and(|file| resolv.path.as_deref() != Some(file));
    if nodes.iter().filter_map(told::of).any(|told| other(&told)) {
        return None;
    }
    let mut ranges = nodes
        .iter()
        .flat_map(|node| entries(node, "/spec/podCIDRs"))
        .filter_map(|range| range.as_str())
        .peekable();
    let only_four = ranges.peek().is_some() && ranges.all(|range| !range.contains(':'));
    (resolv.path.is_some() && six && only_four).then(|| list(&resolv.servers))
}

/// Why pods of an IPv4 cluster hear nothing of those.
pub(in crate::checks) const NO_IPV6: &str = "pods of this cluster have no IPv6 (no node has an IPv6 `podCIDR`), so CoreDNS cannot reach \
    any of the node's resolvers, which have only IPv6 addresses: `network is unreachable` in its log";
