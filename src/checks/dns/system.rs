//! This machine's resolver, which is the router's as a rule: the ways in which it can hide a record that is there.
//!
//! Told apart by what the resolver itself says, of the name and of those around it. A filter says so, by 0.0.0.0 or in words
//! (RFC 8914); who takes the domain for his own answers made-up names without asking anybody; rebinding protection (dnsmasq
//! `stop-dns-rebind`, unbound `private-address`) takes the private address out and leaves an empty NOERROR; a remembered
//! absence (RFC 2308) is NXDOMAIN, or an empty NOERROR with the SOA that says how long; anything else that differs is local.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::checks::dns::public::{after, said};
use crate::checks::dns::{blocked, elsewhere, local_zone, rebind, routers};
use crate::checks::engine::words::{list, span};
use crate::checks::engine::{CheckId, Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::{expected, is_among, published, zone_name};
use crate::evidence::dns::{AskError, Rcode, Reply};
use crate::evidence::{AroundSeen, Evidence, HostSeen, Lookup};
use crate::facts::names::{is_within, probe_name};

/// No resolver remembers an absence for longer than this: Cloudflare's SOA says 1800 s.
const LONGEST_MEMORY: SignedDuration = SignedDuration::from_secs(3600);
/// Until each of the zone's own servers has a new record.
const SPREADS: SignedDuration = SignedDuration::from_secs(60);

/// At most one of the five fails; the others pass with it, or are unknown together.
pub(super) fn resolved_on_this_machine(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    const ALL: [CheckId; 5] =
        [id::LOCAL_ZONE, id::NEGATIVE_CACHE, id::REBIND, id::LOCAL_OVERRIDE, id::SYSTEM];
    let for_host = |id, outcome: Outcome| judged(id, Subject::host(host), Vantage::System, outcome);
    let all_pass = |found: &[IpAddr]| -> Vec<Judged> {
        let saw = |id| match evidence.own_servers.as_ref().filter(|own| id == id::REBIND && own.is_in_force())
        {
            Some(_) => format!("{}, from the nodes: this machine's resolver asks them", list(found)),
            None => list(found),
        };
        ALL.iter().map(|id| for_host(*id, Outcome::pass(saw(*id)))).collect()
    };
    let expected = expected(evidence, host, seen);
    let failure = match &seen.system {
        None => {
            let why = match published(seen).is_empty() {
                true => "skipped: asking before the record exists would cache its absence",
                false => "no time was left to ask this machine's resolver",
            };
            return ALL.iter().map(|id| for_host(*id, Outcome::unknown(why))).collect();
        }
        Some(Ok(found)) if *found == expected && !found.is_empty() => {
            let Some((failed, finding)) = another(evidence, host, seen, &expected) else {
                return all_pass(found);
            };
            let outcome = |id| match id == failed {
                true => finding.clone().into(),
                false => Outcome::pass(list(found)),
            };
            return ALL.iter().map(|id| for_host(*id, outcome(*id))).collect();
        }
        Some(Ok(found)) if is_among(evidence, host, found, &expected) => return all_pass(found),
        // It leads to the nodes all the same: the record was changed a moment ago, or the house has an entry of its own that
        // is right. What is wrong with the record, other checks say.
        Some(Ok(found)) if !found.is_empty() && *found == evidence.status_of(host) => {
            return all_pass(found);
        }
        Some(Ok(found)) if found.iter().any(|address| !is_void(address)) => {
            elsewhere::overridden(evidence, host, seen, found, &expected)
        }
        Some(Ok(_)) => empty(evidence, host, seen, &expected),
        Some(Err(why)) => match seen.system_servers.iter().find(|lookup| hides(lookup)) {
            Some(_) => empty(evidence, host, seen, &expected),
            None => (id::SYSTEM, unheard(evidence, host, seen, why).heals_soon()),
        },
    };
    let (failed, finding) = failure;
    let mut finding = Some(finding);
    ALL.iter()
        .map(|id| match finding.take_if(|_| *id == failed) {
            Some(finding) => for_host(*id, finding.into()),
            // What the check of the plain answer says is explained by the one that failed.
            None if *id == id::SYSTEM => for_host(*id, Outcome::Blocked { by: failed }),
            None => for_host(*id, Outcome::pass("no sign of this problem")),
        })
        .collect()
}

/// A second resolver with another answer, where this machine gets the right one: other devices ask that one, and pods ask
/// each in turn (CoreDNS' plugin forward: `policy random`).
fn another(
    evidence: &Evidence,
    host: &str,
    seen: &HostSeen,
    expected: &[IpAddr],
) -> Option<(CheckId, Finding)> {
    let differs = |(_, reply): &(&Lookup, &Reply)| {
        matches!(reply.rcode, Rcode::NoError | Rcode::NxDomain) && reply.addresses() != expected
    };
    let (lookup, reply) = replies(seen).find(differs)?;
    let found = reply.addresses();
    let summary =
        format!("{} answers {} for `{host}`; {}", lookup.server, said(reply), has(evidence, expected));
    let (id, mut finding) = match found.iter().any(|address| !is_void(address)) {
        true => elsewhere::of_server(evidence, host, summary, lookup, reply, expected),
        false => hidden(evidence, host, lookup, reply, expected),
    };
    finding.summary.push_str(
        "; this machine gets the right answer from another resolver, but other devices and pods may not",
    );
    Some((id, finding.only(Severity::Warning)))
}

/// What others have for a name.
pub(super) fn has(evidence: &Evidence, expected: &[IpAddr]) -> String {
    let who = if evidence.is_in_public() { "public DNS has" } else { "the nodes have" };
    format!("{who} {}", list(expected))
}

/// `0.0.0.0` and `::` are how filters say "nothing".
pub(super) fn is_void(address: &IpAddr) -> bool {
    address.is_unspecified()
}

pub(super) fn replies(seen: &HostSeen) -> impl Iterator<Item = (&Lookup, &Reply)> {
    seen.system_servers.iter().filter_map(|lookup| Some((lookup, lookup.result.as_ref().ok()?)))
}

/// A resolver that answers without an address.
fn hides(lookup: &Lookup) -> bool {
    lookup.result.as_ref().is_ok_and(|reply| reply.addresses().iter().all(is_void))
}

/// Nothing where the world has an address: forgotten soon, or filtered for good.
fn empty(evidence: &Evidence, host: &str, seen: &HostSeen, expected: &[IpAddr]) -> (CheckId, Finding) {
    let Some((lookup, reply)) = replies(seen).find(|(_, reply)| reply.addresses().iter().all(is_void)) else {
        let finding = Finding::new(
            format!("this machine finds no address for `{host}`; {}", has(evidence, expected)),
            "its resolver failed a moment ago and answers now, or this machine asks another source of names before DNS",
            "try again in a minute; then look at the `hosts` line of `/etc/nsswitch.conf`",
        );
        return (id::SYSTEM, finding.heals_soon());
    };
    hidden(evidence, host, lookup, reply, expected)
}

/// What the resolver says about names around the host, where it was asked.
pub(super) fn around<'e>(evidence: &'e Evidence, host: &str, server: &str) -> Option<&'e AroundSeen> {
    evidence.around.iter().find(|around| around.server == server && is_within(host, &around.parent))
}

