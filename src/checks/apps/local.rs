//! Programs on a node itself (`local`): why pods do not reach one, as far as that shows. Where homelab runs on that node, the
//! kernel says where the program listens.

use std::net::SocketAddr;

use crate::checks::engine::Finding;
use crate::evidence::{Evidence, Listener};
use crate::ingress::Unusable;

/// What to do about the usual failure.
const EVERYWHERE: &str = "in the program's own settings (often `host`, `bind` or `listen`), let it listen on `0.0.0.0`; the firewall of the node decides who else reaches it";

/// Why the ingress gets no connection, and what to do; `None` where it got one.
pub(super) fn cause(
    evidence: &Evidence,
    why: Unusable,
    (node, address): (&str, SocketAddr),
) -> Option<(String, String)> {
    match why {
        Unusable::Refused => Some(refused(evidence, node, address)),
        Unusable::Silent => Some(dropped(node, address)),
        Unusable::Unreachable => Some((
            format!(
                "{} of the node `{node}` is not there: the node is off, or its network of pods is not up",
                address.ip()
            ),
            format!("look at the node `{node}`; if its address has changed, run `homelab up`"),
        )),
        _ => None,
    }
}

/// The ingress answered for it that there is no answer, and noted no reason.
pub(super) fn bad(evidence: &Evidence, summary: &str, (node, address): (&str, SocketAddr)) -> Finding {
    let (cause, fix) = refused(evidence, node, address);
    Finding::new(summary, cause, fix)
}

/// Nothing came at all.
pub(super) fn late(evidence: &Evidence, summary: &str, (node, address): (&str, SocketAddr)) -> Finding {
    let (cause, fix) = match listeners(evidence, (node, address)) {
        Some(there) if !reaches(there, address) => refused(evidence, node, address),
        _ => dropped(node, address),
    };
    Finding::new(summary, cause, fix)
}

fn refused(evidence: &Evidence, node: &str, address: SocketAddr) -> (String, String) {
    let port = address.port();
    match listeners(evidence, (node, address)) {
        Some([]) => (
            format!(
                "nothing listens on port {port} of the node `{node}`: the program does not run, or listens on another port"
            ),
            "start the program, or correct `local` of the service: `sudo ss -ltnp` lists who listens where"
                .to_owned(),
        ),
        Some(there) if !reaches(there, address) => {
            let where_: Vec<String> = there.iter().map(|listener| listener.address.to_string()).collect();
            let who = there.iter().find_map(|listener| listener.process.as_deref());
            let who = who.map_or_else(|| "the program".to_owned(), |name| format!("`{name}`"));
            (
                format!("{who} listens on {} alone, and pods reach it at {address}", where_.join(" and ")),
                EVERYWHERE.to_owned(),
            )
        }
        _ => (
            format!(
                "the node `{node}` refuses the connection at {address}: the program listens on 127.0.0.1 alone, as many do unless told otherwise, or does not run, or listens on another port"
            ),
            format!(
                "on that node, `sudo ss -ltnp 'sport = :{port}'` shows where it listens. If that is 127.0.0.1: {EVERYWHERE}. If nothing is shown, start it or correct `local` of the service"
            ),
        ),
    }
}

fn dropped(node: &str, address: SocketAddr) -> (String, String) {
    (
        format!(
            "the connection to {address} on the node `{node}` times out: its firewall drops packets from pods, or the program hangs"
        ),
        format!(
            "let pods in on that node (ufw: `sudo ufw allow in on cni0 to any port {port} proto tcp`; with other nodes, on `flannel.1`, too). The NixOS module of homelab does so by itself",
            port = address.port()
        ),
    )
}

/// Whether one of them takes what comes to the address.
fn reaches(there: &[Listener], address: SocketAddr) -> bool {
    there.iter().any(|listener| {
        let at = listener.address.ip();
        at.is_unspecified() || at == address.ip()
    })
}

/// Who listens on the port, where this machine is that node and the port was looked at.
fn listeners<'e>(evidence: &'e Evidence, (node, address): (&str, SocketAddr)) -> Option<&'e [Listener]> {
    let machine = evidence.machine.as_ref()?;
    let node = evidence.nodes.iter().flatten().find(|one| one.name == node)?;
    let here = machine.addresses.as_ref()?;
    node.addresses.iter().any(|own| here.contains(own)).then_some(())?;
    machine.programs.get(&address.port()).map(Vec::as_slice)
}
