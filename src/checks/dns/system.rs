//! This machine's resolver, which is the router's as a rule: four ways in which it can hide a record that is there.
//!
//! Told apart by what the resolver itself says. Rebinding protection (dnsmasq `stop-dns-rebind`, unbound
//! `private-address`) takes the private address out and leaves an empty NOERROR or REFUSED; a remembered absence
//! (RFC 2308) is NXDOMAIN, or an empty NOERROR with the SOA that says how long; anything else that differs is local.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::checks::dns::public::{after, said};
use crate::checks::dns::routers;
use crate::checks::engine::words::{list, span};
use crate::checks::engine::{CheckId, Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::{addresses, published, wanted, zone_name};
use crate::evidence::dns::{AskError, Rcode, Reply};
use crate::evidence::{Evidence, HostSeen, Lookup};
use crate::facts::names::probe_name;

/// No resolver remembers an absence for longer than this: Cloudflare's SOA says 1800 s.
const LONGEST_MEMORY: SignedDuration = SignedDuration::from_secs(3600);

/// At most one of the four fails; the others pass with it, or are unknown together.
pub(super) fn resolved_on_this_machine(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    const ALL: [CheckId; 4] = [id::NEGATIVE_CACHE, id::REBIND, id::LOCAL_OVERRIDE, id::SYSTEM];
    let for_host = |id, outcome: Outcome| judged(id, Subject::host(host), Vantage::System, outcome);
    let expected = match published(seen) {
        found if found.is_empty() => wanted(evidence, host),
        found => found,
    };
    let failure = match &seen.system {
        None => {
            let why = "skipped: asking before the record exists would cache its absence";
            return ALL.iter().map(|id| for_host(*id, Outcome::unknown(why))).collect();
        }
        Some(Ok(found)) if *found == expected && !found.is_empty() => {
            return ALL.iter().map(|id| for_host(*id, Outcome::pass(list(found)))).collect();
        }
        Some(Ok(found)) if found.iter().any(|address| !is_void(address)) => {
            (id::LOCAL_OVERRIDE, overridden(evidence, host, seen, found, &expected))
        }
        Some(Ok(_)) => empty(evidence, host, seen, &expected),
        Some(Err(why)) => match seen.system_servers.iter().find(|lookup| hides(lookup)) {
            Some(_) => empty(evidence, host, seen, &expected),
            None => {
                let why = Finding::new(
                    format!("this machine cannot look `{host}` up: {why}"),
                    "its resolver does not answer",
                    "check the name servers in `/etc/resolv.conf` and the router's DNS",
                )
                .look(command!("getent hosts {}", probe_name(host)));
                (id::SYSTEM, why.heals())
            }
        },
    };
    let (failed, finding) = failure;
    let mut finding = Some(finding);
    ALL.iter()
        .map(|id| match finding.take_if(|_| *id == failed) {
            Some(finding) => for_host(*id, finding.into()),
            // What the check of the plain answer says is explained by the one that failed.
            None if *id == id::SYSTEM => for_host(*id, Outcome::Blocked { by: failed }),
            None => for_host(*id, Outcome::pass("not the case")),
        })
        .collect()
}

/// `0.0.0.0` and `::` are how filters say "nothing".
fn is_void(address: &IpAddr) -> bool {
    address.is_unspecified()
}

fn replies(seen: &HostSeen) -> impl Iterator<Item = (&Lookup, &Reply)> {
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
            format!("this machine finds no address for `{host}`, the world has {}", list(expected)),
            "its resolver gave nothing a moment ago and answers now, or another source of names comes before DNS",
            "try again in a minute; then look at the `hosts` line of `/etc/nsswitch.conf`",
        );
        return (id::SYSTEM, finding.heals());
    };
    let summary =
        format!("{} answers {} for `{host}`, the world has {}", lookup.server, said(reply), list(expected));
    let resolver = evidence.names.as_ref().and_then(|names| names.resolver(&lookup.server));
    let make = resolver.and_then(|one| one.signs.as_ref()).and_then(routers::known);
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
        let when = left.map_or("within half an hour".into(), |left| format!("in {}", span(left.into())));
        let finding = forgetting(summary, &lookup.server, &when)
            .heals()
            .retry_at(left.and_then(|left| after(evidence.now, left)));
        return (id::NEGATIVE_CACHE, finding);
    }
    let domain = zone_name(evidence).or(host.split_once('.').map(|(_, rest)| rest)).unwrap_or(host);
    // What does not know the zone's name servers either keeps nothing back: it is broken.
    let broken = resolver.is_some_and(|one| !knows(&one.control)) && !evidence.offline;
    if reply.rcode == Rcode::ServFail || broken {
        let finding = Finding::new(
            summary,
            "the resolver failed to ask further",
            "restart the router's resolver, and look at its connection to the internet",
        )
        .look(command!("dig {} @{} +cd", probe_name(host), lookup.server));
        return (id::SYSTEM, finding.heals());
    }
    let cause = match make {
        Some(make) => format!("{} ({})", make.why, lookup.server),
        None => "it drops answers with private addresses (DNS rebinding protection)".to_owned(),
    };
    let look = command!("dig {} @{}", probe_name(host), lookup.server);
    let finding = Finding::new(summary, cause, routers::advice(make, domain, host)).look(look);
    // A resolver elsewhere is not set by this machine's configuration.
    let option = make.and_then(|make| make.nixos).filter(|_| is_here(evidence, &lookup.server));
    match option {
        Some(option) => (id::REBIND, finding.nixos(routers::filled(option, domain, host))),
        None => (id::REBIND, finding),
    }
}