/// The make of a resolver, where it gave itself away.
pub(super) fn make(evidence: &Evidence, server: &str) -> Option<&'static routers::Router> {
    let resolver = evidence.names.as_ref().and_then(|names| names.resolver(server));
    resolver.and_then(|one| one.signs.as_ref()).and_then(routers::known)
}

/// What the zone is called, for settings of a resolver.
pub(super) fn domain<'a>(evidence: &'a Evidence, host: &'a str) -> &'a str {
    zone_name(evidence).or(host.split_once('.').map(|(_, rest)| rest)).unwrap_or(host)
}

/// Why a resolver has no address where the world has one.
fn hidden(
    evidence: &Evidence,
    host: &str,
    lookup: &Lookup,
    reply: &Reply,
    expected: &[IpAddr],
) -> (CheckId, Finding) {
    let server = &lookup.server;
    let summary = format!("{server} answers {} for `{host}`; {}", said(reply), has(evidence, expected));
    let (make, around, domain) =
        (make(evidence, server), around(evidence, host, server), domain(evidence, host));
    if let Some(sign) = blocked::sign(server, reply, around, expected) {
        let finding = blocked::finding(summary, &sign, (host, domain), lookup, around, make);
        let is_adguard = make == Some(&routers::ADGUARD_HOME) && is_here(evidence, server);
        return (id::LOCAL_OVERRIDE, with_option(finding, make.filter(|_| is_adguard), domain, host));
    }
    if let Some(own) = local_zone::owned(evidence, host, reply, around) {
        return (id::LOCAL_ZONE, local_zone::finding(summary, host, lookup, &own, make));
    }
    // A Fritz!Box says NXDOMAIN to what it keeps back (ddev/ddev.com#465), others give an empty answer.
    let filters = make == Some(&routers::FRITZ_BOX);
    let remembered = match (reply.rcode, reply.negative_ttl()) {
        // No cache outlives an old record.
        _ if is_old(evidence, host) => None,
        (Rcode::NxDomain | Rcode::NoError, Some(left)) => Some(Some(left)),
        // A cache may leave the SOA out.
        (Rcode::NxDomain, None) if !filters => Some(None),
        _ => None,
    };
    if let Some(left) = remembered {
        let left = left.map(|left| left.min(longest(evidence, host, reply).unwrap_or(left)));
        let when = left.map_or("within half an hour".into(), |left| format!("in {}", span(left.into())));
        let finding = forgetting(summary, server, &when)
            .heals()
            .retry_at(left.and_then(|left| after(evidence.now, left)));
        return (id::NEGATIVE_CACHE, finding);
    }
    // What does not know the zone's name servers either keeps nothing back: it is broken.
    let resolver = evidence.names.as_ref().and_then(|names| names.resolver(server));
    let broken = resolver.is_some_and(|one| !knows(&one.control)) && !evidence.offline;
    // No reachable authority, a network error (RFC 8914): it did not refuse by a rule.
    let unreached = reply.extended.iter().any(|one| [22, 23].contains(&one.code));
    if reply.rcode == Rcode::ServFail || broken || (reply.rcode == Rcode::Refused && unreached) {
        let words: Vec<String> = reply.extended.iter().map(blocked::words).collect();
        let words = if words.is_empty() { String::new() } else { format!(" ({})", words.join("; ")) };
        return (id::SYSTEM, failing(summary, host, server, &words, around).heals_soon());
    }
    if reply.rcode == Rcode::Refused {
        return (id::LOCAL_OVERRIDE, refusing(summary, host, server));
    }
    let finding = rebind::finding(evidence, summary, (host, domain), (lookup, reply), make);
    // A resolver elsewhere is not set by this machine's configuration.
    (id::REBIND, with_option(finding, make.filter(|_| is_here(evidence, server)), domain, host))
}

