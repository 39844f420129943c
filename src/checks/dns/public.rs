//! What DNS servers outside this house answer.

use jiff::{SignedDuration, Timestamp};

use crate::checks::dns::AT_HOME;
use crate::checks::engine::words::{list, quoted, span};
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::{expected, wanted};
use crate::evidence::dns::{Data, Rcode, Record, Reply};
use crate::evidence::{Evidence, HostSeen, Lookup};
use crate::facts::name_server::{NAME, NAMESPACE};
use crate::facts::names::is_within;
use crate::provider::words;

pub(super) fn authoritative(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let at_server = |server: &str, outcome| {
        judged(id::AUTHORITATIVE, Subject::host(host), Vantage::Authoritative(server.into()), outcome)
    };
    if seen.authoritative.is_empty() {
        let why =
            evidence.no_authoritative.clone().unwrap_or_else(|| "no authoritative server was asked".into());
        return vec![at_server("of the zone", Outcome::unknown(why))];
    }
    let none_heard = seen.authoritative.iter().all(|lookup| lookup.result.is_err());
    let each = seen.authoritative.iter().map(|lookup| {
        // A node's server knows nothing of what else the provider has.
        let compared = match is_at_node(evidence, lookup) {
            true => evidence.status_of(host),
            false => wanted(evidence, host),
        };
        let outcome = match &lookup.result {
            Err(why) => unheard(none_heard, &lookup.server, &why.to_string()),
            Ok(reply) if !compared.is_empty() && reply.addresses() == compared => {
                Outcome::pass(list(&compared))
            }
            Ok(_) if is_of_another(evidence, lookup) => Outcome::Blocked { by: id::OWN_SERVER },
            Ok(reply) if compared.is_empty() && !reply.addresses().is_empty() => {
                Outcome::pass(format!("{}, nothing to compare with", list(&reply.addresses())))
            }
            Ok(_) if compared.is_empty() && evidence.tunnel_of(host).is_some() => {
                Outcome::Blocked { by: id::TUNNEL_RECORD }
            }
            Ok(reply) => behind(evidence, host, (seen, lookup, reply), &list(&compared)).into(),
        };
        at_server(&lookup.server, outcome)
    });
    each.collect()
}

fn is_at_node(evidence: &Evidence, lookup: &Lookup) -> bool {
    evidence.dns.is_on_nodes() || evidence.own_servers.as_ref().is_some_and(|own| own.is_at_node(lookup))
}

/// Whether it is not the lab's own name server that answers at a node.
fn is_of_another(evidence: &Evidence, lookup: &Lookup) -> bool {
    let Some(own) = &evidence.own_servers else { return false };
    own.servers.iter().any(|server| server.node == lookup.server && !server.has(&own.zone))
}

/// An authoritative server that has another answer than the provider.
fn behind(
    evidence: &Evidence,
    host: &str,
    (seen, lookup, reply): (&HostSeen, &Lookup, &Reply),
    compared: &str,
) -> Finding {
    let summary = format!("it answers {} for `{host}`, not {compared}", said(reply));
    let look = command!("dig {} @{} +norecurse", host, lookup.server);
    if is_at_node(evidence, lookup) {
        return Finding::new(
            summary,
            "the external-dns beside this node's name server has not written it yet, or cannot: it needs the API server",
            "wait a minute; then read its log",
        )
        .look(command!("kubectl -n {} logs daemonset/{} -c external-dns --tail=20", NAMESPACE, NAME))
        .look(look)
        .heals();
    }
    if let Some((below, servers)) = handed_on(reply, host) {
        return Finding::new(
            summary,
            format!(
                "an NS record in the zone hands `{below}` on to {}: what else the zone has below that name counts no more",
                quoted(&servers)
            ),
            format!(
                "delete the NS record `{below}` in {}, if it is of a name server of before, such as that of `dns.challengeServer`; otherwise take a `domain` that is not below `{below}`",
                words(evidence.dns).records_page
            ),
        )
        .look(look);
    }
    if matches!(reply.rcode, Rcode::Refused | Rcode::ServFail) {
        return Finding::new(
            summary,
            "this server does not hold the zone: the zone is delegated to servers that do not know it",
            "compare the zone's name servers at your registrar with those of the provider",
        )
        .look(look)
        .heals_soon();
    }
    let agrees = |other: &Lookup| {
        other.server != lookup.server
            && other.result.as_ref().is_ok_and(|other| list(&other.addresses()) == compared)
    };
    let (cause, fix) = match seen.authoritative.iter().find(|other| agrees(other)) {
        Some(other) => (
            format!("the record has reached {}, but not yet this server of the same zone", other.server),
            "wait a minute: the provider's servers usually agree within seconds. Until then, answers change from one lookup \
             to the next",
        ),
        None => (
            "the record was written a moment ago and has not reached this server, or the zone is delegated elsewhere".into(),
            "wait a minute; if it stays, compare the zone's name servers at your registrar with those of the provider",
        ),
    };
    Finding::new(summary, cause, fix).look(look).heals()
}

