//! The zones of organisations: that each is there, and that the zone above leads to it and nowhere else.

use super::{ids, judged};
use crate::checks::engine::{Def, Finding, Judged, Outcome, Subject, Vantage, cause};
use crate::checks::id;
use crate::evidence::{Evidence, Fault, OrganisationSeen, ParentSeen, Zone};
use crate::provider::words;

/// See [`ids::ORGANISATION`].
pub(super) const ORGANISATION: Def = Def::error(ids::ORGANISATION, "public DNS leads to the zone of each organisation")
    .needs(&[id::ORGANISATION_TOKEN])
    .in_up()
    .about(
        "Compares the NS records for the zone of an organisation, at the servers of the zone above, with the name servers that the \
         provider lists for it, and asks each of them whether it has the zone.",
        "No name of the organisation resolves. NS records that lead to a zone that is gone are worse: whoever creates a zone of that \
         name at the same provider, and is given the same servers, answers for all of its names.",
    )
    .causes(&[
        cause("the zone is new and its NS records were never entered in the zone above", "enter them: the finding has them"),
        cause(
            "the zone was deleted and its NS records were left",
            "delete these NS records, or create the zone again, today",
        ),
        cause(
            "the zone was deleted and created again, and has other name servers now",
            "enter the new ones, and delete the old ones",
        ),
    ])
    .sources(&["RFC 1034 section 4.2.2", "RFC 1912 section 2.8: lame delegations"]);

/// One outcome for each organisation.
pub(super) fn judge(evidence: &Evidence) -> Vec<Judged> {
    let one = |seen: &OrganisationSeen| {
        let vantage = Vantage::Authoritative("of the zone above".into());
        judged(ids::ORGANISATION, Subject::host(&seen.zone), vantage, outcome(evidence, seen))
    };
    evidence.organisations.iter().map(one).collect()
}

fn outcome(evidence: &Evidence, seen: &OrganisationSeen) -> Outcome {
    let parent = seen.delegation.as_ref();
    match (&seen.provider, parent) {
        (Some(Err(failure)), parent) if matches!(failure.error, Fault::NoZone { .. }) => {
            let parent = parent.and_then(|parent| parent.as_ref().ok());
            gone(evidence, seen, parent)
        }
        (Some(Err(failure)), _) => Outcome::unknown(failure.message.clone()),
        (_, None) => Outcome::unknown("public DNS was not asked"),
        (_, Some(Err(why))) => Outcome::unknown(why.clone()),
        (zone, Some(Ok(parent))) => {
            let zone = zone.as_ref().and_then(|zone| zone.as_ref().ok());
            delegated(evidence, seen, (zone, parent))
        }
    }
}

/// The zone is not at the provider.
fn gone(evidence: &Evidence, seen: &OrganisationSeen, parent: Option<&ParentSeen>) -> Outcome {
    let (zone, name, provider) = (&seen.zone, &seen.name, words(evidence.dns).name);
    let servers = parent.map_or(&[][..], |parent| &parent.servers);
    let above = parent.map_or("the zone above", |parent| parent.zone.as_str());
    if servers.is_empty() {
        return Finding::new(
            format!("the organisation `{name}` has no zone `{zone}` at {provider}"),
            "it was never created, or its credential does not see it",
            format!("create the zone `{zone}` at {provider}, and run `homelab up`; or take `{name}` out of `organisations`"),
        )
        .into();
    }
    Finding::new(
        format!("`{zone}` leads to {}, and {provider} has no such zone any more", servers.join(", ")),
        "the zone was deleted and its NS records stayed: whoever creates a zone of that name and is given one of these servers answers for every name in it, and can get certificates for them",
        format!("delete the NS records of `{zone}` in `{above}` now; then create the zone again, or take `{name}` out of `organisations`"),
    )
    .look(command!("dig NS {} @1.1.1.1", zone))
    .into()
}

/// What the zone above says, against what the provider lists and what the servers say themselves.
fn delegated(
    evidence: &Evidence,
    seen: &OrganisationSeen,
    (found, parent): (Option<&Zone>, &ParentSeen),
) -> Outcome {
    let (zone, above) = (&seen.zone, &parent.zone);
    let listed = found.map_or(&[][..], |found| found.name_servers.as_slice());
    let look = command!("dig NS {} @1.1.1.1", zone);
    let has = |all: &[String], one: &str| {
        all.iter().any(|other| other.trim_end_matches('.').eq_ignore_ascii_case(one.trim_end_matches('.')))
    };
    let enter = match listed {
        [] => format!("enter the name servers of `{zone}` as NS records of that name in the zone `{above}`"),
        listed => format!("enter in the zone `{above}` the NS records of `{zone}`: {}", listed.join(", ")),
    };
    if parent.servers.is_empty() {
        return Finding::new(
            format!("the zone `{above}` has no NS records for `{zone}`, so no name of the organisation `{}` resolves", seen.name),
            "the zone is there, and nothing in public DNS leads to it",
            enter,
        )
        .look(look)
        .into();
    }
    let foreign: Vec<&str> =
        parent.servers.iter().filter(|one| !has(listed, one)).map(String::as_str).collect();
    if !listed.is_empty() && !foreign.is_empty() {
        return Finding::new(
            format!("the zone `{above}` leads for `{zone}` to {}, which {} does not list for it", foreign.join(", "), words(evidence.dns).name),
            "they are of a zone that is gone, or of somebody else: whoever has a zone of that name there answers for its names",
            format!("{enter}, and delete all others"),
        )
        .look(look)
        .into();
    }
    let lame: Vec<&str> =
        seen.servers.iter().filter(|(_, has)| *has == Ok(false)).map(|(name, _)| name.as_str()).collect();
    if !lame.is_empty() {
        return Finding::new(
            format!(
                "{} do not have the zone `{zone}`, to which the zone `{above}` leads there",
                lame.join(", ")
            ),
            "the zone is gone from these name servers, or was created seconds ago",
            format!("if it stays: {enter}, and delete all others"),
        )
        .look(look)
        .heals_soon()
        .into();
    }
    let missing: Vec<&str> =
        listed.iter().filter(|one| !has(&parent.servers, one)).map(String::as_str).collect();
    if !missing.is_empty() {
        return Finding::new(
            format!("the zone `{above}` lacks {} of the name servers of `{zone}`", missing.join(", ")),
            "not all of them were entered: the names depend on the others alone",
            enter,
        )
        .look(look)
        .into();
    }
    let silent = seen.servers.iter().filter_map(|(name, has)| Some((name, has.as_ref().err()?)));
    match silent.clone().count() {
        all if all == seen.servers.len() && all > 0 => {
            let said: Vec<String> = silent.map(|(name, why)| format!("`{name}`: {why}")).collect();
            Outcome::unknown(said.join("; "))
        }
        _ => Outcome::pass(parent.servers.join(", ")),
    }
}
