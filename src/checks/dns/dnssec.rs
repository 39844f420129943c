//! DNSSEC: a resolver that validates says SERVFAIL for what it can look up and must not believe.

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::zone_name;
use crate::evidence::dns::Rcode;
use crate::evidence::{Evidence, HostSeen, Lookup};
use crate::provider::words;

pub(super) fn accepted_for_host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let for_host = |vantage, outcome| judged(id::DNSSEC, Subject::host(host), vantage, outcome);
    let any = || Vantage::PublicDns("any".into());
    let refused = |lookups: &[Lookup]| -> Vec<Lookup> {
        lookups.iter().filter(|lookup| is_refused(seen, lookup)).cloned().collect()
    };
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
            "SERVFAIL for `{host}` from {}, and {found} with DNSSEC checking off",
            servers.join(" and ")
        ),
        format!(
            "the DNSSEC of `{zone}` is bogus: the DS record at the registrar belongs to no key of the zone, most often one \
             left from the provider before. Let's Encrypt validates, too, so no certificate comes either"
        ),
        format!(
            "remove the DS record of `{zone}` at your registrar, or replace it by the one that the provider shows ({page}); \
             resolvers follow when the old DS record's time is up, a day at most as a rule"
        ),
    )
    .look(command!("dig DS {} @1.1.1.1 +cd; dig DNSKEY {} @1.1.1.1 +cd", zone, zone))
}

fn local_only(host: &str, seen: &HostSeen, lookup: &Lookup) -> Finding {
    let found = list(&unchecked(seen, &lookup.server));
    Finding::new(
        format!("{} answers SERVFAIL for `{host}`, and {found} with DNSSEC checking off", lookup.server),
        "it validates DNSSEC and fails where public resolvers do not: its clock is wrong, or the servers that it asks strip \
         the signatures",
        format!(
            "set the clock of {}; if that is right, let it ask servers that pass DNSSEC on (1.1.1.1), or switch its validation off",
            lookup.server
        ),
    )
    .look(command!("dig {} @{} +dnssec; dig {} @{} +cd", host, lookup.server, host, lookup.server))
}
