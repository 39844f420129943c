//! The certificate that each node serves for a host.

mod extra;
mod fake;
pub(super) mod ids;
mod leaf;
mod origin;
mod renewal;
mod secret;
mod texts;
mod trusted;

#[cfg(test)]
pub(super) mod tests;

use crate::checks::engine::{Finding, Group, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::tls::origin::Origin;
use crate::evidence::tls::Served;
use crate::evidence::{Evidence, HostSeen, Seen, Transport};
use crate::ingress::traits_of;

/// The group.
pub(super) const GROUP: Group =
    Group::new("tls", "the certificate that each node shows for a name", texts::CHECKS)
        .for_lab(outcomes_of_lab)
        .for_each_host(outcomes_of_host);

fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let of_machine = |outcome| judged(id::AUTHORITY_TRUSTED, Subject::default(), Vantage::System, outcome);
    trusted::is_trusted(evidence).map(of_machine).into_iter().chain(extra::outcomes(evidence)).collect()
}

fn outcomes_of_host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let for_host = |id, outcome: Outcome| judged(id, Subject::host(host), Vantage::Api, outcome);
    let all = |outcome: Outcome| {
        let ids = [id::HANDSHAKE, id::SERVED_SECRET, id::LEAF, id::RENEWAL].into_iter();
        ids.filter(|id| is_looked_at(evidence, *id)).map(|id| for_host(id, outcome.clone())).collect()
    };
    if evidence.wants_tls(host) == Some(false) {
        return all(Outcome::skip("its Ingress asks for no certificate"));
    }
    if seen.tls.is_empty() {
        return all(Outcome::unknown("no node was asked"));
    }
    let origin = Origin::of(evidence, host);
    let judged = seen.tls.iter().flat_map(|tls| node(evidence, host, &origin, tls));
    judged.filter(|judged| is_looked_at(evidence, judged.id)).collect()
}

/// `up` does not read the Secrets.
fn is_looked_at(evidence: &Evidence, id: crate::checks::engine::CheckId) -> bool {
    id != id::SERVED_SECRET || evidence.acme.is_some()
}

fn node(evidence: &Evidence, host: &str, origin: &Origin<'_>, tls: &Seen<Served>) -> [Judged; 4] {
    let at_node =
        |id, outcome| judged(id, Subject::both(host, &tls.node), Vantage::Node(tls.node.clone()), outcome);
    match &tls.result {
        Ok(served) => [
            at_node(id::HANDSHAKE, Outcome::pass(format!("{} at {}", served.leaf.subject, tls.address))),
            at_node(id::SERVED_SECRET, secret::is_served(evidence, host, origin, served)),
            at_node(id::LEAF, leaf::is_good(evidence, host, origin, served)),
            at_node(id::RENEWAL, renewal::is_in_time(evidence, origin, served)),
        ],
        Err(why) => {
            let unknown = || Outcome::unknown("no certificate was seen");
            [
                at_node(id::HANDSHAKE, handshake(evidence, tls, why)),
                at_node(id::SERVED_SECRET, unknown()),
                at_node(id::LEAF, unknown()),
                at_node(id::RENEWAL, unknown()),
            ]
        }
    }
}

fn handshake(evidence: &Evidence, tls: &Seen<Served>, why: &Transport) -> Outcome {
    let (cause, fix) = match why {
        Transport::Tls(_) => (
            "a program that does not speak TLS, or refuses this name, listens there instead of the ingress controller",
            "find the other program that has port 443 of this node",
        ),
        Transport::Timeout => (
            "the connection is dropped on its way: by a firewall, or because the node has no controller pod",
            "look at the controller's pod on this node, and at the firewall of the node",
        ),
        _ => (
            "the ingress controller does not answer on this node",
            "look at the controller's pod on this node",
        ),
    };
    Finding::new(format!("no TLS handshake with {}: {why}", tls.address), cause, fix)
        .look(traits_of(evidence.controller).show_pods())
        .heals_soon()
        .into()
}
