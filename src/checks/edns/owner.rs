//! Whose the record of a host is.

use crate::checks::edns::claim::{Claim, Shape, claims};
use crate::checks::edns::{filter, registry};
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::named;
use crate::evidence::{Evidence, ProviderSeen, Record};
use crate::facts::ownership::{Owner, Ownership};
use crate::provider::words;

/// What every external-dns is called that was not told otherwise (external-dns, docs/flags.md).
const ANYBODY: &str = "default";
/// What to do where the lab cannot have a wildcard record.
const OF_ITS_OWN: &str = "leave `records` out, so that each name has a record of its own";

/// What is known of one name.
struct Name<'e> {
    evidence: &'e Evidence,
    seen: &'e ProviderSeen,
    ours: &'e Ownership,
    host: &'e str,
    claims: Vec<Claim<'e>>,
}

pub(super) fn is_this_lab(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let Some(ours) = &evidence.owner else {
        return Outcome::unknown("this cluster's owner id is not known");
    };
    let name = Name { evidence, seen, ours, host, claims: claims(evidence, seen, ours, host) };
    let kinds = filter::managed(evidence);
    // Kinds that it does not keep are no obstacle to it (external-dns, plan/plan.go, `filterRecordsForPlan`).
    match named(seen, host).find(|record| kinds.contains(&record.kind.as_str())) {
        Some(record) => name.of_record(record),
        None => name.of_none(),
    }
}

/// Whether this lab's external-dns takes the records of the host for its own.
pub(in crate::checks) fn is_owned(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> bool {
    let Some(ours) = &evidence.owner else { return false };
    let own = |claim: &Claim<'_>| {
        claim.shape == Shape::Ours && claim.owner.as_ref().is_some_and(|one| ours.is_own(&one.id))
    };
    claims(evidence, seen, ours, host).iter().any(own)
}

