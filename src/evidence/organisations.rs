//! The zones of organisations, and whether public DNS leads there.

use serde::Serialize;

use super::{Evidence, ParentSeen, ProviderFailure, Zone};
use crate::facts::names::is_within;

/// The zone of one organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OrganisationSeen {
    /// Its name.
    pub name: String,
    /// The name of its zone.
    pub zone: String,
    /// Its namespaces, in order.
    pub namespaces: Vec<String>,
    /// The zone as the provider has it, by the organisation's own credential, or why it does not show it; `None` when it was not
    /// asked.
    pub provider: Option<Result<Zone, ProviderFailure>>,
    /// The name servers that the zone above refers to, or why they are not known; `None` when nobody was asked.
    pub delegation: Option<Result<ParentSeen, String>>,
    /// Whether each of these has the zone, or why it says nothing, by their names.
    pub servers: Vec<(String, Result<bool, String>)>,
}

impl Evidence {
    /// The organisation in whose zone a name lies.
    #[must_use]
    pub fn organisation_of(&self, name: &str) -> Option<&OrganisationSeen> {
        self.organisations.iter().find(|one| is_within(name, &one.zone))
    }
}
