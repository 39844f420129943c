//! What homelab writes on a zone that it makes: when it made it, and which clusters use it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::billing::date_of;

/// How the reference begins with which homelab asks for a zone. The provider keeps it and shows it with the zone.
const REFERENCE: &str = "homelab/";
/// How the key of a cluster's tag begins; its owner id follows.
const CLAIM: &str = "homelab/claim/";

/// When a zone was made, and for which organisation, as the reference says with which it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The organisation.
    pub organisation: String,
    /// When.
    pub born: Timestamp,
}

impl Origin {
    /// Of a zone that is about to be made.
    #[must_use]
    pub fn new(organisation: &str, now: Timestamp) -> Self {
        let born = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Self { organisation: organisation.to_owned(), born }
    }

    /// As it is sent. An account takes each once, so two clusters that ask in the same second get one zone.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{REFERENCE}{}/{}", self.organisation, self.born)
    }

    /// Reads a reference; `None` for one that others gave, and for one of which anything differs from what [`Self::reference`] writes.
    #[must_use]
    pub fn read(reference: &str) -> Option<Self> {
        let (organisation, born) = reference.strip_prefix(REFERENCE)?.split_once('/')?;
        let origin = Self { organisation: organisation.to_owned(), born: born.parse().ok()? };
        (origin.reference() == reference).then_some(origin)
    }
}

/// A cluster that uses a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The cluster's owner id.
    pub owner: String,
    /// The day in UTC on which it last said so; `None` where the tag holds no date.
    pub renewed: Option<Date>,
}

impl Claim {
    /// Every claim among a zone's tags.
    #[must_use]
    pub fn among(tags: &BTreeMap<String, String>) -> Vec<Self> {
        let of_cluster = |(key, value): (&String, &String)| {
            let owner = key.strip_prefix(CLAIM)?.to_owned();
            Some(Self { owner, renewed: value.parse().ok() })
        };
        tags.iter().filter_map(of_cluster).collect()
    }

    /// The tag of a cluster that uses a zone now.
    #[must_use]
    pub fn tag(owner: &str, now: Timestamp) -> (String, String) {
        (Self::key(owner), date_of(now).to_string())
    }

    /// The key of a cluster's tag.
    #[must_use]
    pub fn key(owner: &str) -> String {
        format!("{CLAIM}{owner}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_creation_is_read_from_what_was_sent_and_from_nothing_else() {
        let born: Timestamp = "2027-02-28T23:59:59Z".parse().unwrap();
        let origin = Origin::new("acme", born);
        assert_eq!(origin.reference(), "homelab/acme/2027-02-28T23:59:59Z");
        assert_eq!(Origin::read(&origin.reference()), Some(origin));
        for strange in [
            "",
            "2027-02-28T23:59:59Z",
            "terraform-20270228235959",
            "homelab/acme",
            "homelab/acme/yesterday",
            "homelab/acme/2027-02-28",
            "homelab/acme/2027-02-28T23:59:59+01:00",
            "homelab/acme/2027-02-28T23:59:59Z ",
            "HOMELAB/acme/2027-02-28T23:59:59Z",
        ] {
            assert_eq!(Origin::read(strange), None, "{strange}");
        }
    }

    #[test]
    fn a_tag_of_somebody_else_is_no_claim_and_one_without_a_date_is() {
        let tags = [("homelab/claim/lab", "2027-01-05"), ("homelab/claim/odd", "soon"), ("owner", "lab")];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let renewed = Some("2027-01-05".parse().unwrap());
        assert_eq!(
            Claim::among(&tags),
            [Claim { owner: "lab".into(), renewed }, Claim { owner: "odd".into(), renewed: None }]
        );
        let now = "2027-01-05T00:30:00+02:00".parse().unwrap();
        assert_eq!(Claim::tag("lab", now), ("homelab/claim/lab".into(), "2027-01-04".into()));
    }
}
