//! A resolver that takes the lab's domain, or its zone, for its own: what it has no entry for does not exist, and nothing
//! is passed on to the zone's real servers.

use crate::checks::dns::public::said;
use crate::checks::dns::routers::{self, Router};
use crate::checks::engine::Finding;
use crate::checks::engine::words::list;
use crate::checks::reading::zone::zone_name;
use crate::evidence::dns::{AskError, Data, Rcode, Reply, Soa};
use crate::evidence::{AroundSeen, Evidence, Lookup};
use crate::facts::names::{is_within, probe_name};
use crate::outside::command::Command;

/// The name server in the SOA record that AdGuard Home makes up for what it does not pass on (AdGuardHome,
/// internal/dnsforward/msg.go: `genSOA`). The owner of that record is the name that was asked for, and no zone.
pub(super) const ADGUARD: &str = "fake-for-negative-caching.adguard.com";

/// What a resolver owns that it should not, and how that is known.
pub(super) struct Own {
    apex: String,
    known_by: String,
}

/// Whether the resolver answers for the host by a zone of its own.
pub(super) fn owned(
    evidence: &Evidence,
    host: &str,
    reply: &Reply,
    around: Option<&AroundSeen>,
) -> Option<Own> {
    let zone = zone_name(evidence)?;
    let parent = around.map(|around| around.parent.as_str());
    let soas = replies(around).chain([reply]).filter_map(|reply| Some((reply, soa(reply)?)));
    // Who asks the nodes passes their zone on, and has none of his own.
    let by_nodes = |soa: &Soa| evidence.own_servers.as_ref().is_some_and(|own| own.name == soa.primary);
    for (reply, soa) in soas.filter(|(_, soa)| soa.primary != ADGUARD && soa.zone != host && !by_nodes(soa)) {
        let below = soa.zone != zone && is_within(&soa.zone, zone) && is_within(host, &soa.zone);
        // A made-up record has the name for its owner that was asked for: a sibling, which is above nothing.
        if below {
            let known_by =
                format!("the SOA record in its answer shows that it has its own zone `{}`", soa.zone);
            return Some(Own { apex: soa.zone.clone(), known_by });
        }
        // Only a server that holds the zone says so (RFC 1035 section 4.1.1: AA).
        let servers = servers(evidence);
        let foreign =
            !servers.is_empty() && !servers.iter().any(|server| server.eq_ignore_ascii_case(&soa.primary));
        if soa.zone == zone && foreign && reply.authoritative {
            let known_by =
                format!("it has its own zone `{zone}`, whose first name server is `{}`", soa.primary);
            return Some(Own { apex: zone.to_owned(), known_by });
        }
    }
    let (around, parent) = (around?, parent?);
    let sibling = around.sibling.as_ref().ok()?;
    if !is_nothing(sibling) {
        return None;
    }
    let of_adguard = soa(sibling).is_some_and(|soa| soa.primary == ADGUARD);
    // A filter keeps back the domain itself, too; the domain of its DHCP server hides only names below it.
    let parent_is_known =
        around.soa.as_ref().is_ok_and(|reply| soa(reply).is_some_and(|soa| soa.primary != ADGUARD));
    let alone = sibling.soa.is_none() && (sibling.authoritative || passes_on(&around.stranger));
    let asked = format!("to a random name below `{parent}` it answers");
    let known_by = match (of_adguard && parent_is_known, alone) {
        (true, _) => format!("{asked} \"no such name\" by itself"),
        (_, true) => {
            format!("{asked} {} without the zone's SOA record, so it asked no other server", said(sibling))
        }
        _ => return None,
    };
    Some(Own { apex: parent.to_owned(), known_by })
}

/// What it says about the domain.
fn replies(around: Option<&AroundSeen>) -> impl Iterator<Item = &Reply> {
    around
        .into_iter()
        .flat_map(|around| [&around.soa, &around.sibling])
        .filter_map(|reply| reply.as_ref().ok())
}

/// The SOA record of an answer, or of one that says that there is nothing.
fn soa(reply: &Reply) -> Option<&Soa> {
    let answered = reply.answers.iter().find_map(|record| match &record.data {
        Data::Soa(soa) => Some(soa),
        _ => None,
    });
    answered.or(reply.soa.as_ref())
}

/// The zone's name servers, as the provider has them, else as public DNS does.
fn servers(evidence: &Evidence) -> &[String] {
    if let Some(Ok(provider)) = evidence.provider.as_ref().filter(|_| !evidence.is_zone_of_challenges())
        && !provider.zone.name_servers.is_empty()
    {
        return &provider.zone.name_servers;
    }
    let zone = evidence.names.as_ref().and_then(|names| names.zone.as_ref()?.as_ref().ok());
    zone.map(|zone| zone.servers.as_slice()).unwrap_or_default()
}

fn is_nothing(reply: &Reply) -> bool {
    matches!(reply.rcode, Rcode::NxDomain | Rcode::NoError) && reply.addresses().is_empty()
}

/// Whether what others say about a missing name comes through with its SOA record (RFC 2308 section 3): some routers
/// leave it out of every answer.
fn passes_on(stranger: &Option<Result<Reply, AskError>>) -> bool {
    matches!(stranger, Some(Ok(reply)) if is_nothing(reply) && reply.soa.is_some())
}

pub(super) fn finding(
    summary: String,
    host: &str,
    lookup: &Lookup,
    own: &Own,
    make: Option<&'static Router>,
) -> Finding {
    let Own { apex, known_by } = own;
    let cause = format!(
        "{} is authoritative for `{apex}`: {known_by}. It answers \"no such name\" for names that it has no entry for, and asks \
         no other server. The usual cause: the router uses the same domain for the LAN as homelab",
        lookup.server
    );
    let fix = format!(
        "give the LAN another domain, `home.arpa` (RFC 8375) or `lan`, or remove `{apex}` from the zones of {}. {}",
        lookup.server,
        routers::each(make, |router| router.lan, apex, host)
    );
    Finding::new(summary, cause, fix).look(look(host, apex, &lookup.server))
}

fn look(host: &str, apex: &str, server: &str) -> Option<Command> {
    command!("dig {} @{}; dig SOA {} @{}", probe_name(host), server, apex, server)
}

/// An entry of the resolver's own that answers for every name below the domain, which the zone has no wildcard for.
pub(super) fn wildcard(evidence: &Evidence, reply: &Reply, around: Option<&AroundSeen>) -> Option<String> {
    let around = around?;
    let found = around.sibling.as_ref().ok()?.addresses();
    let of_zone = format!("*.{}", around.parent);
    let records = match &evidence.provider {
        Some(Ok(provider)) => provider.records.as_slice(),
        _ => return None,
    };
    let is_published = records.iter().any(|record| record.name == of_zone);
    (!is_published && !found.is_empty() && found.iter().all(|address| reply.addresses().contains(address)))
        .then(|| {
            format!("every name below `{}`, even a random one, has {} there", around.parent, list(&found))
        })
}