/// The name at or above the host that a server of the zone sends on to others, and those.
fn handed_on(reply: &Reply, host: &str) -> Option<(String, Vec<String>)> {
    let of_host = |record: &&Record| is_within(host, &record.name);
    let below = reply.referral.iter().find(of_host).filter(|_| !reply.authoritative)?.name.clone();
    let names = |record: &Record| match &record.data {
        Data::Ns(name) if record.name == below => Some(name.clone()),
        _ => None,
    };
    Some((below.clone(), reply.referral.iter().filter_map(names).collect()))
}

pub(super) fn public(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let at_server = |server: &str, outcome| {
        judged(id::PUBLIC, Subject::host(host), Vantage::PublicDns(server.into()), outcome)
    };
    if !evidence.is_in_public() {
        return vec![at_server("any", Outcome::skip(AT_HOME))];
    }
    if seen.public.is_empty() {
        let why = "skipped: asking before the authoritative server has the record would cache its absence";
        return vec![at_server("any", Outcome::unknown(why))];
    }
    let compared = expected(evidence, host, seen);
    let none_heard = seen.public.iter().all(|lookup| lookup.result.is_err());
    if none_heard && evidence.is_answered_in_house(host) {
        let why = "no public resolver can be reached: the internet is down, or port 53 is blocked. In the house the nodes answer, and the name goes on working";
        return vec![at_server("any", Outcome::skip(why))];
    }
    let each = seen.public.iter().map(|lookup| {
        let outcome = match &lookup.result {
            Err(why) => unheard(none_heard, &lookup.server, &why.to_string()),
            Ok(reply) if !compared.is_empty() && reply.addresses() == compared => {
                Outcome::pass(list(&compared))
            }
            Ok(reply) => differs(evidence.now, host, seen, lookup, reply, &list(&compared)).into(),
        };
        at_server(&lookup.server, outcome)
    });
    each.collect()
}

/// One server that is silent among others that answer is not worth a word; when all are, nothing was seen.
fn unheard(none_heard: bool, server: &str, why: &str) -> Outcome {
    match none_heard {
        true => Outcome::unknown(format!("{server}: {why}; a firewall may block port 53")),
        false => Outcome::skip(format!("{why}; another server answers")),
    }
}

fn differs(
    now: Timestamp,
    host: &str,
    seen: &HostSeen,
    lookup: &Lookup,
    reply: &Reply,
    compared: &str,
) -> Finding {
    let summary = format!("it answers {} for `{host}`, not {compared}", said(reply));
    let command = command!("dig {} @{}", host, lookup.server);
    let unchecked = seen.unchecked.iter().any(|again| again.server == lookup.server);
    if reply.rcode == Rcode::ServFail && unchecked {
        return Finding::new(
            summary,
            "the resolver gets no usable answer from the zone's name servers",
            "wait a minute; if it stays, compare the zone's name servers at your registrar with those of the provider",
        )
        .look(command)
        .heals_soon();
    }
    if reply.rcode == Rcode::ServFail {
        return Finding::new(
            summary,
            "the resolver validates DNSSEC and refuses the zone, usually because of an old DS record at the registrar",
            "remove the DS record at your registrar, or replace it with the one that the provider shows",
        )
        .look(command!("dig {} @{} +cd", host, lookup.server));
    }
    let left = reply.negative_ttl().or(reply.ttl());
    let wait =
        left.map(|left| format!("; the cache entry ends in {}", span(left.into()))).unwrap_or_default();
    Finding::new(
        summary,
        format!("it was asked before the record was created or changed, and has cached the old answer{wait}"),
        "wait; you need to do nothing else",
    )
    .look(command)
    .heals()
    .retry_at(left.and_then(|left| after(now, left)))
}

/// A moment so many seconds from now.
pub(super) fn after(now: Timestamp, seconds: u32) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_secs(seconds.into())).ok()
}

/// A reply in words.
pub(super) fn said(reply: &Reply) -> String {
    match (reply.rcode, reply.addresses()) {
        (Rcode::NoError, found) => list(&found),
        (Rcode::NxDomain, _) => "\"no such name\" (NXDOMAIN)".into(),
        (Rcode::ServFail, _) => "SERVFAIL".into(),
        (Rcode::Refused, _) => "REFUSED".into(),
        (Rcode::Other(code), _) => format!("response code {code}"),
    }
}
