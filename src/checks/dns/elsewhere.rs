//! Another address than the world's: remembered from before a change, or made up locally.

use std::net::{IpAddr, Ipv4Addr};

use jiff::SignedDuration;

use crate::checks::dns::public::after;
use crate::checks::dns::system::{around, domain, has, make, replies, written};
use crate::checks::dns::{blocked, local_zone};
use crate::checks::engine::words::{list, span};
use crate::checks::engine::{CheckId, Finding, Severity};
use crate::checks::id;
use crate::checks::reading::zone::addresses;
use crate::evidence::dns::Reply;
use crate::evidence::{Evidence, HostSeen, Lookup};
use crate::facts::names::probe_name;
use crate::provider::words;

/// What this machine gets, where that is another address.
pub(super) fn overridden(
    evidence: &Evidence,
    host: &str,
    seen: &HostSeen,
    found: &[IpAddr],
    expected: &[IpAddr],
) -> (CheckId, Finding) {
    let summary = format!("this machine resolves `{host}` to {}; {}", list(found), has(evidence, expected));
    if let Some(line) = seen.hosts_lines.first() {
        let finding = Finding::new(
            summary,
            format!("`/etc/hosts` has the line `{line}`, and comes before DNS"),
            format!("remove `{host}` from `/etc/hosts`; on NixOS from `networking.hosts` or `networking.extraHosts`, and switch"),
        )
        .look(command!("grep -n -F {} /etc/hosts", probe_name(host)));
        return (id::LOCAL_OVERRIDE, finding);
    }
    if let Some(found) = another_family(evidence, host, seen, &summary, found, expected) {
        return found;
    }
    match replies(seen).find(|(_, reply)| reply.addresses() == found) {
        Some((lookup, reply)) => of_server(evidence, host, summary, lookup, reply, expected),
        None => (id::LOCAL_OVERRIDE, other_source(summary)),
    }
}

fn other_source(summary: String) -> Finding {
    Finding::new(
        summary,
        "another source of names comes before DNS: systemd-resolved's cache, mDNS (for names in `.local`), a VPN's resolver",
        "look at the `hosts` line of `/etc/nsswitch.conf`, and clear the cache",
    )
    .look("resolvectl flush-caches; resolvectl status")
}

/// What one resolver has in place of the record.
pub(super) fn of_server(
    evidence: &Evidence,
    host: &str,
    summary: String,
    lookup: &Lookup,
    reply: &Reply,
    expected: &[IpAddr],
) -> (CheckId, Finding) {
    let server = &lookup.server;
    let around = around(evidence, host, server);
    if let Some(sign) = blocked::sign(server, reply, around, expected) {
        let names = (host, domain(evidence, host));
        let finding = blocked::finding(summary, &sign, names, lookup, around, make(evidence, server));
        return (id::LOCAL_OVERRIDE, finding);
    }
    let look = command!("dig {} @{}", probe_name(host), server);
    if let Some(wildcard) = local_zone::wildcard(evidence, reply, around) {
        let finding = Finding::new(
            summary,
            format!("{server} has its own wildcard entry: {wildcard}"),
            format!(
                "remove that entry (a rewrite, a host override or a line `address=/.../`) from {server}, or let it hold {}",
                list(expected)
            ),
        );
        return (id::LOCAL_OVERRIDE, finding.look(look));
    }
    let ttl = reply.ttl().unwrap_or_default();
    let changed = written(evidence, host).map(|when| evidence.now.duration_since(when));
    let is_young = changed.is_some_and(|age| age < SignedDuration::from_secs(i64::from(ttl) + 300));
    // Who takes a record away writes nothing that has a date. What a server remembers has less time left than the record, and
    // of two nodes one is there still.
    let is_remainder = reply.addresses().iter().any(|address| expected.contains(address))
        && full_ttl(evidence, host).is_some_and(|full| ttl < full);
    // What may not be kept at all is an entry of the server's own, never a memory of the record.
    if ttl > 0 && addresses(evidence, host) == expected && (is_young || is_remainder) {
        let finding = Finding::new(
            summary,
            format!("the record changed a moment ago, and {server} has cached the old one"),
            format!("wait: its cache entry ends in {}", span(ttl.into())),
        );
        let finding = finding.heals().retry_at(after(evidence.now, ttl));
        let leads_to_a_node = is_remainder && !is_young;
        return (id::LOCAL_OVERRIDE, if leads_to_a_node { finding.only(Severity::Warning) } else { finding });
    }
    let finding = Finding::new(
        summary,
        format!("{server} has its own entry for the name (Pi-hole, AdGuard or router: local DNS, rewrites)"),
        format!("remove the entry for `{host}` there, or let it hold {}", list(expected)),
    );
    (id::LOCAL_OVERRIDE, finding.look(look))
}

