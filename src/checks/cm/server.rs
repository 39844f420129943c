//! The lab's own server for challenges (`dns.challengeServer`): whether the internet finds it, from the zone above on.

use std::net::IpAddr;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::evidence::{DelegationSeen, Evidence, ParentSeen, ServerSeen};
use crate::facts::challenge_server::{NAME, NAMESPACE};
use crate::facts::names::is_within;

/// The whole way; nothing where the provider has the zone.
pub(super) fn is_found(evidence: &Evidence) -> Option<Outcome> {
    let seen = evidence.challenges.as_ref().filter(|seen| seen.own)?;
    let Some(way) = &seen.server else {
        return Some(Outcome::skip("nothing beyond this network was asked"));
    };
    let outcome = match above(&seen.zone, way) {
        Outcome::Pass { .. } => answers(&seen.zone, way),
        other => other,
    };
    Some(match outcome {
        // The certificates that are there serve until they end.
        Outcome::Fail(finding) if are_all_ready(evidence) => finding.only(Severity::Warning).into(),
        outcome => outcome,
    })
}

/// What of the way would keep every certificate from being issued, whether the server runs yet or not.
#[must_use]
pub fn undelegated(evidence: &Evidence) -> Option<Finding> {
    let seen = evidence.challenges.as_ref()?;
    match above(&seen.zone, seen.server.as_ref()?) {
        Outcome::Fail(finding) => Some(finding),
        _ => None,
    }
}

fn are_all_ready(evidence: &Evidence) -> bool {
    let all = || evidence.certificates.iter().flatten();
    all().next().is_some() && all().all(|certificate| certificate.ready == Some(true))
}

/// What the zone above says.
fn above(zone: &str, way: &DelegationSeen) -> Outcome {
    let parent = match &way.parent {
        Ok(parent) => parent,
        Err(why) => return Outcome::unknown(why.clone()),
    };
    let records = records(zone, way);
    let finding = |summary: String, cause: String, fix: String| {
        Finding::new(summary, cause, fix)
            .look(command!("dig NS {} @1.1.1.1", zone))
            .look("homelab zone delegate")
    };
    if !parent.servers.iter().any(|server| server.eq_ignore_ascii_case(&way.name)) {
        return match parent.servers.as_slice() {
            [] => finding(
                format!("public DNS does not lead to your server: `{zone}` is not delegated"),
                format!("the zone `{}` has no NS record `{zone}`, so its own name servers answer for the challenges", parent.zone),
                format!("enter {} in the zone `{}`", records.join(" and "), parent.zone),
            )
            .into(),
            others => finding(
                format!("`{zone}` is delegated to {}, and not to `{}`", quoted(others), way.name),
                format!("an NS record in the zone `{}` is of an earlier server, of somebody else's, or has a slip in it", parent.zone),
                format!("replace it by {}", records.join(" and ")),
            )
            .into(),
        };
    }
    if parent.servers.len() > 1 {
        let others: Vec<String> =
            parent.servers.iter().filter(|server| !server.eq_ignore_ascii_case(&way.name)).cloned().collect();
        return finding(
            format!("`{zone}` is delegated to {}, too", quoted(&others)),
            format!("resolvers ask any of the name servers that the zone `{}` names, and only `{}` has the challenges", parent.zone, way.name),
            "remove the other NS records".to_owned(),
        )
        .into();
    }
    address(zone, way, parent, &finding).unwrap_or_else(|| Outcome::pass("delegated"))
}

/// Whether its name has the right address there.
fn address(
    zone: &str,
    way: &DelegationSeen,
    parent: &ParentSeen,
    finding: &dyn Fn(String, String, String) -> Finding,
) -> Option<Outcome> {
    let name = &way.name;
    let Some(wanted) = way.address else {
        // A name in another zone, which somebody else keeps.
        return parent.addresses.is_empty().then(|| {
            finding(
                format!("the name of your server, `{name}`, has no address"),
                "the DynDNS service does not know the address of your router, or the name has a slip in it"
                    .to_owned(),
                format!("let your router tell its DynDNS service its address; `{name}` must lead to it"),
            )
            .into()
        });
    };
    let record = record(name, wanted);
    match parent.addresses.as_slice() {
        [one] if *one == wanted => None,
        [] => Some(
            finding(
                format!("the name of your server, `{name}`, has no address in the zone `{}`", parent.zone),
                match is_within(name, zone) {
                    true => format!("the name is in `{zone}` itself, so nobody can ask for its address before he knows it: the zone above must have it, too (a glue record)"),
                    false => format!("the zone `{}` has no address record of that name", parent.zone),
                },
                format!("enter {record} in the zone `{}`", parent.zone),
            )
            .into(),
        ),
        others => {
            let shown = quoted(others);
            Some(
                finding(
                    format!("`{name}` has the address {shown} in the zone `{}`, and not `{wanted}` alone", parent.zone),
                    "the record is of an earlier address of your router, or has a slip in it".to_owned(),
                    format!("replace it by {record}; if your router has another address now, write that into `dns.challengeServer`"),
                )
                .into(),
            )
        }
    }
}