fn with_option(finding: Finding, make: Option<&routers::Router>, domain: &str, host: &str) -> Finding {
    match make.and_then(|make| make.nixos) {
        Some(option) => finding.nixos(routers::filled(option, domain, host)),
        None => finding,
    }
}

/// No answer at all, to this machine.
fn unheard(evidence: &Evidence, host: &str, seen: &HostSeen, why: &AskError) -> Finding {
    let summary = format!("this machine cannot look `{host}` up: {why}");
    let silent = seen.system_servers.iter().filter(|lookup| lookup.result.is_err());
    let of_domain =
        silent.filter_map(|lookup| Some((&lookup.server, around(evidence, host, &lookup.server)?)));
    if let Some((server, around)) = of_domain.into_iter().next() {
        return failing(summary, host, server, "", Some(around));
    }
    Finding::new(
        summary,
        "its resolver does not answer",
        "check the name servers in `/etc/resolv.conf` and the router's DNS",
    )
    .look(command!("getent hosts {}", probe_name(host)))
}

/// It could not find out: for everything, or for this domain alone.
fn failing(summary: String, host: &str, server: &str, words: &str, around: Option<&AroundSeen>) -> Finding {
    let failed = |reply: &Result<Reply, AskError>| match reply {
        Ok(reply) => matches!(reply.rcode, Rcode::ServFail | Rcode::Refused),
        Err(_) => true,
    };
    let looks = command!("dig {} @{} +cd", probe_name(host), server);
    let only_here = around.filter(|around| {
        failed(&around.sibling) && around.stranger.as_ref().is_some_and(|reply| !failed(reply))
    });
    match only_here {
        Some(around) => Finding::new(
            summary,
            format!(
                "{server} fails for every name below `{}` and not for others{words}: it forwards that domain to a server that does \
                 not answer (conditional forwarding, a domain override), or it cannot reach the zone's name servers",
                around.parent
            ),
            format!(
                "remove the conditional forwarding or domain override for `{}` from {server}; if there is none, restart it, and \
                 check that it reaches the zone's name servers",
                around.parent
            ),
        )
        .look(looks),
        None => Finding::new(
            summary,
            format!("the resolver could not reach the DNS servers that it forwards to{words}"),
            "restart the router's resolver, and check its connection to the internet",
        )
        .look(looks),
    }
}