/// How long the record may be remembered, as the authoritative servers say, in seconds.
fn full_ttl(evidence: &Evidence, host: &str) -> Option<u32> {
    let asked = evidence.hosts.get(host)?.authoritative.iter();
    asked.filter_map(|lookup| lookup.result.as_ref().ok()?.ttl()).max()
}

/// The right addresses, and IPv6 ones beside them that are somewhere else: most programs try those first (RFC 6724).
fn another_family(
    evidence: &Evidence,
    host: &str,
    seen: &HostSeen,
    summary: &str,
    found: &[IpAddr],
    expected: &[IpAddr],
) -> Option<(CheckId, Finding)> {
    let beside: Vec<IpAddr> = found.iter().copied().filter(|address| !expected.contains(address)).collect();
    let is_beside = !expected.is_empty() && expected.iter().all(|address| found.contains(address));
    if !is_beside || beside.is_empty() || !beside.iter().all(IpAddr::is_ipv6) {
        return None;
    }
    let has = |reply: &Reply| beside.iter().all(|address| reply.addresses().contains(address));
    let of_zone = seen.six.as_ref().and_then(|lookup| lookup.result.as_ref().ok()).is_some_and(has);
    let by = replies(seen).find(|(_, reply)| has(reply)).map(|(lookup, _)| lookup.server.as_str());
    if of_zone {
        let finding = Finding::new(
            summary,
            format!(
                "the zone itself has an AAAA record for the name, {}, in addition to homelab's: an old one, or one that somebody else created",
                list(&beside)
            ),
            format!(
                "remove the AAAA record of `{host}` at the provider ({}), unless a node has that address",
                words(evidence.dns).records_page
            ),
        );
        return Some((id::SYSTEM, finding.look(command!("dig AAAA {} @1.1.1.1", probe_name(host)))));
    }
    let Some(server) = by else { return Some((id::LOCAL_OVERRIDE, other_source(summary.to_owned()))) };
    let look = command!("dig AAAA {} @{}", probe_name(host), server);
    if beside.iter().all(|address| embeds(address, expected)) {
        let finding = Finding::new(
            summary,
            format!(
                "{server} makes IPv6 addresses from the IPv4 ones (DNS64, RFC 6147), which lead through a NAT64 gateway and not to the node"
            ),
            format!("exclude `{}` from DNS64 on {server}, or switch DNS64 off", domain(evidence, host)),
        );
        return Some((id::LOCAL_OVERRIDE, finding.look(look)));
    }
    let finding = Finding::new(
        summary,
        format!("{server} has the AAAA record {}, which is not in the zone", list(&beside)),
        format!(
            "remove that entry for `{host}` from {server}: local DNS, a rewrite, a wildcard, or the name of a machine that got it by DHCPv6"
        ),
    );
    Some((id::LOCAL_OVERRIDE, finding.look(look)))
}

/// Whether the IPv6 address ends in one of the IPv4 addresses, as DNS64 makes them (RFC 6052: a prefix of 96 bits).
fn embeds(six: &IpAddr, expected: &[IpAddr]) -> bool {
    let IpAddr::V6(six) = six else { return false };
    let [.., a, b, c, d] = six.octets();
    expected.contains(&Ipv4Addr::new(a, b, c, d).into())
}
