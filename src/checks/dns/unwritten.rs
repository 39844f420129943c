//! Names that neither homelab nor the nodes have in DNS: the house has name servers of its own for them (`dns.challengeZone` without
//! `dns.houseResolver`).

use std::net::IpAddr;

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Outcome};
use crate::evidence::{Evidence, HostSeen};
use crate::facts::names::probe_name;

/// Whether this machine gets to the nodes by the name.
pub(super) fn is_resolved(evidence: &Evidence, host: &str, seen: &HostSeen) -> Outcome {
    let nodes = evidence.status_of(host);
    let found: &[IpAddr] = match &seen.system {
        None => return Outcome::unknown("no time was left to ask this machine's resolver"),
        Some(Err(why)) => return Outcome::unknown(format!("this machine's resolver was asked: {why}")),
        Some(Ok(found)) => found,
    };
    if nodes.is_empty() || (!found.is_empty() && found.iter().all(|address| nodes.contains(address))) {
        return Outcome::pass(list(found));
    }
    let summary = match found.is_empty() {
        true => format!("this machine does not resolve `{host}`"),
        false => format!("this machine resolves `{host}` to {}, not to {}", list(found), list(&nodes)),
    };
    let records: Vec<String> = nodes
        .iter()
        .map(|node| format!("`{host}. {} {node}`", if node.is_ipv4() { "A" } else { "AAAA" }))
        .collect();
    Finding::new(
        summary,
        "homelab writes no record of the names (`dns.challengeZone`), and the house's own name servers do not have this one, or another address for it",
        format!(
            "enter it in the house's name servers: {}. Or let the nodes answer for the domain: `dns.houseResolver: true`",
            records.join(", ")
        ),
    )
    .look(command!("dig {}", probe_name(host)))
    .into()
}
