//! The provider's API, whichever it is.

use std::time::Duration;

use super::{Keyring, cloudflare, failure};
use crate::config::{Config, Provider};
use crate::evidence::{Budget, Fault, ProviderFailure, Record, Zone};

/// A client with the provider's credentials.
#[derive(Debug, Clone)]
pub enum Client {
    /// Cloudflare's API.
    Cloudflare(cloudflare::Client),
    /// A provider of the tests.
    #[cfg(test)]
    Paper(super::paper::Client),
}

impl Client {
    /// A client for the provider that the configuration names. Nothing is sent yet.
    ///
    /// # Errors
    /// When there can be none, for example for want of a TLS configuration.
    pub fn new(config: &Config, keyring: &Keyring) -> Result<Self, Fault> {
        match config.dns.provider {
            Provider::Cloudflare => cloudflare::Client::of(keyring).map(Self::Cloudflare),
            #[cfg(test)]
            Provider::Paper => Ok(Self::Paper(super::paper::Client::new())),
        }
    }

    /// The same with another time limit for each call.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        match self {
            Self::Cloudflare(client) => Self::Cloudflare(client.deadline(deadline)),
            #[cfg(test)]
            Self::Paper(client) => Self::Paper(client),
        }
    }

    /// Calls that are left, as the last answer said; `None` where it did not say.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        match self {
            Self::Cloudflare(client) => client.budget(),
            #[cfg(test)]
            Self::Paper(_) => None,
        }
    }

    /// Proves that the credential is good and sees the zone of a domain, which must be served.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn check(&self, domain: &str) -> Result<Zone, Fault> {
        match self {
            Self::Cloudflare(client) => client.check(domain).await,
            #[cfg(test)]
            Self::Paper(client) => client.check(domain),
        }
    }

    /// All records of a zone, or those of one name.
    ///
    /// # Errors
    /// When they cannot be read to their end.
    pub async fn records(&self, zone: &Zone, name: Option<&str>) -> Result<Vec<Record>, Fault> {
        match self {
            Self::Cloudflare(client) => client.records(zone, name).await,
            #[cfg(test)]
            Self::Paper(client) => client.records(zone),
        }
    }

    /// Proves that the credential may change the zone: makes a scratch record and removes it.
    ///
    /// # Errors
    /// When it may not, or what was made could not be removed.
    pub async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        match self {
            Self::Cloudflare(client) => client.prove_edit(zone).await,
            #[cfg(test)]
            Self::Paper(_) => Ok(()),
        }
    }

    /// Which provider it is.
    #[must_use]
    pub fn provider(&self) -> Provider {
        match self {
            Self::Cloudflare(_) => Provider::Cloudflare,
            #[cfg(test)]
            Self::Paper(_) => Provider::Paper,
        }
    }

    /// A fault of this provider, with its words.
    #[must_use]
    pub fn failure(&self, fault: Fault) -> ProviderFailure {
        failure(self.provider(), fault)
    }
}
