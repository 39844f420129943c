//! The zones of organisations, and whether public DNS leads there.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Evidence, ParentSeen, ProviderFailure, TokenSeen, Zone};
use crate::facts::names::is_within;

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenOwner {
    /// That of the lab, which may write into every zone.
    Lab,
    /// That of the organisation of this name.
    Organisation(String),
}

/// The zone of one organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OrganisationSeen {
    /// Its name.
    pub name: String,
    /// The name of its zone.
    pub zone: String,
    /// Its namespaces, in order.
    pub namespaces: Vec<String>,
    /// Its token without the value; `None` when it was not looked for.
    pub token: Option<TokenSeen>,
    /// Who else has the same token.
    pub shared_with: Option<TokenOwner>,
    /// The zone as the provider has it, by the organisation's own credential, or why it does not show it; `None` when it was not
    /// asked.
    pub provider: Option<Result<Zone, ProviderFailure>>,
    /// The name servers that the zone above refers to, or why they are not known; `None` when nobody was asked.
    pub delegation: Option<Result<ParentSeen, String>>,
    /// Whether each of these has the zone, or why it says nothing, by their names.
    pub servers: Vec<(String, Result<bool, String>)>,
}

/// The zone in which the world finds the name of another one. Names are in lower case, without the final dot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AboveSeen {
    /// Its name.
    pub zone: String,
    /// Its own name servers.
    pub servers: BTreeSet<String>,
    /// Those to which it leads for the name below it; none where it leads nowhere.
    pub leads: BTreeSet<String>,
}

impl AboveSeen {
    /// Whether a zone of this name with these servers is the one that was seen. Two zones of one name never have a server in
    /// common at a provider that makes several.
    #[must_use]
    pub fn is(&self, zone: &Zone) -> bool {
        let plain = |server: &String| server.trim_end_matches('.').to_ascii_lowercase();
        self.zone.eq_ignore_ascii_case(&zone.name)
            && zone.name_servers.iter().any(|server| self.servers.contains(&plain(server)))
    }
}

impl Evidence {
    /// The organisation in whose zone a name lies.
    #[must_use]
    pub fn organisation_of(&self, name: &str) -> Option<&OrganisationSeen> {
        self.organisations.iter().find(|one| is_within(name, &one.zone))
    }
}
