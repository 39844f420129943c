//! The calls that only read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, try_join_all};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::envelope::{TokenStatus, Verified};
use crate::config::{Config, ParentRecord};
use crate::evidence::{Budget, Fault, Permission, Record, Transport, Zone};
use crate::facts::names;
use crate::facts::secret::Secret;
use crate::net::tls_client_config;
use crate::provider::call::Call;
use crate::provider::credentials::{Keyring, TOKEN_KEY};
use crate::provider::traits::Api;
use crate::provider::tunnels::TunnelApi;

/// Where the API is, unless a test or a proxy says otherwise.
pub(super) const BASE: &str = "https://api.cloudflare.com/client/v4/";

/// How long one call may take, its retries counted.
const DEADLINE: Duration = Duration::from_secs(20);

/// Records asked for at once; the API allows far more, the answer stays small.
const PER_PAGE: usize = 1000;

/// How many pages are read: no plan has room for so many records (developers.cloudflare.com/dns, "Limits").
const MOST_PAGES: u32 = 100;

/// A client for one token.
#[derive(Debug, Clone)]
pub(in crate::provider) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    pub(super) token: Secret,
    pub(super) deadline: Duration,
    pub(super) budget: Arc<Mutex<Option<Budget>>>,
}

/// A client for the token of a keyring.
pub(super) fn of_keyring(_: &Config, keyring: &Keyring) -> Result<Arc<dyn Api>, Fault> {
    let token = keyring.get(TOKEN_KEY).ok_or_else(|| unsent("there is no token".into()))?;
    Ok(Arc::new(Client::new(token, None)?))
}

impl Client {
    /// A client for the API at `base`, Cloudflare's own by default.
    pub(in crate::provider) fn new(token: &Secret, base: Option<Url>) -> Result<Self, Fault> {
        let mut base = match base {
            Some(base) => base,
            None => Url::parse(BASE).map_err(|error| unsent(error.to_string()))?,
        };
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map_err(|_| unsent("the token cannot be sent".into()))?;
        authorization.set_sensitive(true);
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_client_config().map_err(|error| unsent(error.to_string()))?)
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
            // A redirect would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("homelab/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unsent(error.without_url().to_string()))?;
        Ok(Self { http, base, token: token.clone(), deadline: DEADLINE, budget: Arc::default() })
    }

    /// Proves that the token is good and sees the zone of a domain, which must be active.
    ///
    /// Tokens that an account owns are unknown to `user/tokens/verify`; seeing the zone proves as much.
    pub(super) async fn check(&self, domain: &str) -> Result<Zone, Fault> {
        let (verified, zone) = futures::join!(self.verify(), self.find_zone(domain));
        match (verified, zone) {
            (Ok(()) | Err(Fault::InvalidToken), Ok(zone)) => zone.require_active(),
            (Err(error), Ok(zone)) if error.is_transient() => zone.require_active(),
            // The token was let in, only not to this: that says more than "unknown here".
            (
                Err(Fault::InvalidToken),
                Err(error @ (Fault::NoZone { .. } | Fault::MissingPermission { .. })),
            ) => Err(error),
            (Err(error), _) | (Ok(()), Err(error)) => Err(error),
        }
    }

    /// Asks whether a user's token is active.
    async fn verify(&self) -> Result<(), Fault> {
        let call = Call::new(Method::GET, "user/tokens/verify", Permission::Any);
        let verified: Verified = self.send(call).await?.result()?;
        match verified.status {
            TokenStatus::Active => match verified.not_before.filter(|from| *from > Timestamp::now()) {
                Some(from) => Err(Fault::NotYetValid { from }),
                None => Ok(()),
            },
            TokenStatus::Disabled => Err(Fault::Disabled),
            TokenStatus::Expired => Err(Fault::Expired { on: verified.expires_on }),
            TokenStatus::Other => match verified.not_before {
                Some(from) => Err(Fault::NotYetValid { from }),
                None => Err(Fault::InvalidToken),
            },
        }
    }

    /// Finds the zone that holds a domain: the longest of its endings that the token sees. Never a top-level domain.
    async fn find_zone(&self, domain: &str) -> Result<Zone, Fault> {
        let tried = endings(domain);
        let found = try_join_all(tried.iter().map(|name| async move {
            let call = Call::new(Method::GET, "zones", Permission::ZoneRead).query("name", name);
            let zones: Vec<Zone> = self.send(call).await?.result()?;
            Ok::<_, Fault>(zones.into_iter().find(|zone| zone.name.eq_ignore_ascii_case(name)))
        }))
        .await?;
        match found.into_iter().flatten().next() {
            Some(zone) => Ok(zone),
            None => Err(Fault::NoZone { tried, sees: self.zone_names().await }),
        }
    }

    /// The zones that the token sees, one page of them; nothing when they cannot be listed.
    async fn zone_names(&self) -> Vec<String> {
        let call = Call::new(Method::GET, "zones", Permission::ZoneRead).query("per_page", "50");
        let zones = self.send(call).await.and_then(|answer| answer.result::<Vec<Zone>>());
        zones.unwrap_or_default().into_iter().map(|zone| zone.name).collect()
    }

    /// All records of a zone, or those of one name.
    pub(super) async fn records(&self, zone: &Zone, name: Option<&str>) -> Result<Vec<Record>, Fault> {
        let mut records = Vec::new();
        for page in 1..=MOST_PAGES {
            let mut call =
                Call::new(Method::GET, &format!("zones/{}/dns_records", zone.id), Permission::DnsRead)
                    .query("per_page", &PER_PAGE.to_string())
                    .query("page", &page.to_string());
            if let Some(name) = name {
                call = call.query("name", name);
            }
            let answer = self.send(call).await?;
            let pages = answer.pages();
            let found: Vec<Record> = answer.result()?;
            let empty = found.is_empty();
            records.extend(found);
            if empty || page >= pages {
                break;
            }
        }
        Ok(records)
    }
}

impl Api for Client {
    fn within(&self, deadline: Duration) -> Arc<dyn Api> {
        Arc::new(Self { deadline, ..self.clone() })
    }

    fn budget(&self) -> Option<Budget> {
        *self.budget.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn tunnels(&self) -> Option<&dyn TunnelApi> {
        Some(self)
    }
}

/// Why nothing can be sent.
fn unsent(why: String) -> Fault {
    Fault::Transport { host: "the Cloudflare API".into(), cause: Transport::Other(why) }
}

impl Zone {
    fn require_active(self) -> Result<Self, Fault> {
        match self.status.as_str() {
            "active" => Ok(self),
            _ => {
                Err(Fault::ZoneNotActive { name: self.name, status: self.status, servers: self.name_servers })
            }
        }
    }
}

/// The zones that a domain can be in, longest first: never a top-level domain.
fn endings(domain: &str) -> Vec<String> {
    names::endings(domain).into_iter().filter(|name| name.contains('.')).collect()
}

#[cfg(test)]
mod tests;
