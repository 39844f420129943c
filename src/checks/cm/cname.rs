//! The CNAME record of a challenge that is met in another zone than that of the name (`dns.challengeZone`).

use crate::checks::engine::{Finding, Outcome, Severity};
use crate::evidence::{ChainEnd, ChallengeSeen, ChallengesSeen, Evidence};
use crate::facts::names::{endings, is_within};
use crate::provider::words;

/// Whether the challenges of a certificate are met where the lab may write; of several the one that comes out worst. Nothing where
/// they are met beside the names.
pub(super) fn leads<'n>(
    evidence: &Evidence,
    names: impl Iterator<Item = &'n str>,
    is_ready: bool,
) -> Option<Outcome> {
    let seen = evidence.challenges.as_ref()?;
    if seen.names.is_none() {
        return Some(Outcome::skip("nothing beyond this network was asked"));
    }
    let mut found: Option<Outcome> = None;
    for one in names.filter_map(|name| seen.of(name)) {
        let outcome = match (outcome(evidence, seen, one), is_ready) {
            // The certificate that is there serves until it ends.
            (Outcome::Fail(finding), true) => finding.only(Severity::Warning).into(),
            (outcome, _) => outcome,
        };
        if found.as_ref().is_none_or(|worst| rank(&outcome) > rank(worst)) {
            found = Some(outcome);
        }
    }
    Some(found.unwrap_or_else(|| Outcome::skip("the ACME server of the configuration signs no such name")))
}

fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Fail(_) => 2,
        Outcome::Unknown { .. } => 1,
        _ => 0,
    }
}

/// The challenges whose record is not as it should be, each with what is wrong.
#[must_use]
pub fn misled(evidence: &Evidence) -> Vec<(&ChallengeSeen, Finding)> {
    let Some(seen) = &evidence.challenges else { return Vec::new() };
    let all = seen.names.iter().flatten();
    all.filter_map(|one| match outcome(evidence, seen, one) {
        Outcome::Fail(finding) => Some((one, finding)),
        _ => None,
    })
    .collect()
}

fn outcome(evidence: &Evidence, seen: &ChallengesSeen, one: &ChallengeSeen) -> Outcome {
    let (name, zone) = (&one.name, &seen.zone);
    let record = format!("`{name}. CNAME {}.`", one.target);
    let finding = |summary: String, cause: String, fix: String| {
        Finding::new(summary, cause, fix)
            .look(command!("dig CNAME {} @1.1.1.1", name))
            .look("homelab zone delegate")
    };
    if one.chain.is_empty() && is_within(name, zone) {
        return Outcome::pass(format!("`{name}` is in `{zone}` itself, and needs no CNAME record"));
    }
    let Some(last) = one.chain.last() else {
        let place = match &one.end {
            ChainEnd::Unknown { why } => return Outcome::unknown(why.clone()),
            ChainEnd::Here { zone: Some(zone), .. } => format!("the zone `{zone}`"),
            ChainEnd::Here { zone: None, .. } | ChainEnd::Circle => {
                "the public zone that holds the name".to_owned()
            }
        };
        return finding(
            format!("public DNS has no CNAME record `{name}`"),
            format!("it is not entered yet, or in another zone: by it, the certificate authority gets from the name to `{zone}`, where cert-manager may write"),
            format!("enter {record} in {place}"),
        )
        .into();
    };
    let way = || one.chain.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", then to ");
    match &one.end {
        ChainEnd::Circle => finding(
            format!("the CNAME record `{name}` leads in a circle: to {}", way()),
            "one of these records leads back to a name before it, and nobody can follow that".to_owned(),
            format!("replace the first one by {record}, and remove the others"),
        )
        .into(),
        _ if !is_within(last, zone) && one.by_wildcard => finding(
            format!("`{name}` leads to {}, by a wildcard record, and that is not in `{zone}`", way()),
            "the name has no record of its own, so the CNAME record of the wildcard above it answers"
                .to_owned(),
            format!("enter {record} beside the wildcard: a record of its own comes before a wildcard"),
        )
        .into(),
        // Whatever answers for that name: nobody has meant it.
        end if !is_within(last, zone)
            && (dotless(one).is_some() || !matches!(end, ChainEnd::Unknown { .. })) =>
        {
            finding(
                format!("the CNAME record `{name}` leads to {}, which is not in `{zone}`", way()),
                elsewhere(one, zone),
                format!("replace it by {record}"),
            )
            .into()
        }
        ChainEnd::Unknown { why } => Outcome::unknown(why.clone()),
        ChainEnd::Here { .. } if seen.own => Outcome::pass(format!("leads to `{last}`")),
        ChainEnd::Here { zone, .. } => match providers_other(evidence, zone.as_deref()) {
            Some((cause, fix)) => finding(
                format!("`{name}` leads to `{last}`, and what the provider has of that, public DNS does not"),
                cause,
                fix,
            )
            .into(),
            None => Outcome::pass(format!("leads to `{last}`")),
        },
    }
}

/// Why public DNS has another zone for the challenges than the provider, and what helps.
fn providers_other(evidence: &Evidence, found: Option<&str>) -> Option<(String, String)> {
    let (Some(Ok(seen)), Some(found)) = (&evidence.provider, found) else { return None };
    let (own, provider) = (&seen.zone.name, words(evidence.dns).name);
    match own.eq_ignore_ascii_case(found) {
        true => None,
        false if is_within(own, found) => Some((
            format!(
                "{provider} has a zone `{own}`, but the zone `{found}` above it does not delegate it: the name servers of `{found}` answer for it"
            ),
            match seen.zone.name_servers.as_slice() {
                [] => format!(
                    "enter NS records for `{own}` in the zone `{found}`, with the provider's name servers"
                ),
                servers => {
                    format!("enter NS records for `{own}` in the zone `{found}`: {}", servers.join(", "))
                }
            },
        )),
        false => Some((
            format!(
                "`{found}` is a zone of its own, with other name servers than the zone `{own}` at {provider}"
            ),
            format!(
                "set `dns.challengeZone` to a name in `{own}` that is not delegated further, or have the provider host `{found}`"
            ),
        )),
    }
}

/// The zone whose name was put behind the target in its zone file.
fn dotless(one: &ChallengeSeen) -> Option<String> {
    let first = one.chain.first()?;
    endings(&one.name).into_iter().find(|above| *first == format!("{}.{above}", one.target))
}

/// Why it leads elsewhere, as far as the name tells.
fn elsewhere(one: &ChallengeSeen, zone: &str) -> String {
    match dotless(one) {
        Some(above) => format!(
            "in the zone file the final dot is missing behind the target, so the name of the zone, `{above}`, was put behind it"
        ),
        None => format!(
            "cert-manager may write in `{zone}` alone: the record has a slip in it, or is that of another ACME client"
        ),
    }
}
