//! The resolvers of this machine, and whether questions reach whom they are meant for.

use crate::checks::dns::{blocked, judged};
use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage};
use crate::checks::id;
use crate::checks::reading::zone::zone_name;
use crate::evidence::dns::{AskError, Rcode, Reply};
use crate::evidence::{Evidence, HostSeen, Lookup, NamesSeen, ResolverSeen};
use crate::outside::command::{Command, Pasted};

/// Whether a resolver of `/etc/resolv.conf` answers at all, whatever it says about the lab.
pub(super) fn answers(evidence: &Evidence, names: &NamesSeen) -> Judged {
    let outcome = match names.resolvers.as_deref() {
        None => Outcome::unknown("`/etc/resolv.conf` cannot be read"),
        Some([]) => Outcome::skip("`/etc/resolv.conf` names no server that can be asked"),
        Some(resolvers) => each(evidence, resolvers),
    };
    judged(id::RESOLVER, Subject::default(), Vantage::System, outcome)
}

fn each(evidence: &Evidence, resolvers: &[ResolverSeen]) -> Outcome {
    let (good, bad): (Vec<_>, Vec<_>) = resolvers.iter().partition(|one| trouble(evidence, one).is_none());
    let Some(first) = bad.first() else {
        let servers: Vec<&str> = good.iter().map(|one| one.server.as_str()).collect();
        let (all, asked) =
            (evidence.hosts.len(), evidence.hosts.values().filter(|seen| !seen.left_out).count());
        let some = format!("; {asked} of {all} names were looked up by DNS, so as not to flood it");
        return Outcome::pass(format!(
            "{} answers{}",
            servers.join(", "),
            if asked < all { &some } else { "" }
        ));
    };
    let what: Vec<String> =
        bad.iter().filter_map(|one| Some(format!("{}: {}", one.server, trouble(evidence, one)?))).collect();
    let (cause, fix) = why(first);
    let look = command!("dig NS {} @{}", zone_name(evidence).unwrap_or("."), first.server);
    let lookups_fail = evidence.hosts.values().any(|seen| matches!(seen.system, Some(Err(_))));
    if good.is_empty() {
        let summary = format!("none of this machine's resolvers works ({})", what.join("; "));
        return Finding::new(summary, cause, fix).look(look).heals().into();
    }
    let others: Vec<&str> = good.iter().map(|one| one.server.as_str()).collect();
    let summary = format!(
        "one of this machine's resolvers does not work ({}); {} answers",
        what.join("; "),
        others.join(", ")
    );
    let finding = Finding::new(summary, format!("{cause}; each lookup may wait 5 s for it"), fix).look(look);
    if lookups_fail { finding.heals() } else { finding.only(Severity::Warning) }.into()
}

/// Tailscale's own resolver on each machine (tailscale.com, "MagicDNS").
const MAGIC_DNS: &str = "100.100.100.100";

/// Why a resolver is of no use, and what to do.
fn why(resolver: &ResolverSeen) -> (String, String) {
    let server = &resolver.server;
    if server == MAGIC_DNS {
        return (
            "it is Tailscale's MagicDNS: either no global name server is set, or tailscaled does not run"
                .into(),
            "add a global name server in Tailscale's admin console (DNS), or let this machine keep its own: `tailscale set --accept-dns=false`"
                .into(),
        );
    }
    match &resolver.control {
        // dnsmasq without a server (2.90: EDE 14).
        Ok(reply) if reply.rcode == Rcode::Refused && reply.extended.iter().any(|one| one.code == 14) => (
            "it has no server to forward to: its internet connection gave it none, or its configuration names none".into(),
            format!("check the internet connection of {server}, and give it a server to forward to (dnsmasq: `server=`)"),
        ),
        Ok(reply) if reply.rcode == Rcode::Refused => (
            "it refuses this machine: its access list does not allow this network (unbound `access-control`, BIND `allow-query`, AdGuard \
             Home \"Allowed clients\"), or it has no server to forward to (dnsmasq with `no-resolv` and without `server=`)"
                .into(),
            format!("allow this machine's network in the settings of {server}; if it is allowed, give it a server to forward to"),
        ),
        Ok(reply) => {
            let words: Vec<String> = reply.extended.iter().map(blocked::words).collect();
            let words = if words.is_empty() { String::new() } else { format!(" ({})", words.join("; ")) };
            (
                format!("it answers, but cannot reach other DNS servers: the router has no internet, or the servers that it forwards to are down{words}"),
                format!("check the internet connection of {server}, and restart its DNS"),
            )
        }
        Err(_) => (
            "the machine with that address is down, runs no DNS, or a firewall drops port 53".into(),
            format!("start the DNS of {server}, or hand out another resolver by DHCP instead of it"),
        ),
    }
}

/// What is wrong with a resolver that should know the zone's name servers.
fn trouble(evidence: &Evidence, resolver: &ResolverSeen) -> Option<String> {
    match &resolver.control {
        Err(AskError::Timeout) => Some("no answer".to_owned()),
        Err(why) => Some(why.to_string()),
        // Without the internet it may know no name of it.
        Ok(_) if evidence.offline => None,
        Ok(reply) => match reply.rcode {
            Rcode::ServFail => Some("SERVFAIL to everything".to_owned()),
            Rcode::Refused => Some("REFUSED to everything".to_owned()),
            _ => None,
        },
    }
}

/// Whether port 53 of the internet can be reached. An answer from where nobody is, is somebody else's; and so is one that
/// the same resolver does not give over HTTPS.
pub(super) fn intercepted(evidence: &Evidence, names: &NamesSeen) -> Judged {
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