/// Each time it was asked, and not for other names. AdGuard Home drops what it disallows over UDP, and refuses it over TCP
/// (0.107.79, dnsforward/middleware.go). What exceeds its rate limit it never refuses: it drops it, over UDP alone (dnsproxy
/// at e6e0ae0, ratelimit.go).
fn refusing(summary: String, host: &str, server: &str) -> Finding {
    Finding::new(
        summary,
        "one of its rules forbids the name (AdGuard Home: blocking mode REFUSED, or \"Disallowed domains\"; unbound: a `local-zone` of \
         type `refuse`; dnsmasq: a local zone with the same name), or it gets too many queries now",
        format!(
            "ask it again in a minute. If it still refuses `{host}`, remove that rule from {server}; if not, raise its rate limit \
             (Pi-hole: `dns.rateLimit`; dnsmasq: `dns-forward-max`)"
        ),
    )
    .look(command!("dig {} @{}", probe_name(host), server))
}

fn knows(reply: &Result<Reply, AskError>) -> bool {
    reply.as_ref().is_ok_and(|reply| !reply.answers.is_empty())
}

/// A remembered absence: only that of this machine's own cache can be cleared by a command.
fn forgetting(summary: String, server: &str, when: &str) -> Finding {
    let cause = "it was asked before the record existed, and has cached that the name has no address (negative cache)";
    if server.starts_with("127.0.0.5") {
        return Finding::new(
            summary,
            cause,
            format!("wait: its cache entry ends {when} at the latest. Or clear its cache now"),
        )
        .command("resolvectl flush-caches");
    }
    let fix = format!(
        "wait: its cache entry ends {when} at the latest. Or restart {server} (usually the router), which clears its cache. If the name \
         still does not resolve, the router has rebind protection: `homelab doctor --explain dns.rebind`"
    );
    Finding::new(summary, cause, fix)
}

/// Whether a resolver runs on this machine, which its own configuration sets.
fn is_here(evidence: &Evidence, server: &str) -> bool {
    let Ok(address) = server.parse::<IpAddr>() else { return false };
    let own = evidence.machine.as_ref().and_then(|machine| machine.addresses.as_ref());
    address.is_loopback() || own.is_some_and(|own| own.contains(&address))
}

/// As long as an absence from before the record can still be remembered, in seconds. What the resolver says of it may be too
/// much, and never less: dnsmasq keeps one SOA for a whole zone and counts anew with each name of the zone that does not
/// exist, the doctor's own made-up ones among them, while the entry itself ends in its own time (seen with dnsmasq 2.90).
fn longest(evidence: &Evidence, host: &str, reply: &Reply) -> Option<u32> {
    let whole = SignedDuration::from_secs(i64::from(reply.soa.as_ref()?.minimum)) + SPREADS;
    let left = whole - evidence.now.duration_since(written(evidence, host)?);
    u32::try_from(left.as_secs()).ok().filter(|left| *left > 0)
}

/// Whether the record has been there for longer than any absence is remembered.
fn is_old(evidence: &Evidence, host: &str) -> bool {
    written(evidence, host).is_some_and(|when| evidence.now.duration_since(when) > LONGEST_MEMORY)
}

pub(super) fn written(evidence: &Evidence, host: &str) -> Option<Timestamp> {
    let Some(Ok(provider)) = &evidence.provider else {
        return None;
    };
    let name = evidence.record_of(host);
    let of_host = provider
        .records
        .iter()
        .filter(|record| record.name.eq_ignore_ascii_case(name) && record.kind != "TXT");
    of_host.filter_map(|record| record.modified_on.or(record.created_on)).max()
}
