//! The account at the provider, and which of its zones are meant.

use std::fmt;

use futures::future::{BoxFuture, FutureExt, try_join_all};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::collect;
use crate::commands::planned::refused;
use crate::config::{Config, Organisation, meant_organisation};
use crate::error::{Error, Result};
use crate::evidence::{AboveSeen, AccountZone, Fault, Zone};
use crate::facts::names::{endings, is_within};
use crate::machine::token;
use crate::plan::zones::Origin;
use crate::provider::{self, Client, Price, ZoneApi, Zones};

/// How many zones are looked at at once.
const AT_ONCE: usize = 3;

/// What the provider does with zones.
///
/// # Errors
/// Where homelab makes no zones there.
pub(super) fn zones_of(config: &Config) -> Result<&'static Zones> {
    let provider = config.dns.provider;
    provider::traits_of(provider).zones.ok_or_else(|| {
        Error::usage(format!("homelab makes no zones at {}", provider::words(provider).name))
            .because(format!("`dns.provider` is `{}`", provider.facts().key))
            .hint("make the zone by hand there; docs/organisations.md says which providers have zones for organisations")
    })
}

/// The organisation that is meant.
///
/// # Errors
/// Where the configuration has none of this name.
pub(super) fn organisation<'c>(config: &'c Config, name: &str) -> Result<&'c Organisation> {
    config.organisations.iter().find(|one| one.name == name).ok_or_else(|| {
        let hint = meant_organisation(name, &config.organisations)
            .unwrap_or_else(|| "add it to `organisations` first: docs/organisations.md".to_owned());
        Error::usage(format!("the configuration has no organisation `{name}`")).hint(hint)
    })
}

/// Asks public DNS what is above a name.
type World = Box<dyn Fn(String) -> BoxFuture<'static, Result<AboveSeen, String>> + Send + Sync>;

/// What is known of the zone in which a name is to be delegated.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Above {
    /// The account has it: the world finds the name there.
    Own(Zone),
    /// It is in another account or at another provider, as the world says. The account may have one of the same name, which
    /// nobody asks.
    Elsewhere { seen: AboveSeen, namesake: Option<Zone> },
    /// The account has none that could be it, and public DNS could not be asked for another one.
    Nowhere(String),
    /// The account has one that may be it, but public DNS could not be asked whether it is, and why.
    Unsure(Zone, String),
}

/// The account, as the credential of the configuration opens it.
pub(super) struct Account {
    pub(super) client: Client,
    pub(super) price: Price,
    /// Every zone, without tags and records.
    pub(super) zones: Vec<AccountZone>,
    pub(super) world: World,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("client", &self.client)
            .field("zones", &self.zones)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// Looks into it.
    ///
    /// # Errors
    /// What the provider refuses.
    pub(super) async fn open(config: &Config) -> Result<Self> {
        let (provider, price) = (config.dns.provider, zones_of(config)?.price);
        let client = Client::new(config, &token::read(config)?).map_err(|fault| refused(provider, fault))?;
        let zones = async { client.zones()?.all().await }.await;
        let zones = zones.map_err(|fault| refused(provider, fault))?;
        let asks = config.clone();
        let world: World = Box::new(move |name| {
            let config = asks.clone();
            async move { collect::above(&config, &name).await }.boxed()
        });
        Ok(Self { client, price, zones, world })
    }

    /// The calls about zones.
    pub(super) fn api(&self) -> Result<&dyn ZoneApi> {
        self.client.zones().map_err(|fault| self.refused(fault))
    }

    /// A refusal, in words.
    pub(super) fn refused(&self, fault: Fault) -> Error {
        refused(self.client.provider(), fault)
    }

    /// The zones below a domain, in the order of their names. Those that homelab made have their tags and records.
    ///
    /// # Errors
    /// When the tags of one cannot be read. Records that cannot be read are none.
    pub(super) async fn below(&self, domain: &str) -> Result<Vec<AccountZone>> {
        let is_below = |one: &&AccountZone| is_within(&one.zone.name, domain) && one.zone.name != domain;
        let looks = self.zones.iter().filter(is_below).map(|zone| self.whole(zone));
        // Providers count calls, and each of these is several.
        let found = stream::iter(looks).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await;
        let mut found = found.map_err(|fault| self.refused(fault))?;
        found.sort_by(|a, b| (&a.zone.name, &a.zone.id).cmp(&(&b.zone.name, &b.zone.id)));
        Ok(found)
    }

    /// The same zone with its tags and records.
    pub(super) async fn whole(&self, seen: &AccountZone) -> Result<AccountZone, Fault> {
        if Origin::read(&seen.reference).is_none() {
            return Ok(seen.clone());
        }
        let tags = self.client.zones()?.tags(&seen.zone).await?;
        let records = self.client.records(&seen.zone, None).await.ok();
        let zone = self.with_servers(&seen.zone).await?;
        Ok(AccountZone { zone, tags, records, ..seen.clone() })
    }

    /// The public zones of a name.
    pub(super) fn of_name(&self, name: &str) -> Vec<&AccountZone> {
        let is_it = |one: &&AccountZone| !one.is_private && one.zone.name.eq_ignore_ascii_case(name);
        self.zones.iter().filter(is_it).collect()
    }

    /// The public zone of a name, if there is one.
    ///
    /// # Errors
    /// Where there are two: only a person knows which of both the world asks.
    pub(super) fn only(&self, name: &str) -> std::result::Result<Option<&Zone>, Fault> {
        match self.of_name(name).as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(&one.zone)),
            several => {
                let ids = several.iter().map(|one| one.zone.id.clone()).collect();
                Err(Fault::SeveralZones { name: name.to_owned(), ids })
            }
        }
    }

    /// The zone in which a name is delegated: that of this account, if the world finds the name there.
    ///
    /// # Errors
    /// Where the account has two that could be it, or one of them cannot be read.
    pub(super) async fn above(&self, name: &str) -> Result<Above> {
        let seen = match (self.world)(name.to_owned()).await {
            Ok(seen) => seen,
            Err(why) => {
                return Ok(match self.candidate(name)? {
                    Some(zone) => Above::Unsure(zone.clone(), why),
                    None => Above::Nowhere(why),
                });
            }
        };
        let of_name = self.of_name(&seen.zone);
        let read = of_name.iter().map(|one| self.with_servers(&one.zone));
        let read = try_join_all(read).await.map_err(|fault| self.refused(fault))?;
        let namesake = read.first().cloned();
        let (mut asked, unasked): (Vec<Zone>, Vec<Zone>) = read.into_iter().partition(|zone| seen.is(zone));
        Ok(match (asked.pop(), asked.is_empty()) {
            (Some(zone), true) => Above::Own(zone),
            (Some(zone), false) => {
                let ids = asked.into_iter().chain([zone]).chain(unasked).map(|one| one.id).collect();
                return Err(self.refused(Fault::SeveralZones { name: seen.zone, ids }));
            }
            (None, _) => Above::Elsewhere { seen, namesake },
        })
    }

    /// The same zone with the name servers that it was given.
    pub(super) async fn with_servers(&self, zone: &Zone) -> std::result::Result<Zone, Fault> {
        let name_servers = self.client.zones()?.servers(zone).await?;
        Ok(Zone { name_servers, ..zone.clone() })
    }

    /// The public zone of this account in which the name would be delegated.
    ///
    /// # Errors
    /// Where it has two of that name.
    fn candidate(&self, name: &str) -> Result<Option<&Zone>> {
        let found = endings(name).iter().skip(1).find_map(|ending| self.only(ending).transpose());
        found.transpose().map_err(|fault| self.refused(fault))
    }
}
