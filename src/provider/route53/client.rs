//! The calls that only read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_route53::types::{HostedZone, ResourceRecordSet};
use futures::future::{BoxFuture, FutureExt};

use super::answers::{id, is_private, plain, records, zone};
use super::keys::SECRET_ACCESS_KEY;
use super::refusal::{Asked, Service};
use super::sdk::{self, limits, patience};
use crate::config::{Config, ParentRecord};
use crate::evidence::{Budget, Excess, Fault, Record, Zone};
use crate::facts::names::endings;
use crate::facts::secret::Secret;
use crate::provider::credentials::Keyring;
use crate::provider::members::MemberApi;
use crate::provider::traits::Api;
use crate::provider::zones::ZoneApi;

/// How long one call may take, its retries counted.
const DEADLINE: Duration = Duration::from_secs(20);
/// How many pages are read: 10,000 zones, 30,000 sets of records.
const MOST_PAGES: u32 = 100;

/// A client for one access key.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) sdk: aws_sdk_route53::Client,
    /// Users, whose rights and keys are at another service.
    pub(super) users: aws_sdk_iam::Client,
    /// Nothing of the API's text is told with it in.
    pub(super) secret: Option<Secret>,
}

/// A client for the access key of a keyring.
pub(super) fn of_keyring(_: &Config, keyring: &Keyring) -> Result<Arc<dyn Api>, Fault> {
    Ok(Arc::new(Client::new(keyring, &sdk::config(keyring, DEADLINE)?)))
}

impl Client {
    fn new(keyring: &Keyring, config: &aws_types::SdkConfig) -> Self {
        Self {
            sdk: aws_sdk_route53::Client::new(config),
            users: aws_sdk_iam::Client::new(config),
            secret: keyring.get(SECRET_ACCESS_KEY).cloned(),
        }
    }

    /// What a refusal of a call means.
    pub(super) fn asked<'a>(&'a self, action: &'static str, zone: Option<&'a str>) -> Asked<'a> {
        Asked { service: Service::Zones, action, zone, secret: self.secret.as_ref() }
    }

    /// Proves that the key is good, that there is one public zone for a domain, and that its records can be read.
    pub(super) async fn check(&self, domain: &str) -> Result<Zone, Fault> {
        let found = the_zone(&self.zones().await?, domain)?;
        let apex = self.records(&found, Some(&found.name)).await?;
        let servers = apex.into_iter().filter(|record| record.kind == "NS").map(|record| record.content);
        Ok(Zone { name_servers: servers.collect(), ..found })
    }

    /// All zones of the account.
    pub(super) async fn zones(&self) -> Result<Vec<HostedZone>, Fault> {
        let mut zones = Vec::new();
        let mut marker = None;
        for _ in 0..MOST_PAGES {
            let page = self.sdk.list_hosted_zones().set_marker(marker).send().await;
            let page = page.map_err(|error| self.asked("ListHostedZones", None).fault(error))?;
            marker = page.next_marker;
            zones.extend(page.hosted_zones);
            if marker.is_none() {
                break;
            }
        }
        Ok(zones)
    }

    /// All records of a zone, or those of one name.
    pub(super) async fn records(&self, zone: &Zone, name: Option<&str>) -> Result<Vec<Record>, Fault> {
        Ok(self.sets(zone, name).await?.iter().flat_map(records).collect())
    }

    /// All sets of records of a zone, or those of one name: these stand together, from that name on.
    pub(super) async fn sets(
        &self,
        zone: &Zone,
        name: Option<&str>,
    ) -> Result<Vec<ResourceRecordSet>, Fault> {
        let wanted = name.map(plain);
        let mut sets = Vec::new();
        let mut next = (wanted.as_ref().map(|name| format!("{name}.")), None, None);
        for _ in 0..MOST_PAGES {
            let (name, kind, identifier) = next;
            let call = self.sdk.list_resource_record_sets().hosted_zone_id(&zone.id);
            let call = call.set_start_record_name(name).set_start_record_type(kind);
            let page = call.set_start_record_identifier(identifier).send().await;
            let asked = self.asked("ListResourceRecordSets", Some(&zone.id));
            let page = page.map_err(|error| asked.fault(error))?;
            let is_wanted =
                |set: &ResourceRecordSet| wanted.as_ref().is_none_or(|wanted| plain(set.name()) == *wanted);
            let beyond = page.resource_record_sets.iter().any(|set| !is_wanted(set));
            sets.extend(page.resource_record_sets.into_iter().filter(is_wanted));
            if !page.is_truncated || beyond {
                break;
            }
            next = (page.next_record_name, page.next_record_type, page.next_record_identifier);
        }
        Ok(sets)
    }
}

/// The public zone of the longest ending of a domain. There may be another zone of its name: a private one, which is passed over,
/// or a public one, and then only a person knows which of both the world asks.
fn the_zone(zones: &[HostedZone], domain: &str) -> Result<Zone, Fault> {
    let tried = endings(domain);
    let of_name = |name: &str, private: bool| {
        let is_it = |one: &&HostedZone| plain(one.name()) == name && is_private(one) == private;
        zones.iter().filter(is_it).collect::<Vec<_>>()
    };
    for name in &tried {
        match of_name(name, false).as_slice() {
            [] => (),
            [one] => return Ok(zone(one)),
            several => {
                let ids = several.iter().map(|one| id(one).to_owned()).collect();
                return Err(Fault::SeveralZones { name: name.clone(), ids });
            }
        }
    }
    if let Some(name) = tried.iter().find(|name| !of_name(name, true).is_empty()) {
        return Err(Fault::ZoneNotActive {
            name: name.clone(),
            status: "private".into(),
            servers: Vec::new(),
        });
    }
    let sees: BTreeSet<String> = zones.iter().map(|one| plain(one.name())).collect();
    Err(Fault::NoZone { tried, sees: sees.into_iter().collect() })
}

impl Api for Client {
    fn within(&self, deadline: Duration) -> Arc<dyn Api> {
        let (zones, users) = (self.sdk.config().to_builder(), self.users.config().to_builder());
        let zones = zones.timeout_config(limits(deadline)).retry_config(patience(deadline)).build();
        let users = users.timeout_config(limits(deadline)).retry_config(patience(deadline)).build();
        Arc::new(Self {
            sdk: aws_sdk_route53::Client::from_conf(zones),
            users: aws_sdk_iam::Client::from_conf(users),
            ..self.clone()
        })
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

    fn excess<'a>(&'a self, zone: &'a Zone) -> Option<BoxFuture<'a, Result<Option<Excess>, Fault>>> {
        Some(self.excess(zone).boxed())
    }

    fn enter<'a>(&'a self, zone: &'a Zone, record: &'a ParentRecord) -> BoxFuture<'a, Result<(), Fault>> {
        self.enter(zone, record).boxed()
    }

    fn zones(&self) -> Option<&dyn ZoneApi> {
        Some(self)
    }

    fn members(&self) -> Option<&dyn MemberApi> {
        Some(self)
    }

    fn take_out<'a>(&'a self, zone: &'a Zone, record: &'a Record) -> BoxFuture<'a, Result<(), Fault>> {
        self.take_out(zone, record).boxed()
    }
}

#[cfg(test)]
mod tests;
