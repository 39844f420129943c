//! The zone and its records as the DNS provider's API has them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::facts::ownership::KINDS;

/// A zone that the token sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// The provider's own id; empty where it has none.
    pub id: String,
    /// The domain, for example `example.com`.
    pub name: String,
    /// `active`, or what it waits for, such as `pending`; empty when the answer has none.
    #[serde(default)]
    pub status: String,
    /// The provider's name servers for the zone, which the registrar should name.
    #[serde(default)]
    pub name_servers: Vec<String>,
    /// When it was added to the provider; `None` when the answer does not say.
    #[serde(default)]
    pub created_on: Option<Timestamp>,
    /// What is paid for it; `None` when the answer does not say.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// Whose it is at the provider; `None` when the answer does not say.
    #[serde(default, skip_serializing)]
    pub account: Option<Account>,
}

/// A zone of the account, with what its maker wrote on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountZone {
    /// The zone.
    pub zone: Zone,
    /// The reference with which it was asked for.
    pub reference: String,
    /// Whether it answers inside of a private network alone.
    pub is_private: bool,
    /// Its tags, where they were asked for.
    pub tags: BTreeMap<String, String>,
    /// Its records; `None` where they were not read.
    pub records: Option<Vec<Record>>,
}

/// An account at the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The provider's own id.
    pub id: String,
}

/// What is paid for a zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// `free`, `pro`, `business` or `enterprise`; empty when the answer does not say.
    #[serde(default)]
    pub legacy_id: String,
}

/// A record as the provider holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The provider's own id, by which it is removed; empty where it has none.
    pub id: String,
    /// The full name, the zone included.
    pub name: String,
    /// In capitals: `A`, `CNAME`, `TXT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// An address, a target or a text; [`Record::text`] takes the quotes off a text.
    #[serde(default)]
    pub content: String,
    /// Whether the provider answers with its own addresses in place of the content.
    #[serde(default)]
    pub proxied: bool,
    /// Seconds; 1 leaves it to the provider, 0 when the answer has none.
    #[serde(default)]
    pub ttl: u32,
    /// When it was made; `None` when the answer does not say.
    #[serde(default)]
    pub created_on: Option<Timestamp>,
    /// When it last changed; `None` when the answer does not say.
    #[serde(default)]
    pub modified_on: Option<Timestamp>,
}

impl Record {
    /// The text of a TXT record: its strings without quotes, joined.
    #[must_use]
    pub fn text(&self) -> String {
        self.content.replace("\" \"", "").trim_matches('"').to_owned()
    }

    /// Whether the host is found by it: it has this name, and is an address or an alias.
    #[must_use]
    pub fn is_of_host(&self, host: &str) -> bool {
        KINDS.contains(&self.kind.as_str()) && self.name.eq_ignore_ascii_case(host)
    }
}

/// What the headers `Ratelimit` and `Ratelimit-Policy` said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Calls that are left in this window.
    pub remaining: u32,
    /// Seconds until the window ends; 0 when the answer does not say.
    pub resets_in: u32,
    /// Calls that a window has; `None` when the answer does not say.
    pub limit: Option<u32>,
}

/// The zone at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderSeen {
    /// The zone that holds the hosts.
    pub zone: Zone,
    /// All of its records, of every type and owner.
    pub records: Vec<Record>,
}

/// Why the provider could not be asked, or what it refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderFailure {
    /// What went wrong, without the token.
    pub message: String,
    /// Why, as far as the provider's own rules tell it; `None` where there is nothing to add.
    pub cause: Option<String>,
    /// The next step.
    pub hint: String,
    /// The same as data: checks are told apart by it, never by the text.
    pub error: Fault,
}

/// What a credential may do beyond its own zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excess {
    /// What it may do, as it stands after "may".
    pub may: String,
    /// What showed it, and why it is so.
    pub cause: String,
    /// The step that narrows it, in the provider's own words.
    pub cure: String,
}
