//! The resolvers of this machine: whether they answer, and how well.

use crate::checks::dns::{blocked, judged};
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage};
use crate::checks::id;
use crate::checks::reading::zone::zone_name;
use crate::evidence::dns::{AskError, Rcode};
use crate::evidence::{AgainSeen, Evidence, NamesSeen, OwnServersSeen, ResolverSeen};

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
    if resolvers.iter().any(|one| is_silent_with_the_nodes(evidence, one)) {
        return Outcome::Blocked { by: id::OWN_SERVER };
    }
    let (good, bad): (Vec<_>, Vec<_>) = resolvers.iter().partition(|one| trouble(evidence, one).is_none());
    let Some(first) = bad.first() else {
        if let Some((one, again)) = good.iter().find_map(|one| Some((one, hard_of_hearing(one)?))) {
            return now_and_then(&one.server, again).into();
        }
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
        return Finding::new(summary, cause, fix).look(look).heals_soon().into();
    }
    let others: Vec<&str> = good.iter().map(|one| one.server.as_str()).collect();
    let summary = format!(
        "one of this machine's resolvers does not work ({}); {} answers",
        what.join("; "),
        others.join(", ")
    );
    let finding = Finding::new(summary, format!("{cause}; each lookup may wait 5 s for it"), fix).look(look);
    if lookups_fail { finding.heals_soon() } else { finding.only(Severity::Warning) }.into()
}

/// A resolver that leaves some of a few small questions without an answer, or takes long over what it has just answered. One
/// of them may be lost by chance.
fn hard_of_hearing(resolver: &ResolverSeen) -> Option<AgainSeen> {
    let again = resolver.again?;
    let lost = again.asked.saturating_sub(again.answered);
    (again.asked > 2 && lost + again.late >= 2).then_some(again)
}

fn now_and_then(server: &str, again: AgainSeen) -> Finding {
    let AgainSeen { asked, answered, late } = again;
    let how = match late {
        0 => format!("answers {answered} of {asked} questions"),
        _ => format!("answers {answered} of {asked} questions, {late} of them after more than a second"),
    };
    Finding::new(
        format!("the resolver {server} {how}"),
        "packets get lost on the way to it (Wi-Fi, a bad cable, two machines with one address), it is overloaded, or it limits \
         how much a machine may ask (Pi-hole: 1000 questions a minute, AdGuard Home: 20 a second). Programs wait 5 s before they \
         ask again, so pages, pods and image pulls hang now and then",
        format!("see whether `ping -c 20 {server}` loses packets, and put the resolver and this machine on cable; if nothing is lost, read the resolver's own log, and raise its limit for this machine"),
    )
    .look(command!("ping -c 20 {}", server))
    .only(Severity::Warning)
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

/// It asks the nodes, and may have nothing to say while one of them has not.
fn is_silent_with_the_nodes(evidence: &Evidence, resolver: &ResolverSeen) -> bool {
    resolver.control.is_err()
        && evidence.dns.is_on_nodes()
        && evidence.own_servers.as_ref().is_some_and(OwnServersSeen::has_gap)
}

/// What is wrong with a resolver that should know the zone's name servers.
fn trouble(evidence: &Evidence, resolver: &ResolverSeen) -> Option<String> {
    match &resolver.control {
        Err(AskError::Timeout) => Some("no answer".to_owned()),
        Err(why) => Some(why.to_string()),
        // Without the internet it may know no name of it. And what only the nodes know, it knows when it was told to ask them:
        // `dns.forwarding` says whether.
        Ok(_) if evidence.offline || evidence.dns.is_on_nodes() => None,
        Ok(reply) => match reply.rcode {
            Rcode::ServFail => Some("SERVFAIL to everything".to_owned()),
            Rcode::Refused => Some("REFUSED to everything".to_owned()),
            _ => None,
        },
    }
}