fn knows(reply: &Result<Reply, AskError>) -> bool {
    reply.as_ref().is_ok_and(|reply| !reply.answers.is_empty())
}

/// A remembered absence: only that of this machine's own cache can be cleared by a command.
fn forgetting(summary: String, server: &str, when: &str) -> Finding {
    let cause = "it was asked before the record was there, and remembers that there was none";
    if server.starts_with("127.0.0.5") {
        return Finding::new(summary, cause, format!("wait: it forgets this {when}. Or clear its cache now"))
            .command("resolvectl flush-caches");
    }
    let fix = format!(
        "wait: it forgets this {when}. Or restart {server} (the router, as a rule), which clears it. If it is still so \
         then, the router keeps private addresses back: `homelab doctor --explain dns.rebind`"
    );
    Finding::new(summary, cause, fix)
}

/// Whether a resolver runs on this machine, which its own configuration sets.
fn is_here(evidence: &Evidence, server: &str) -> bool {
    let Ok(address) = server.parse::<IpAddr>() else { return false };
    let own = evidence.machine.as_ref().and_then(|machine| machine.addresses.as_ref());
    address.is_loopback() || own.is_some_and(|own| own.contains(&address))
}

/// Whether the record has been there for longer than any absence is remembered.
fn is_old(evidence: &Evidence, host: &str) -> bool {
    written(evidence, host).is_some_and(|when| evidence.now.duration_since(when) > LONGEST_MEMORY)
}

fn written(evidence: &Evidence, host: &str) -> Option<Timestamp> {
    let Some(Ok(provider)) = &evidence.provider else {
        return None;
    };
    let of_host = provider
        .records
        .iter()
        .filter(|record| record.name.eq_ignore_ascii_case(host) && record.kind != "TXT");
    of_host.filter_map(|record| record.modified_on.or(record.created_on)).max()
}

/// Another address than the world's: remembered from before a change, or made up locally.
fn overridden(
    evidence: &Evidence,
    host: &str,
    seen: &HostSeen,
    found: &[IpAddr],
    expected: &[IpAddr],
) -> Finding {
    let summary =
        format!("this machine resolves `{host}` to {}, the world to {}", list(found), list(expected));
    if let Some(line) = seen.hosts_lines.first() {
        return Finding::new(
            summary,
            format!("`/etc/hosts` has the line `{line}`, and comes before DNS"),
            format!("remove `{host}` from `/etc/hosts`; on NixOS from `networking.hosts` or `networking.extraHosts`, and switch"),
        )
        .look(command!("grep -n -F {} /etc/hosts", probe_name(host)));
    }
    let same_by_dns = replies(seen).find(|(_, reply)| reply.addresses() == found);
    let Some((lookup, reply)) = same_by_dns else {
        return Finding::new(
            summary,
            "another source of names comes before DNS: systemd-resolved's cache, mDNS (for names in `.local`), a VPN's resolver",
            "look at the `hosts` line of `/etc/nsswitch.conf`, and clear the cache",
        )
        .look("resolvectl flush-caches; resolvectl status");
    };
    let ttl = reply.ttl().unwrap_or_default();
    let changed = written(evidence, host).map(|when| evidence.now.duration_since(when));
    let published_before = addresses(evidence, host) == expected;
    // What may not be kept at all is an entry of the server's own, never a memory of the record.
    if ttl > 0
        && published_before
        && changed.is_some_and(|age| age < SignedDuration::from_secs(i64::from(ttl) + 300))
    {
        return Finding::new(
            summary,
            format!("the record changed a moment ago, and {} remembers the old one", lookup.server),
            format!("wait: it forgets this in {}", span(ttl.into())),
        )
        .heals()
        .retry_at(after(evidence.now, ttl));
    }
    Finding::new(
        summary,
        format!(
            "{} has an entry of its own for the name (Pi-hole, AdGuard or router: local DNS, rewrites)",
            lookup.server
        ),
        format!("remove the entry for `{host}` there, or let it hold {}", list(expected)),
    )
    .look(command!("dig {} @{}", probe_name(host), lookup.server))
}