/// The object for which this lab's TXT record was made; `None` when it does not say.
pub(super) fn made_for(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Option<String> {
    let ours = evidence.owner.as_ref()?;
    let owners = claims(evidence, seen, ours, host).into_iter().filter(|claim| claim.shape == Shape::Ours);
    owners.filter_map(|claim| claim.owner).find(|owner| ours.is_own(&owner.id))?.resource
}

impl Name<'_> {
    /// Another one's TXT record without a record: external-dns makes the record and keeps a TXT record of that name which is
    /// there, so that the new record is the other's.
    fn of_none(&self) -> Outcome {
        let mine = self.claims.iter().filter(|claim| claim.shape == Shape::Ours);
        let owners: Vec<&Claim<'_>> = mine.filter(|claim| claim.owner.is_some()).collect();
        let is_mine =
            |claim: &&Claim<'_>| claim.owner.as_ref().is_some_and(|owner| self.ours.is_own(&owner.id));
        match owners.iter().find(|claim| !is_mine(claim)) {
            Some(other) if !owners.iter().any(is_mine) => {
                self.anothers(&format!("the name `{}`, which has no address,", self.host), other)
            }
            _ => Outcome::skip("there is no record yet"),
        }
    }

    fn of_record(&self, record: &Record) -> Outcome {
        let what = format!("the {} record `{}` ({})", record.kind, self.host, record.content);
        let own = registry(self.ours, &record.kind, self.host);
        let read = self.claims.iter().find(|claim| claim.txt.eq_ignore_ascii_case(&own));
        let is_mine = |owner: &Owner| self.ours.is_own(&owner.id);
        match read.map(|claim| (claim, &claim.owner)) {
            Some((_, Some(owner))) if is_mine(owner) => {
                return Outcome::pass(format!("owner `{}`", owner.id));
            }
            Some((claim, Some(_))) => return self.anothers(&what, claim),
            Some((claim, None)) => return self.encrypted(&what, claim),
            None => {}
        }
        // Not read by this external-dns: whoever else wrote it tells most, then what this lab wrote by other rules.
        let of = |wanted: fn(&Claim<'_>, &Ownership) -> bool| {
            self.claims.iter().find(|claim| wanted(claim, self.ours))
        };
        let foreign = of(|claim, ours| claim.owner.as_ref().is_some_and(|owner| !ours.is_own(&owner.id)));
        let mine = of(|claim, ours| claim.owner.as_ref().is_some_and(|owner| ours.is_own(&owner.id)));
        let cipher = of(|claim, _| claim.owner.is_none() && claim.shape != Shape::Old(String::new()));
        match (foreign, mine, cipher) {
            (Some(claim), ..) => self.anothers(&what, claim),
            (_, Some(claim), _) => self.unread(&what, claim, record),
            (.., Some(claim)) => self.encrypted(&what, claim),
            _ => self.nobodys(&what, record),
        }
    }

    /// Its owner is this lab's, in a TXT record that this external-dns does not look at.
    fn unread(&self, what: &str, claim: &Claim<'_>, record: &Record) -> Outcome {
        let (host, own) = (self.host, registry(self.ours, &record.kind, self.host));
        let how = match claim.shape {
            Shape::Ours => "it is of another type than the record".to_owned(),
            ref other => format!("it is named {}", other.words()),
        };
        Finding::new(
            format!("{what} is marked as `{}`'s by the TXT record `{}`, but external-dns looks for a TXT record with a different name", self.ours.id, claim.txt),
            format!(
                "{how}; external-dns looks for `{own}`, finds nothing, does not change the record, and logs that \
                 all records are up to date. An earlier installation wrote it, or another cluster with the same owner id `{}`", self.ours.id
            ),
            format!(
                "if no other cluster uses `{host}`, delete in {} {} and TXT `{}`: external-dns creates the right ones within a minute. \
                 If one does, give one of the two clusters another `dns.owner`, and {}",
                words(self.evidence.dns).records_page,
                self.records(),
                claim.txt,
                if self.is_wildcard() { OF_ITS_OWN } else { "this service another name" }
            ),
        )
        .into()
    }

    fn anothers(&self, what: &str, claim: &Claim<'_>) -> Outcome {
        let Some(other) = &claim.owner else { return self.encrypted(what, claim) };
        let made_for =
            other.resource.as_ref().map(|resource| format!(", made for `{resource}`")).unwrap_or_default();
        let how = match claim.shape {
            Shape::Ours => String::new(),
            ref shape => format!("; its TXT record `{}` is named {}", claim.txt, shape.words()),
        };
        Finding::new(
            format!("{what} belongs to `{}`, not to `{}`{made_for}", other.id, self.ours.id),
            format!("another cluster or an earlier installation created it with another owner id, so external-dns does not change it{how}"),
            format!(
                "if that cluster no longer exists, delete in {} {}; {}. If it still exists, {}",
                words(self.evidence.dns).records_page,
                self.everything(claim),
                self.then(),
                self.elsewhere()
            ),
        )
        .into()
    }

    /// Whose it is cannot be read.
    fn encrypted(&self, what: &str, claim: &Claim<'_>) -> Outcome {
        Finding::new(
            format!("{what} has a TXT record `{}` that seems encrypted: its owner cannot be read", claim.txt),
            "another external-dns wrote it with `--txt-encrypt-enabled` (an earlier installation here, or another cluster). \
             Yours cannot decrypt it, so it does not change the record",
            format!(
                "find out which external-dns encrypts (search for `txt-encrypt` in the manifests and charts of your other clusters and \
                 earlier installations). If it no longer exists, delete in {} {}; {}. If it still exists, {}",
                words(self.evidence.dns).records_page,
                self.everything(claim),
                self.then(),
                self.elsewhere()
            ),
        )
        .into()
    }

    fn nobodys(&self, what: &str, record: &Record) -> Outcome {
        let cause = match record.kind.as_str() {
            _ if self.has_wildcard() => {
                "it was made by hand, or by another program, and comes before the wildcard record. external-dns never changes a record that it does not own"
            }
            "CNAME" => {
                "it was made by hand, or by another program. A name with a CNAME cannot have an address record, and external-dns never changes a record that it does not own"
            }
            _ => {
                "it was made by hand, or its TXT record was deleted. external-dns never changes a record that has no such TXT record; once you delete the record, external-dns creates the right one within a minute"
            }
        };
        Finding::new(
            format!(
                "external-dns does not own {what}: the TXT record `{}` that marks its owner is missing",
                registry(self.ours, &record.kind, self.host)
            ),
            cause,
            format!(
                "in {}, delete {}; or {}",
                words(self.evidence.dns).records_page,
                self.records(),
                self.elsewhere()
            ),
        )
        .into()
    }

    fn is_wildcard(&self) -> bool {
        self.host.starts_with("*.")
            && self.evidence.wildcard.as_ref().is_some_and(|own| own.name == self.host)
    }

    /// Whether a wildcard record would answer for the name.
    fn has_wildcard(&self) -> bool {
        self.evidence.wildcard.as_ref().is_some_and(|wildcard| wildcard.is_for(self.host))
    }

    /// What becomes of the name once the other's records are deleted.
    fn then(&self) -> &'static str {
        match self.has_wildcard() {
            true => "the wildcard record answers for it then",
            false => "external-dns creates the right one within a minute",
        }
    }

    /// What to do where the name has to stay another's.
    fn elsewhere(&self) -> &'static str {
        if self.is_wildcard() { OF_ITS_OWN } else { "give the service another name" }
    }

    /// The records of the name, as the dashboard lists them.
    fn records(&self) -> String {
        let found = named(self.seen, self.host);
        let found: Vec<String> =
            found.map(|record| format!("{} `{}` ({})", record.kind, self.host, record.content)).collect();
        found.join(", ")
    }

    /// These, and the TXT record that says whose they are.
    fn everything(&self, claim: &Claim<'_>) -> String {
        let txt = format!("TXT `{}`", claim.txt);
        match self.records() {
            records if records.is_empty() => txt,
            records => format!("{records}, {txt}"),
        }
    }
}

/// Whether the owner id tells this lab from any other.
pub(super) fn unique(evidence: &Evidence) -> Outcome {
    match &evidence.owner {
        None => Outcome::skip("homelab does not run external-dns here"),
        Some(ours) if ours.id == ANYBODY => Finding::new(
            "`dns.owner` is `default`",
            "`default` is the owner id of every external-dns that sets none. A second one on the same zone would treat these records as its own and delete them",
            "set `dns.owner` to a name that only this cluster uses, before you start a second external-dns. Then delete the records with the old owner id; external-dns creates them again",
        )
        .into(),
        Some(ours) => Outcome::pass(format!("`{}`", ours.id)),
    }
}
