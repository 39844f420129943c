//! Zones that a provider makes and bills, and of which it gives rights to one at a time. Only some providers have this.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use serde_json::Value;

use super::members::Members;
use crate::evidence::{AccountZone, Fault, Record, Zone};

/// What is particular to a provider's zones, where homelab makes some there.
#[derive(Debug)]
pub struct Zones {
    /// What one costs.
    pub price: Price,
    /// The time to live of the records by which the zone above leads to one, in seconds.
    pub delegation_ttl: u32,
    /// The least rights that each program needs to one zone, by the zone's name and id.
    pub policies: fn(&str, &str) -> Vec<Policy>,
    /// Those of whoever makes and deletes the zones and the users of organisations, by the domain above them and the cluster's owner id.
    pub of_maker: fn(&str, &str) -> Value,
    /// The users of organisations.
    pub members: Members,
}

/// What a zone costs: it is billed when it is no longer free, and again on the first of each month in UTC, each time for a whole month.
#[derive(Debug, Clone, Copy)]
pub struct Price {
    /// One that is deleted within this time of its creation costs nothing.
    pub free_for: SignedDuration,
    /// How many zones of an account have the first price.
    pub first: usize,
    /// The price of each of those for a month, in US cents.
    pub first_cents: u32,
    /// The price of each further one for a month, in US cents.
    pub beyond_cents: u32,
}

impl Price {
    /// What one zone fewer saves each month in an account that has so many, in US cents.
    #[must_use]
    pub const fn of_last(&self, zones: usize) -> u32 {
        if zones > self.first { self.beyond_cents } else { self.first_cents }
    }
}

/// Who holds rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// external-dns, which writes the records of the names.
    ExternalDns,
    /// cert-manager, which writes the records of challenges.
    CertManager,
    /// homelab itself, which looks, proves that it may write, and claims the zone for its cluster.
    Homelab,
    /// The user of an organisation, whose key these three have: the sum of their rights.
    Organisation,
    /// Whoever makes and deletes zones and users.
    Maker,
}

impl Holder {
    /// All.
    pub const ALL: [Self; 5] =
        [Self::ExternalDns, Self::CertManager, Self::Homelab, Self::Organisation, Self::Maker];

    /// Its name on the command line and in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ExternalDns => "external-dns",
            Self::CertManager => "cert-manager",
            Self::Homelab => "homelab",
            Self::Organisation => "organisation",
            Self::Maker => "maker",
        }
    }
}

/// The rights of one holder, as the provider reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Who holds them.
    pub holder: Holder,
    /// The document.
    pub document: Value,
}

/// What there was to do about a delegation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delegation {
    /// The zone above leads to these servers now, and did not before.
    Entered,
    /// It led there already.
    There,
    /// It leads to other servers, and was not changed.
    Others(Vec<String>),
    /// It led there, and leads nowhere now.
    Removed,
    /// It led nowhere.
    None,
}

/// The calls of the API.
pub trait ZoneApi: Send + Sync {
    /// Every zone of the account, without tags and records.
    fn all(&self) -> BoxFuture<'_, Result<Vec<AccountZone>, Fault>>;
    /// The name servers that the provider gave a zone. The zone's own NS records are no proof: whoever may write into it can change them.
    fn servers<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<Vec<String>, Fault>>;
    /// What is written on a zone.
    fn tags<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<BTreeMap<String, String>, Fault>>;
    /// Writes one tag on a zone, and leaves its others.
    fn tag<'a>(&'a self, zone: &'a Zone, key: &'a str, value: &'a str) -> BoxFuture<'a, Result<(), Fault>>;
    /// Takes one tag off a zone, and leaves its others. One that is not there is no fault.
    fn untag<'a>(&'a self, zone: &'a Zone, key: &'a str) -> BoxFuture<'a, Result<(), Fault>>;
    /// Deletes these records: whole sets of one name and type, those that are as they were read. A set in which anything else is
    /// stays. TXT records go last, since they tell whose the others are.
    fn clear<'a>(&'a self, zone: &'a Zone, records: &'a [Record]) -> BoxFuture<'a, Result<(), Fault>>;
    /// Makes a zone. The account takes each reference once: asked again with the same one, it gives the zone that is there.
    fn make<'a>(&'a self, name: &'a str, reference: &'a str) -> BoxFuture<'a, Result<Zone, Fault>>;
    /// Lets the zone above lead to a zone's servers, where it leads nowhere.
    fn delegate<'a>(&'a self, above: &'a Zone, zone: &'a Zone) -> BoxFuture<'a, Result<Delegation, Fault>>;
    /// Lets the zone above lead nowhere, where it leads to servers of this zone alone.
    fn undelegate<'a>(&'a self, above: &'a Zone, zone: &'a Zone) -> BoxFuture<'a, Result<Delegation, Fault>>;
    /// Deletes a zone in which nothing is any more but its own NS and SOA records; another one is refused.
    fn delete<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<(), Fault>>;
}