/// Whether the server answers there.
fn answers(zone: &str, way: &DelegationSeen) -> Outcome {
    let from_outside = way.from_outside.as_ref();
    let is_seen =
        from_outside.is_some_and(|lookup| lookup.result.as_ref().is_ok_and(|reply| reply.begins(zone)));
    let by = from_outside.map(|lookup| lookup.server.as_str()).unwrap_or_default();
    let at_node = way.nodes.iter().find(|node| node.is_there());
    let forward = forward(way);
    match &way.public {
        Some(public) if is_anothers(zone, public) && way.leads_in(zone) => Outcome::pass(format!(
            "{by} finds it, from outside; from inside the house another name server answers at {}, mostly the router's own, so UDP and TCP were not told apart",
            public.at.ip()
        )),
        Some(public) if public.is_resolver() => other_server(zone, public, &forward).into(),
        Some(ServerSeen { at, inside: Some((name, true)), .. }) => Finding::new(
            format!("the name server that answers at {} tells the internet names of the house: `{name}` has its addresses there", at.ip()),
            "the router forwards port 53 to the name server of the house, and not to that of the challenges",
            format!("change that at once: let the router {forward}, and nowhere else"),
        )
        .look(command!("dig {} @{}", name, at.ip().to_string()))
        .into(),
        Some(public) if public.is_there() && !public.has(zone) => other_server(zone, public, &forward).into(),
        Some(public) if let [None, Some(why)] = public.lacks(zone) => Finding::new(
            format!("your server answers by UDP at {}, and not by TCP: {why}", public.at.ip()),
            "the router forwards port 53 by UDP alone: answers that are cut short, as under its rate limit, are asked for again by TCP",
            format!("let the router forward port 53 by TCP, too: {forward}"),
        )
        .into(),
        Some(public) if let [Some(why), None] = public.lacks(zone) => Finding::new(
            format!("your server answers by TCP at {}, and not by UDP: {why}", public.at.ip()),
            "the router forwards port 53 by TCP alone, and nearly every question of DNS comes by UDP",
            format!("let the router forward port 53 by UDP, too: {forward}"),
        )
        .into(),
        Some(public) if public.has(zone) && is_seen => {
            Outcome::pass(format!("{by} finds it, and it answers at {} by UDP and by TCP", public.at.ip()))
        }
        _ if is_seen => Outcome::pass(format!(
            "{by} finds it, from outside; the router does not lead back to its own address from inside the house, so UDP and TCP were not told apart"
        )),
        Some(public) if public.has(zone) => match from_outside {
            Some(lookup) if lookup.result.is_ok() => Finding::new(
                format!("your server answers from inside the house, and {by} gets nothing of `{zone}`"),
                "something on the way in drops the questions: your internet provider or a second router closes port 53; or the zone above has a DS record of `{zone}`, which is not signed".replace("{zone}", zone),
                format!("let every router on the way pass port 53 on; and remove a DS record of `{zone}`, if the zone above has one"),
            )
            .look(command!("dig SOA {} @1.1.1.1", zone))
            .into(),
            _ => Outcome::unknown("your server answers from inside the house; no public resolver could be asked whether it does from outside"),
        },
        _ => match (at_node, from_outside) {
            (Some(node), _) if !node.has(zone) => Finding::new(
                format!("the server at {} does not have the zone `{zone}`", node.at),
                "it runs with the configuration of an earlier run, or another program listens at that port of the node",
                "run `homelab up`, which writes its configuration",
            )
            .command("homelab up")
            .into(),
            (Some(node), Some(lookup)) if lookup.result.is_ok() => Finding::new(
                format!("your server answers at {} in the house, and nobody gets to it from outside", node.at),
                "the router does not forward port 53 of its public address to it, or forwards it to another machine or port",
                format!("let the router {forward}"),
            )
            .into(),
            (Some(_), _) => Outcome::unknown("your server answers in the house; no public resolver could be asked whether it does from outside"),
            (None, _) if way.nodes.is_empty() => {
                Outcome::unknown("the nodes were not read, and nobody gets an answer from outside")
            }
            (None, _) => Finding::new(
                format!("your server does not answer, neither from outside nor at its node at port {}", way.port),
                "its pod does not run, or the firewall between this machine and the node drops the packets",
                "look at its pod; `homelab up` brings it back where somebody deleted it",
            )
            .look(command!("kubectl -n {} get pods -o wide", NAMESPACE))
            .look(command!("kubectl -n {} logs deployment/{}", NAMESPACE, NAME))
            .into(),
        },
    }
}

/// Whether at the public address, asked from inside, not the lab's own server answers.
fn is_anothers(zone: &str, public: &ServerSeen) -> bool {
    let tells = public.inside.as_ref().is_some_and(|(_, told)| *told);
    public.is_resolver() || tells || public.is_there() && !public.has(zone)
}

/// Somebody answers at the public address who does not have the zone.
fn other_server(zone: &str, public: &ServerSeen, forward: &str) -> Finding {
    let at = public.at.ip();
    match public.is_resolver() {
        true => Finding::new(
            format!("another name server answers at {at}: it looks up names for everybody (recursion)"),
            "the router forwards port 53 to a resolver, its own or that of the house: an open resolver, which others use for attacks",
            format!("change that at once: let the router {forward}, and nowhere else"),
        ),
        false => Finding::new(
            format!("the name server that answers at {at} does not have `{zone}` (a lame delegation)"),
            "the router forwards port 53 to another name server than that of the challenges, or the server has the configuration of an earlier run",
            format!("run `homelab up`, and let the router {forward}"),
        ),
    }
    .look(command!("dig SOA {} @{}", zone, at.to_string()))
}

/// Where the router has to forward to, after "let the router".
fn forward(way: &DelegationSeen) -> String {
    let at =
        way.nodes.first().map_or_else(|| format!("its node, port {}", way.port), |node| node.at.to_string());
    format!("forward public port 53, UDP and TCP, to {at}")
}

fn records(zone: &str, way: &DelegationSeen) -> Vec<String> {
    let delegation = format!("`{zone}. NS {}.`", way.name);
    [delegation].into_iter().chain(way.address.map(|address| record(&way.name, address))).collect()
}

fn record(name: &str, address: IpAddr) -> String {
    format!("`{name}. {} {address}`", if address.is_ipv4() { "A" } else { "AAAA" })
}
