//! DNSSEC: a resolver that validates says SERVFAIL for what it can look up and must not believe.

use crate::checks::dns::AT_HOME;
use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::zone_name;
use crate::evidence::dns::Rcode;
use crate::evidence::{Evidence, HostSeen, Lookup, OwnServersSeen};
use crate::facts::names::is_within;
use crate::provider::words;

pub(super) fn accepted_for_host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let for_host = |vantage, outcome| judged(id::DNSSEC, Subject::host(host), vantage, outcome);
    let any = || Vantage::PublicDns("any".into());
    let refused = |lookups: &[Lookup]| -> Vec<Lookup> {
        lookups.iter().filter(|lookup| is_refused(seen, lookup)).cloned().collect()
    };
    // A zone that the house has for itself alone is not signed; a resolver that checks signatures has to know that.
    if let (Some(own), Some(lookup)) = (&evidence.own_servers, refused(&seen.system_servers).first())
        && is_within(host, &own.zone)
    {
        return vec![for_host(Vantage::System, unsigned(host, own, seen, lookup).into())];
    }
    if !evidence.is_in_public() {
        return vec![for_host(any(), Outcome::skip(AT_HOME))];
    }
    let public = refused(&seen.public);
    if let Some(first) = public.first() {
        return vec![for_host(
            Vantage::PublicDns(first.server.clone()),
            bogus(evidence, host, seen, &public).into(),
        )];
    }
    if let Some(lookup) = refused(&seen.system_servers).first() {
        return vec![for_host(Vantage::System, local_only(host, seen, lookup).into())];
    }
    let outcome = match seen.public.as_slice() {
        [] => Outcome::unknown("no public resolver was asked"),
        some if some.iter().all(|lookup| lookup.result.is_err()) => {
            Outcome::skip("no public resolver answered")
        }
        _ => Outcome::pass("no resolver refuses the zone"),
    };
    vec![for_host(any(), outcome)]
}

/// SERVFAIL, and an address with checking disabled.
fn is_refused(seen: &HostSeen, lookup: &Lookup) -> bool {
    let fails = lookup.result.as_ref().is_ok_and(|reply| reply.rcode == Rcode::ServFail);
    fails && !unchecked(seen, &lookup.server).is_empty()
}

/// What the server has with checking disabled.
fn unchecked(seen: &HostSeen, server: &str) -> Vec<std::net::IpAddr> {
    let again = seen.unchecked.iter().find(|lookup| lookup.server == server);
    again.and_then(|lookup| Some(lookup.result.as_ref().ok()?.addresses())).unwrap_or_default()
}

fn bogus(evidence: &Evidence, host: &str, seen: &HostSeen, refused: &[Lookup]) -> Finding {
    let zone = zone_name(evidence).unwrap_or(host);
    let page = words(evidence.dns).dnssec_page;
    let servers: Vec<&str> = refused.iter().map(|lookup| lookup.server.as_str()).collect();
    let found = refused.first().map(|lookup| list(&unchecked(seen, &lookup.server))).unwrap_or_default();
    Finding::new(
        format!(
            "`{host}` gets SERVFAIL from {}, but {found} with DNSSEC validation off",
            servers.join(" and ")
        ),
        format!(
            "DNSSEC of `{zone}` is broken: the DS record at the registrar matches no key of the zone. Usually it is a leftover \
             of an earlier DNS provider. Let's Encrypt validates DNSSEC, so it issues no certificate either"
        ),
        format!(
            "remove the DS record of `{zone}` at your registrar, or replace it with the one that the provider shows ({page}). \
             Resolvers cache the old DS record, usually for a day at most"
        ),
    )
    .look(command!("dig DS {} @1.1.1.1 +cd; dig DNSKEY {} @1.1.1.1 +cd", zone, zone))
}

/// The nodes answer for the domain without signatures, whatever public DNS says of the zone (unbound.conf(5): `domain-insecure`;
/// dnsmasq(8): `server=/DOMAIN/` switches its validation off for that domain; docs.pi-hole.net, FTL's configuration: `dns.dnssec`).
fn unsigned(host: &str, own: &OwnServersSeen, seen: &HostSeen, lookup: &Lookup) -> Finding {
    let (server, zone, found) = (&lookup.server, &own.zone, list(&unchecked(seen, &lookup.server)));
    Finding::new(
        format!("{server} answers SERVFAIL for `{host}`, but {found} with DNSSEC validation off"),
        format!("it asks the nodes for `{zone}` and validates DNSSEC, and the nodes' answers are not signed"),
        format!(
            "tell {server} that `{zone}` is not signed (unbound: `domain-insecure: \"{zone}\"`; OPNsense: Services, Unbound DNS, Advanced, \
             Insecure Domains), or switch its DNSSEC validation off"
        ),
    )
    .look(command!("dig {} @{}; dig {} @{} +cd", host, server, host, server))
}

fn local_only(host: &str, seen: &HostSeen, lookup: &Lookup) -> Finding {
    let found = list(&unchecked(seen, &lookup.server));
    Finding::new(
        format!("{} answers SERVFAIL for `{host}`, but {found} with DNSSEC validation off", lookup.server),
        "its DNSSEC validation fails, while public resolvers accept the zone: its clock is wrong, or the servers that it \
         forwards to strip the signatures",
        format!(
            "set the clock of {}; if the clock is right, let it forward to servers that support DNSSEC (1.1.1.1), or switch its DNSSEC validation off",
            lookup.server
        ),
    )
    .look(command!("dig {} @{} +dnssec; dig {} @{} +cd", host, lookup.server, host, lookup.server))
}
