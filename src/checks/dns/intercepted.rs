//! Whether questions reach whom they are meant for.

use crate::checks::dns::judged;
use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage};
use crate::checks::id;
use crate::evidence::dns::{Rcode, Reply};
use crate::evidence::{Evidence, HostSeen, Lookup, NamesSeen};
use crate::outside::command::{Command, Pasted};

/// Whether port 53 of the internet can be reached. An answer from where nobody is, is somebody else's; and so is one that
/// the same resolver does not give over HTTPS.
pub(super) fn judge(evidence: &Evidence, names: &NamesSeen) -> Judged {
    let outcome = match (&names.nowhere, evidence.hosts.iter().find_map(|(host, seen)| differs(host, seen))) {
        _ if evidence.offline => Outcome::skip("--offline"),
        (Some(Ok(reply)), _) => {
            let records = reply.answers.len();
            let summary = format!(
                "a DNS reply came from 192.0.2.1, an address that no machine has ({records} records)"
            );
            caught(summary, "dig @192.0.2.1 +time=1 +tries=1 NS .").into()
        }
        (_, Some((summary, look))) => caught(summary, look).into(),
        (Some(Err(_)), None) => Outcome::pass(
            "no reply from 192.0.2.1, an address that no machine has, so nothing intercepts port 53",
        ),
        (None, None) => Outcome::unknown("no time was left to ask"),
    };
    judged(id::INTERCEPTED, Subject::default(), Vantage::Machine, outcome)
}

fn caught(summary: String, look: impl Pasted) -> Finding {
    Finding::new(
        summary,
        "the router or the internet provider redirects all DNS on port 53 to its own resolver. Answers that seem to come \
         from 1.1.1.1 or from the authoritative servers come from that resolver. The same is true for cert-manager, so it may see \
         an old answer to its challenge for up to half an hour",
        "exempt the nodes from the router's rule that redirects DNS (a NAT rule for port 53, \"force DNS\", \"DNS redirect\" \
         or a content filter)",
    )
    .look(look)
}

/// An answer that says nothing and could not be remembered: no resolver of the internet gives one for a name that exists.
fn is_made_up(lookup: &Lookup) -> bool {
    let silent = |reply: &Reply| reply.negative_ttl().is_none() && reply.rcode != Rcode::ServFail;
    lookup.result.as_ref().is_ok_and(silent)
}

/// A public resolver that has no address for a host on port 53, and has one over HTTPS.
fn differs(host: &str, seen: &HostSeen) -> Option<(String, Option<Command>)> {
    let addresses = |lookup: &Lookup| lookup.result.as_ref().map(Reply::addresses).unwrap_or_default();
    let (https, plain): (Vec<_>, Vec<_>) =
        seen.public.iter().partition(|lookup| lookup.server.starts_with("https://"));
    let (https, plain) = https.iter().find_map(|https| {
        let is_contradicted =
            |plain: &&&Lookup| https.server.contains(&format!("//{}/", plain.server)) && is_made_up(plain);
        Some((https, plain.iter().find(is_contradicted)?))
    })?;
    let (by_https, by_plain) = (addresses(https), addresses(plain));
    let look = command!("dig {} @{}; dig {} @{} +https", host, plain.server, host, plain.server);
    let summary = format!(
        "{} answers {} for `{host}` on port 53, and {} over HTTPS",
        plain.server,
        list(&by_plain),
        list(&by_https)
    );
    (!by_https.is_empty() && by_https != by_plain).then_some((summary, look))
}
