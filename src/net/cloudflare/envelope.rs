//! The JSON of the API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::Error;

/// A zone that the token sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Cloudflare's own id, as paths have it: `zones/ID/dns_records`.
    pub id: String,
    /// The domain, for example `example.com`.
    pub name: String,
    /// `active`, or what it waits for, such as `pending`; empty when the answer has none.
    #[serde(default)]
    pub status: String,
    /// Cloudflare's name servers for the zone, which the registrar should name.
    #[serde(default)]
    pub name_servers: Vec<String>,
    /// When it was added to Cloudflare; `None` when the answer does not say.
    #[serde(default)]
    pub created_on: Option<Timestamp>,
    /// What is paid for it; `None` when the answer does not say.
    #[serde(default)]
    pub plan: Option<Plan>,
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
    /// Cloudflare's own id, by which it is removed.
    pub id: String,
    /// The full name, the zone included.
    pub name: String,
    /// In capitals: `A`, `CNAME`, `TXT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// An address, a target or a text; [`Record::text`] takes the quotes off a text.
    #[serde(default)]
    pub content: String,
    /// Whether Cloudflare answers with its own addresses in place of the content.
    #[serde(default)]
    pub proxied: bool,
    /// Seconds; 1 leaves it to Cloudflare, 0 when the answer has none.
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TokenStatus {
    Active,
    Disabled,
    Expired,
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Verified {
    pub(super) status: TokenStatus,
    #[serde(default)]
    pub(super) expires_on: Option<Timestamp>,
    #[serde(default)]
    pub(super) not_before: Option<Timestamp>,
}

/// What every answer is wrapped in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Envelope {
    #[serde(default)]
    pub(super) success: bool,
    #[serde(default)]
    pub(super) errors: Vec<ApiError>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    result_info: Option<ResultInfo>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ApiError {
    #[serde(default)]
    pub(super) code: u32,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) error_chain: Vec<ApiError>,
}

#[derive(Debug, Deserialize)]
struct ResultInfo {
    #[serde(default)]
    total_pages: u32,
}

impl Envelope {
    /// The pages there are, at least one.
    pub(super) fn pages(&self) -> u32 {
        self.result_info.as_ref().map_or(1, |info| info.total_pages.max(1))
    }

    /// The result as what was asked for.
    pub(super) fn result<T: DeserializeOwned>(self) -> Result<T, Error> {
        serde_json::from_value(self.result).map_err(|error| Error::Unexpected { what: error.to_string() })
    }
}
