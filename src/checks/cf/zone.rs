//! The zone at Cloudflare: whether it is served, may be changed, and has room.

use jiff::Timestamp;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::reading::zone::{unread, unseen};
use crate::checks::{edns, id};
use crate::evidence::{Evidence, Fault, Permission, ProviderSeen, Zone};
use crate::provider::cloudflare::{FREE_DOMAIN, QUOTA, hint, is_scratch};

/// Endings whose records the API refuses to change (cert-manager, docs/configuration/acme/dns01/cloudflare.md).
const FREE_ENDINGS: [&str; 5] = [".tk", ".ml", ".ga", ".cf", ".gq"];
/// Free zones made from then on have the smaller quota (cloudflare-docs#16600).
const SMALLER_QUOTA: &str = "2024-09-01T00:00:00Z";

pub(super) fn judge(evidence: &Evidence) -> Vec<Judged> {
    let of = |id, outcome| judged(id, Subject::default(), Vantage::Provider, outcome);
    let mut found = vec![of(id::CF_ZONE, zone(evidence))];
    // `up` does not look at the rest.
    if evidence.token.is_some() {
        found.push(of(id::FREE_DOMAIN, seen(evidence, free_domain)));
        found.push(of(id::DNS_EDIT, edit(evidence)));
        found.push(of(id::RECORDS_LIMIT, seen(evidence, limit)));
    }
    found
}

fn zone(evidence: &Evidence) -> Outcome {
    let failure = match &evidence.provider {
        None => return unseen(evidence),
        Some(Ok(seen)) => return Outcome::pass(format!("`{}` is active", seen.zone.name)),
        Some(Err(failure)) => failure,
    };
    match &failure.error {
        Fault::NoZone { sees, .. } => {
            let cause = match sees.is_empty() {
                true => "the token is for other zones, or the domain is in another account",
                false => "the token's Zone Resources name another zone, or `domain` is not what you own",
            };
            Finding::new(&failure.message, cause, &failure.hint).into()
        }
        Fault::ZoneNotActive { name, status, servers } => {
            let asked = delegated(evidence);
            let registrar = match asked.is_empty() {
                true => "no name servers of it are known to the world".to_owned(),
                false => format!("the world asks {}", quoted(&asked)),
            };
            let wanted = match servers.is_empty() {
                true => String::new(),
                false => format!(", Cloudflare waits for {}", quoted(servers)),
            };
            Finding::new(
                format!("the zone `{name}` is `{status}` at Cloudflare: {registrar}{wanted}"),
                "Cloudflare serves a zone only once the registrar of the domain names Cloudflare's servers",
                &failure.hint,
            )
            .into()
        }
        _ => unread(failure),
    }
}

/// The servers that the world asks for the zone; empty when they are not known.
fn delegated(evidence: &Evidence) -> Vec<String> {
    let zone = evidence.names.as_ref().and_then(|names| names.zone.as_ref()?.as_ref().ok());
    zone.map(|zone| zone.delegated.clone().unwrap_or_else(|| zone.servers.clone())).unwrap_or_default()
}

/// The zone's records, else why they are not known.
fn seen(evidence: &Evidence, judge: impl Fn(&ProviderSeen) -> Outcome) -> Outcome {
    match &evidence.provider {
        Some(Ok(seen)) => judge(seen),
        Some(Err(failure)) => unread(failure),
        None => unseen(evidence),
    }
}

fn free_domain(seen: &ProviderSeen) -> Outcome {
    let name = &seen.zone.name;
    match FREE_ENDINGS.iter().find(|ending| name.ends_with(*ending)) {
        None => Outcome::pass(format!("`{name}`")),
        Some(ending) => Finding::new(
            format!("the zone `{name}` ends in `{ending}`"),
            "Cloudflare's API refuses changes to records under the endings that were once free of charge (code 1038); only the dashboard takes them",
            "use a domain with another ending",
        )
        .into(),
    }
}

fn edit(evidence: &Evidence) -> Outcome {
    let left = || match &evidence.provider {
        Some(Ok(seen)) => seen.records.iter().find(|record| is_scratch(record)),
        _ => None,
    };
    let failure = match evidence.token.as_ref().and_then(|token| token.edit.as_ref()) {
        Some(Ok(())) => return Outcome::pass("a scratch TXT record was made and removed again"),
        Some(Err(failure)) => failure,
        None => {
            return match (edns::refused_edit(evidence), left()) {
                (Some(line), _) => Finding::new(
                    format!("Cloudflare does not let external-dns change records: {line}"),
                    "the token may read the zone's records, not change them",
                    hint(&Fault::MissingPermission { permission: Permission::DnsEdit }),
                )
                .into(),
                (None, Some(record)) => Finding::new(
                    format!(
                        "the scratch record `{}` of a run that was stopped is still in the zone",
                        record.name
                    ),
                    "a run with `--active` was stopped between making and removing it; it does no harm",
                    "run with `--active` again, which removes it",
                )
                .command("homelab doctor --active --check cf")
                .only(Severity::Info)
                .into(),
                (None, None) => Outcome::skip("only `--active` proves it, with a scratch record"),
            };
        }
    };
    let refused = |cause: &str| Finding::new(&failure.message, cause, &failure.hint);
    match &failure.error {
        Fault::MissingPermission { .. } => {
            refused("the token may read the zone's records, not change them: external-dns and cert-manager cannot work with it").into()
        }
        Fault::Refused { code: FREE_DOMAIN, .. } => Finding::new(
            &failure.message,
            "Cloudflare's API refuses changes under this ending, whatever the token may do",
            "use a domain with another ending",
        )
        .into(),
        Fault::Refused { code: QUOTA, .. } => Finding::new(
            &failure.message,
            "the zone has as many records as its plan allows",
            "remove records that nobody needs in the Cloudflare dashboard (DNS, Records), or take a larger plan",
        )
        .into(),
        Fault::Leftover { .. } => refused("it was made, and removing it failed; it does no harm").only(Severity::Warning).into(),
        error if error.is_transient() => unread(failure),
        _ => refused("Cloudflare gives no other reason").into(),
    }
}

/// How many records a zone may have, and why so many (developers.cloudflare.com, dns/manage-dns-records).
fn quota(zone: &Zone) -> (usize, &'static str) {
    let border: Option<Timestamp> = SMALLER_QUOTA.parse().ok();
    let is_old = zone.created_on.zip(border).is_some_and(|(made, border)| made < border);
    match zone.plan.as_ref().map(|plan| plan.legacy_id.as_str()) {
        Some("pro" | "business" | "enterprise") => (3500, "of a paid zone"),
        _ if is_old => (1000, "of a Free zone from before September 2024"),
        Some("free") => (200, "of a Free zone"),
        _ => (200, "of a Free zone; a paid one may have more"),
    }
}

fn limit(seen: &ProviderSeen) -> Outcome {
    let (count, (quota, whose)) = (seen.records.len(), quota(&seen.zone));
    if count * 10 < quota * 9 {
        return Outcome::pass(format!("{count} records"));
    }
    Finding::new(
        format!("the zone `{}` has {count} records; the quota {whose} is {quota}", seen.zone.name),
        "each service takes one record for each node and one TXT record, each certificate a TXT record for a minute; \
         beyond the quota Cloudflare refuses new ones (code 81045)",
        "remove records that nobody needs in the Cloudflare dashboard (DNS, Records), or take a larger plan",
    )
    .into()
}
