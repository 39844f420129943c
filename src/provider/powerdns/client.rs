//! The calls that only read.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::answers::{ZoneSeen, undotted};
use super::keys::API_KEY;
use crate::config::{Config, ParentRecord};
use crate::evidence::{Budget, Fault, Permission, Record, Transport, Zone};
use crate::facts::names::endings;
use crate::facts::secret::Secret;
use crate::net::tls_client_config;
use crate::provider::call::Call;
use crate::provider::credentials::Keyring;
use crate::provider::rfc2136;
use crate::provider::traits::Api;
use crate::provider::tsig::Key;

/// How long one call may take, its retries counted: the server is near.
const DEADLINE: Duration = Duration::from_secs(10);
/// The one server that an API of the authoritative server has (docs/http-api/server.rst).
const SERVER: &str = "api/v1/servers/localhost/";

/// A client for one API key.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) http: reqwest::Client,
    /// Where the server's part of the API begins.
    pub(super) base: Url,
    pub(super) api_key: Secret,
    /// The key that cert-manager signs with.
    pub(super) tsig: Key,
    /// The same server as cert-manager sees it.
    pub(super) updates: Arc<dyn Api>,
    pub(super) deadline: Duration,
}

/// A client for the two keys of a keyring.
pub(super) fn of_keyring(config: &Config, keyring: &Keyring) -> Result<Arc<dyn Api>, Fault> {
    Ok(Arc::new(Client::new(config, keyring)?))
}

impl Client {
    pub(super) fn new(config: &Config, keyring: &Keyring) -> Result<Self, Fault> {
        let server = config.dns.server.as_deref().unwrap_or_default();
        let signing = config.dns.tsig.as_ref().ok_or_else(|| unsent("it has no name server".into()))?;
        let tsig = Key::of(keyring, signing)?;
        let updates = (rfc2136::TRAITS.client)(config, keyring)?;
        let api_key = keyring.get(API_KEY).ok_or_else(|| unsent("there is no API key".into()))?.clone();
        let base = Url::parse(&format!("{}/{SERVER}", server.trim_end_matches('/')))
            .map_err(|error| unsent(error.to_string()))?;
        let mut header = HeaderValue::from_str(api_key.expose())
            .map_err(|_| unsent("the API key cannot be sent".into()))?;
        header.set_sensitive(true);
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_client_config().map_err(|error| unsent(error.to_string()))?)
            .default_headers(HeaderMap::from_iter([(HeaderName::from_static("x-api-key"), header)]))
            // A redirect would carry the key elsewhere; a server of the house is not behind the proxy to the internet.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("homelab/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unsent(error.without_url().to_string()))?;
        Ok(Self { http, base, api_key, tsig, updates, deadline: DEADLINE })
    }

    /// Proves that the key is good, that the server has the zone of a domain itself, and that cert-manager can write to it.
    pub(super) async fn check(&self, domain: &str) -> Result<Zone, Fault> {
        let zones: Vec<ZoneSeen> =
            self.read(Call::new(Method::GET, "zones", Permission::ZoneRead).query("dnssec", "false")).await?;
        let tried = endings(domain);
        let found = tried.iter().find_map(|name| zones.iter().find(|zone| undotted(&zone.name) == *name));
        let Some(found) = found else {
            let sees = zones.iter().map(|zone| undotted(&zone.name)).collect();
            return Err(Fault::NoZone { tried, sees });
        };
        let zone = found.clone().writable()?;
        self.takes_updates(&zone).await?;
        Ok(zone)
    }

    /// All records of a zone that the server answers with, or those of one name.
    pub(super) async fn records(&self, zone: &Zone, name: Option<&str>) -> Result<Vec<Record>, Fault> {
        let seen = self.zone(zone, name).await?;
        Ok(seen.rrsets.iter().flat_map(|rrset| rrset.records()).collect())
    }

    /// A zone with all its records, or those of one name.
    pub(super) async fn zone(&self, zone: &Zone, name: Option<&str>) -> Result<ZoneSeen, Fault> {
        let mut call = Call::new(Method::GET, &format!("zones/{}", zone.id), Permission::DnsRead);
        if let Some(name) = name {
            // Servers before 4.7 do not know it, and give all.
            call = call.query("rrset_name", &format!("{}.", name.trim_end_matches('.')));
        }
        let mut seen: ZoneSeen = self.read(call).await?;
        let wanted = name.map(undotted);
        seen.rrsets.retain(|rrset| wanted.as_ref().is_none_or(|wanted| undotted(&rrset.name) == *wanted));
        Ok(seen)
    }
}

impl Api for Client {
    fn within(&self, deadline: Duration) -> Arc<dyn Api> {
        Arc::new(Self { deadline, ..self.clone() })
    }

    fn budget(&self) -> Option<Budget> {
        None
    }

    fn check<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Zone, Fault>> {
        self.check(domain).boxed()
    }

    fn records<'a>(
        &'a self,
        zone: &'a Zone,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<Record>, Fault>> {
        self.records(zone, name).boxed()
    }

    fn prove_edit<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<(), Fault>> {
        self.prove_edit(zone).boxed()
    }

    fn enter<'a>(&'a self, zone: &'a Zone, record: &'a ParentRecord) -> BoxFuture<'a, Result<(), Fault>> {
        self.enter(zone, record).boxed()
    }

    fn take_out<'a>(&'a self, zone: &'a Zone, record: &'a Record) -> BoxFuture<'a, Result<(), Fault>> {
        self.take_out(zone, record).boxed()
    }
}

/// Why nothing can be sent.
fn unsent(why: String) -> Fault {
    Fault::Transport { host: "the PowerDNS API".into(), cause: Transport::Other(why) }
}

#[cfg(test)]
mod tests;
