//! Whether the public address leads back into the house.

use crate::checks::engine::{Finding, Outcome};
use crate::checks::public::FROM_INSIDE;
use crate::evidence::{Evidence, PublicSeen, Transport};

const HOUSE: &str = "services.homelab.settings.dns.houseResolver = true;";

pub(super) fn leads_back(evidence: &Evidence, public: &PublicSeen, host: &str) -> Outcome {
    if public.proxied {
        return Outcome::skip("visitors come by the provider's proxy, from the house, too");
    }
    let Some(seen) = public.hairpin.get(host) else {
        return Outcome::skip(
            "it was not asked for at the public address: others were in its place, or none is known",
        );
    };
    let at = format!("{}, port 443", seen.address);
    let missing = match &seen.tls {
        Err(Transport::Timeout | Transport::Unreachable(_)) => {
            Some(format!("{at} does not answer from inside the house"))
        }
        Err(Transport::Refused) => Some(format!("{at} refuses the connection from inside the house")),
        Err(other) => Some(format!("{at} gives no certificate from inside the house: {other}")),
        Ok(_) => None,
    };
    if let Some(summary) = missing {
        if evidence.is_answered_in_house(host) {
            return Outcome::skip(format!(
                "{summary}; nobody in the house goes that way, since the nodes answer for the name"
            ));
        }
        return Finding::new(
            summary,
            "either the router does not lead its own address back into the house (hairpin NAT, also called NAT loopback), or it does not forward port 443 at all",
            format!(
                "let the house keep the private address: set `dns.houseResolver: true`, and let the router ask the nodes for the domain (docs/house-resolver.md); or switch \
                 NAT loopback on in the router. {FROM_INSIDE}"
            ),
        )
        .nixos(HOUSE)
        .into();
    }
    let own = evidence.hosts.get(host).into_iter().flat_map(|host| &host.tls);
    let own: Vec<&str> =
        own.filter_map(|seen| Some(seen.result.as_ref().ok()?.leaf.fingerprint.as_str())).collect();
    match &seen.tls {
        Ok(served) if !own.is_empty() && !own.contains(&served.leaf.fingerprint.as_str()) => Finding::new(
            format!("{at} shows another certificate (`{}`) than the nodes do", served.leaf.subject),
            "another machine answers at the public address: the router's own page, or a machine to which the router forwards the port",
            "forward port 443 to a node; move the router's own page to another port",
        )
        .into(),
        _ => Outcome::pass(format!("{} leads back into the house; {FROM_INSIDE}", seen.address)),
    }
}
