//! The JSON of the API.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::evidence::Fault;

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
    pub(super) fn result<T: DeserializeOwned>(self) -> Result<T, Fault> {
        serde_json::from_value(self.result).map_err(|error| Fault::Unexpected { what: error.to_string() })
    }
}
