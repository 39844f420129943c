//! A resolver that blocks a name: a block list, a filter for families, a rule.

use std::net::{IpAddr, Ipv4Addr};

use crate::checks::dns::local_zone::ADGUARD;
use crate::checks::dns::routers::{self, Router};
use crate::checks::engine::Finding;
use crate::evidence::dns::{Extended, Rcode, Reply};
use crate::evidence::{AroundSeen, Lookup};
use crate::facts::address::is_private;
use crate::facts::names::probe_name;

/// Blocked, censored, filtered (RFC 8914 sections 4.16 to 4.18).
const BLOCKED: [u16; 3] = [15, 16, 17];
/// What dnsmasq gives for a private answer that it dropped, and Pi-hole for a name on a list (both: `EDE_BLOCKED`).
const AMBIGUOUS: u16 = 15;
/// The addresses of Cisco Umbrella's block pages (docs.umbrella.com, "Block page IP addresses").
const UMBRELLA: [Ipv4Addr; 2] = [Ipv4Addr::new(146, 112, 61, 104), Ipv4Addr::new(146, 112, 61, 110)];

/// What in an answer says that the name is blocked; `None` when nothing does.
pub(super) fn sign(
    server: &str,
    reply: &Reply,
    around: Option<&AroundSeen>,
    expected: &[IpAddr],
) -> Option<String> {
    let found = reply.addresses();
    if !found.is_empty() && found.iter().all(IpAddr::is_unspecified) {
        return Some("0.0.0.0 and :: are how Pi-hole, AdGuard Home and other filters say \"blocked\"".into());
    }
    if !found.is_empty() && found.iter().all(IpAddr::is_loopback) {
        return Some("127.0.0.1 is what block lists in the form of `/etc/hosts` return for blocked names. Or the resolver runs on a machine with this host name, and reads its own `/etc/hosts`".into());
    }
    if let [IpAddr::V4(four)] = found.as_slice()
        && (UMBRELLA[0]..=UMBRELLA[1]).contains(four)
    {
        return Some(format!("{four} is the block page of Cisco Umbrella (OpenDNS)"));
    }
    if found.iter().any(|address| address.to_string() == server) {
        return Some(
            "it returns its own address, as filters do that show a block page; or it has its own entry for the name".into(),
        );
    }
    if !found.is_empty() {
        return None;
    }
    let sibling = around.and_then(|around| around.sibling.as_ref().ok());
    let also_sibling = |of: &dyn Fn(&Reply) -> bool| sibling.is_some_and(of);
    if let Some(extended) = reply.extended.iter().find(|one| BLOCKED.contains(&one.code)) {
        let is_drop =
            extended.code == AMBIGUOUS && extended.text.is_empty() && expected.iter().all(is_private);
        let blocks_all = also_sibling(&|reply| reply.extended.iter().any(|one| BLOCKED.contains(&one.code)));
        if !is_drop || blocks_all {
            return Some(format!("it says so itself ({})", words(extended)));
        }
    }
    let of_adguard = |reply: &Reply| reply.soa.as_ref().is_some_and(|soa| soa.primary == ADGUARD);
    // The domain of its DHCP server hides names below it, and not the domain itself: `local_zone` tells that.
    let by_domain = also_sibling(&of_adguard)
        && around.is_some_and(|around| around.soa.as_ref().is_ok_and(|reply| !of_adguard(reply)));
    (reply.rcode == Rcode::NxDomain && of_adguard(reply) && !by_domain).then(|| {
        "the SOA record in its answer is the one that AdGuard Home makes up for blocked names".into()
    })
}

/// An extended error in words: `extended DNS error 15, Blocked: gravity`.
pub(super) fn words(extended: &Extended) -> String {
    let name = match extended.code {
        3 => ", Stale Answer",
        4 => ", Forged Answer",
        6 => ", DNSSEC Bogus",
        7 => ", Signature Expired",
        8 => ", Signature Not Yet Valid",
        9 => ", DNSKEY Missing",
        10 => ", RRSIGs Missing",
        14 => ", Not Ready",
        15 => ", Blocked",
        16 => ", Censored",
        17 => ", Filtered",
        18 => ", Prohibited",
        20 => ", Not Authoritative",
        22 => ", No Reachable Authority",
        23 => ", Network Error",
        _ => "",
    };
    let text = if extended.text.is_empty() { String::new() } else { format!(": {}", extended.text) };
    format!("extended DNS error {}{name}{text}", extended.code)
}

pub(super) fn finding(
    summary: String,
    sign: &str,
    (host, domain): (&str, &str),
    lookup: &Lookup,
    around: Option<&AroundSeen>,
    make: Option<&'static Router>,
) -> Finding {
    let also = around.filter(|around| {
        let sibling = around.sibling.as_ref().ok();
        let same = |sibling: &Reply, reply: &Reply| {
            !sibling.addresses().is_empty()
                && sibling.addresses().iter().all(|address| reply.addresses().contains(address))
                || sibling.extended.iter().any(|one| BLOCKED.contains(&one.code))
        };
        sibling.is_some_and(|sibling| lookup.result.as_ref().is_ok_and(|reply| same(sibling, reply)))
    });
    let (what, whole) = match also {
        Some(around) => (
            format!(
                "`{}` and all names below it, usually because a block list contains the whole top-level domain",
                around.parent
            ),
            true,
        ),
        None => (format!("`{host}`"), false),
    };
    let cause = format!("{}, or the resolver that it asks, blocks {what}: {sign}", lookup.server);
    let allow = if whole { domain } else { host };
    let fix = format!(
        "allow `{allow}` there. {}\nIf none of its lists has it, the resolver that it forwards to filters: let it forward to another one (1.1.1.1, \
         not 1.1.1.3)",
        routers::each(make, |router| router.allow, domain, host)
    );
    Finding::new(summary, cause, fix).look(command!("dig {} @{}", probe_name(host), lookup.server))
}
