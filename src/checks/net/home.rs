//! Whether this machine is where the nodes are: away from home, private addresses lead nowhere, or to somebody else.

use std::net::{IpAddr, Ipv4Addr};

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, HereSeen, NamesSeen, Network, NodeProbe, Transport};
use crate::ingress::{NOT_OURS, is_go_404, known};

pub(super) fn here(evidence: &Evidence, names: &NamesSeen) -> Judged {
    let outcome = match &names.here {
        None => Outcome::unknown("this machine's networks were not read"),
        Some(here) => place(evidence, here),
    };
    judged(id::HOME, Subject::default(), Vantage::Machine, outcome)
}

/// Fails only when nothing speaks for being at home: no API server, no shared network, no node that answers.
fn place(evidence: &Evidence, here: &HereSeen) -> Outcome {
    if evidence.nodes.is_some() {
        return Outcome::pass("this machine can reach the cluster");
    }
    let addresses: Vec<Ipv4Addr> =
        here.asked.iter().filter_map(|probe| private(probe.address.ip())).collect();
    let Some(first) = addresses.first() else {
        return Outcome::skip("no address of a node is known");
    };
    let listed = list(&addresses.iter().map(|address| IpAddr::V4(*address)).collect::<Vec<_>>());
    if let Some(answer) = here.asked.iter().find(|probe| probe.answer.as_ref().is_ok_and(is_controller)) {
        return Outcome::pass(format!("the ingress controller answers at {}", answer.address.ip()));
    }
    if !evidence.controller.is_managed() && here.asked.iter().any(|probe| probe.answer.is_ok()) {
        return Outcome::skip(format!("a machine answers at {listed}, and {NOT_OURS}"));
    }
    let shared = here.networks.iter().find(|network| addresses.iter().any(|one| network.contains(*one)));
    let stranger = here.asked.iter().find_map(|probe| Some((probe, probe.answer.as_ref().ok()?)));
    match (shared, stranger) {
        (_, Some((probe, answer))) => stranger_there(probe, answer, shared).into(),
        (Some(network), None) => Outcome::pass(format!("{listed} is in the network of {}", network.interface)),
        (None, None) if here.networks.is_empty() => Outcome::skip("the networks of this machine are not known"),
        (None, None) if here.asked.iter().all(is_silent) => Finding::new(
            format!("this machine is in {}, but nothing answers at {listed}", networks(&here.networks)),
            "this machine is not at home: the records hold private addresses, which cannot be reached from another network",
            "join the home network, not its guest network, or connect to it with a VPN. Your home lab itself may be fine: run `homelab doctor` on one of its machines",
        )
        .look(command!("ip route get {}", first))
        .into(),
        (None, None) => Outcome::skip("a machine answers at the nodes' addresses, but gives no sign of which machine it is"),
    }
}

fn stranger_there(probe: &NodeProbe, answer: &HttpAnswer, shared: Option<&Network>) -> Finding {
    let address = probe.address.ip();
    let server = answer.server.as_deref().map(|name| format!(" (`{name}`)")).unwrap_or_default();
    let summary = format!("{address} answers {}{server} where the ingress controller should", answer.status);
    let cause = match shared {
        Some(network) => format!(
            "this machine is not at home but in a network with the same address range ({}); or another machine has the \
             node's address, or another program has its port 80",
            network.interface
        ),
        None => {
            "this machine is not at home. In the network where it is now, another machine has that address"
                .to_owned()
        }
    };
    Finding::new(summary, cause, "try again at home; there, check which machine has the address")
        .look(command!("ip neigh show {}; curl -sI http://{}/", address, address))
}

fn is_controller(answer: &HttpAnswer) -> bool {
    known().any(|controller| (controller.is_unknown_name)(answer)) || is_go_404(answer)
}

fn is_silent(probe: &NodeProbe) -> bool {
    matches!(&probe.answer, Err(Transport::Timeout | Transport::Unreachable(_)))
}

fn private(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(four) if four.is_private() => Some(four),
        _ => None,
    }
}

fn networks(all: &[Network]) -> String {
    let each = all.iter().map(|one| format!("{}/{} ({})", one.address, one.prefix, one.interface));
    each.collect::<Vec<_>>().join(", ")
}
