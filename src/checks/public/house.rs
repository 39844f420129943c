//! Whether the controller takes the house for the house.

use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::Evidence;
use crate::evidence::http::Scheme;
use crate::ingress::{NOT_OURS, traits_of};

/// Nothing where no node was asked.
pub(super) fn is_let_in(evidence: &Evidence) -> Option<Judged> {
    let controller = traits_of(evidence.controller);
    let outcome = match evidence.controller.is_managed() {
        false => Outcome::skip(NOT_OURS),
        true => {
            let mut probes =
                evidence.node_answers.iter().filter(|probe| probe.scheme == Scheme::Http).peekable();
            probes.peek()?;
            match probes.find(|probe| (controller.turns_away)(&probe.answer)) {
                None => Outcome::pass("this machine gets the controller's 404"),
                Some(probe) => {
                    let address = probe.address.ip();
                    let mut finding = Finding::new(
                        format!("{} turns this machine away at {}", controller.name, probe.address),
                        "a service is public, so the controller answers the internet for that one alone, and it takes this machine for one of the internet: \
                         the house has addresses that are not private, or something on the way puts its own address in the place of this machine's (source NAT)",
                        "look from which address this machine comes. If it is one that only the house has, add its network to `lan` in the configuration and run \
                         `homelab up`; otherwise switch the address translation off that is between",
                    )
                    .look(command!("ip route get {}", address))
                    .nixos("services.homelab.settings.lan = [ \"2001:db8:7::/56\" ];");
                    if let Some(log) = controller.show_log("20") {
                        finding = finding.look(log);
                    }
                    finding.into()
                }
            }
        }
    };
    Some(judged(id::SOURCE_NAT, Subject::default(), Vantage::Lan, outcome))
}
