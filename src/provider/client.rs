//! The provider's API, whichever it is.

use std::sync::Arc;
use std::time::Duration;

use super::members::MemberApi;
use super::traits::Api;
use super::tunnels::TunnelApi;
use super::zones::ZoneApi;
use super::{Keyring, failure, traits_of};
use crate::config::{Config, ParentRecord, Provider};
use crate::evidence::{Budget, Excess, Fault, ProviderFailure, Record, Zone};

/// A client with the provider's credentials.
#[derive(Debug, Clone)]
pub struct Client {
    provider: Provider,
    api: Arc<dyn Api>,
}

impl Client {
    /// A client for the provider that the configuration names. Nothing is sent yet.
    ///
    /// # Errors
    /// When there can be none, for example for want of a TLS configuration.
    pub fn new(config: &Config, keyring: &Keyring) -> Result<Self, Fault> {
        let provider = config.dns.provider;
        Ok(Self { provider, api: (traits_of(provider).client)(config, keyring)? })
    }

    /// One that asks a server of the tests in place of Cloudflare's.
    #[cfg(test)]
    pub(crate) fn at_cloudflare(base: reqwest::Url) -> Self {
        let token = crate::facts::secret::Secret::new("tok").unwrap();
        let client = super::cloudflare::Client::new(&token, Some(base)).unwrap();
        Self { provider: Provider::Cloudflare, api: Arc::new(client) }
    }

    /// The same with another time limit for each call.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { api: self.api.within(deadline), ..self }
    }

    /// Calls that are left, as the last answer said; `None` where it did not say.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        self.api.budget()
    }

    /// Proves that the credential is good and sees the zone of a domain, which must be served.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn check(&self, domain: &str) -> Result<Zone, Fault> {
        self.api.check(domain).await
    }

    /// The same for the zone of exactly this name. `own` is the client of the lab, which may see what this one may not: that only
    /// a zone above is there.
    ///
    /// # Errors
    /// Whatever stands in the way, [`Fault::NoZone`] where a zone above answers.
    pub async fn check_zone(&self, name: &str, own: Option<&Self>) -> Result<Zone, Fault> {
        let none = || Fault::NoZone { tried: vec![name.to_owned()], sees: Vec::new() };
        match self.check(name).await {
            Ok(zone) if zone.name == name => Ok(zone),
            Ok(_) | Err(Fault::NoZone { .. }) => Err(none()),
            Err(fault @ (Fault::MissingPermission { .. } | Fault::Unprepared { .. })) => {
                let Some(own) = own else { return Err(fault) };
                let is_above = own.check(name).await.is_ok_and(|zone| zone.name != name);
                Err(if is_above { none() } else { fault })
            }
            Err(fault) => Err(fault),
        }
    }

    /// All records of a zone, or those of one name.
    ///
    /// # Errors
    /// When they cannot be read to their end.
    pub async fn records(&self, zone: &Zone, name: Option<&str>) -> Result<Vec<Record>, Fault> {
        self.api.records(zone, name).await
    }

    /// Proves that the credential may change the zone: makes a scratch record and removes it.
    ///
    /// # Errors
    /// When it may not, or what was made could not be removed.
    pub async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        self.api.prove_edit(zone).await
    }

    /// What the credential may do beyond this zone, or why that is not known; `None` where the provider does not tell. Nothing
    /// is written.
    pub async fn excess(&self, zone: &Zone) -> Option<Result<Option<Excess>, Fault>> {
        Some(self.api.excess(zone)?.await)
    }

    /// Adds a record of a delegation, whose name has none of its type.
    ///
    /// # Errors
    /// When it is refused, or may not have arrived.
    pub async fn enter(&self, zone: &Zone, record: &ParentRecord) -> Result<(), Fault> {
        self.api.enter(zone, record).await
    }

    /// Deletes this record, and no other one.
    ///
    /// # Errors
    /// When it is refused, or may not have arrived.
    pub async fn take_out(&self, zone: &Zone, record: &Record) -> Result<(), Fault> {
        self.api.take_out(zone, record).await
    }

    /// The calls about tunnels.
    ///
    /// # Errors
    /// Where the provider has none.
    pub fn tunnels(&self) -> Result<&dyn TunnelApi, Fault> {
        self.api.tunnels().ok_or_else(|| Fault::Unexpected { what: "it has no tunnels".into() })
    }

    /// The calls about zones.
    ///
    /// # Errors
    /// Where homelab makes none there.
    pub fn zones(&self) -> Result<&dyn ZoneApi, Fault> {
        self.api.zones().ok_or_else(|| Fault::Unexpected { what: "homelab makes no zones there".into() })
    }

    /// The calls about users.
    ///
    /// # Errors
    /// Where homelab makes none there.
    pub fn members(&self) -> Result<&dyn MemberApi, Fault> {
        self.api.members().ok_or_else(|| Fault::Unexpected { what: "homelab makes no users there".into() })
    }

    /// Which provider it is.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// A fault of this provider, with its words.
    #[must_use]
    pub fn failure(&self, fault: Fault) -> ProviderFailure {
        failure(self.provider, fault)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{BoxFuture, FutureExt, ready};

    use super::*;

    /// An API that answers a check alone.
    #[derive(Debug, Clone)]
    struct Answer(Result<Zone, Fault>);

    impl Api for Answer {
        fn within(&self, _: Duration) -> Arc<dyn Api> {
            Arc::new(self.clone())
        }

        fn budget(&self) -> Option<Budget> {
            None
        }

        fn check<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Zone, Fault>> {
            ready(self.0.clone()).boxed()
        }

        fn records<'a>(
            &'a self,
            _: &'a Zone,
            _: Option<&'a str>,
        ) -> BoxFuture<'a, Result<Vec<Record>, Fault>> {
            ready(Ok(Vec::new())).boxed()
        }

        fn prove_edit<'a>(&'a self, _: &'a Zone) -> BoxFuture<'a, Result<(), Fault>> {
            ready(Ok(())).boxed()
        }

        fn enter<'a>(&'a self, _: &'a Zone, _: &'a ParentRecord) -> BoxFuture<'a, Result<(), Fault>> {
            ready(Ok(())).boxed()
        }

        fn take_out<'a>(&'a self, _: &'a Zone, _: &'a Record) -> BoxFuture<'a, Result<(), Fault>> {
            ready(Ok(())).boxed()
        }
    }

    fn answering(answer: Result<Zone, Fault>) -> Client {
        Client { provider: Provider::default(), api: Arc::new(Answer(answer)) }
    }

    fn named(name: &str) -> Client {
        answering(Ok(Zone { name: name.to_owned(), ..Zone::default() }))
    }

    #[tokio::test]
    async fn a_key_that_may_not_read_the_zone_above_does_not_hide_that_its_own_zone_is_gone() {
        let refused =
            Fault::Unprepared { what: "the key may not read `example.com`".into(), cure: "allow it".into() };
        let key = answering(Err(refused.clone()));
        let name = "acme.example.com";
        let gone = key.check_zone(name, Some(&named("example.com"))).await;
        assert!(matches!(gone, Err(Fault::NoZone { .. })), "{gone:?}");
        // The zone is there: then the right is what is missing.
        assert_eq!(key.check_zone(name, Some(&named(name))).await, Err(refused.clone()));
        assert_eq!(key.check_zone(name, None).await, Err(refused));
    }
}
